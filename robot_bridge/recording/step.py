"""One step of a recording: what was seen before it, what was commanded, and what became of it."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from robot_bridge.recording import format as names

DECIMALS = 9
"""Of numbers in the log: nanometres and nanoseconds."""


@dataclass(frozen=True)
class Seen:
    """An observation: the Bridge state (7,) measured at ``stamp_s``, and for each camera its newest picture.

    ``images`` are paths within the episode, as the writer returned them. What a driver does not report is None.
    """

    state: np.ndarray
    stamp_s: float
    images: Tuple[str, ...]
    image_stamps_s: Tuple[float, ...]
    target: Optional[np.ndarray] = None
    """(7,) the commanded pose and gripper as a Bridge state"""
    joints: Optional[np.ndarray] = None
    joint_speeds: Optional[np.ndarray] = None
    efforts: Optional[np.ndarray] = None

    def line(self, number: int) -> Dict[str, Any]:
        """As a line of the log, without an action."""
        row: Dict[str, Any] = {
            "step": number,
            names.IMAGES: list(self.images),
            names.STATE: _numbers(self.state, 7, names.STATE),
            names.STAMP: round(self.stamp_s, DECIMALS),
            names.IMAGE_STAMPS: [round(stamp, DECIMALS) for stamp in self.image_stamps_s],
        }
        for name, width in ((names.TARGET, 7), (names.JOINTS, 6), (names.JOINT_SPEEDS, 6), (names.EFFORTS, 6)):
            value = getattr(self, name)
            if value is not None:
                row[name] = _numbers(value, width, name)
        return row


@dataclass(frozen=True)
class Done:
    """What was done in a step: Bridge actions (7,) as commanded, as executed by the servo, as achieved by the arm."""

    action: np.ndarray
    executed: np.ndarray
    achieved: Optional[np.ndarray] = None
    label: Optional[np.ndarray] = None
    """what is to be imitated, where it is not ``action``"""
    clutch: Optional[bool] = None
    tracked: Optional[bool] = None
    clamps: Sequence[str] = ()
    latencies_s: Dict[str, float] = field(default_factory=dict)

    def fields(self) -> Dict[str, Any]:
        """What it adds to the line of its observation."""
        row: Dict[str, Any] = {}
        for name in (names.ACTION, names.EXECUTED, names.ACHIEVED, names.LABEL):
            value = getattr(self, name)
            if value is not None:
                row[name] = _numbers(value, 7, name)
        told = {names.CLUTCH: self.clutch, names.TRACKED: self.tracked}
        row.update({name: value for name, value in told.items() if value is not None})
        row[names.CLAMPS] = list(self.clamps)
        if self.latencies_s:
            row[names.LATENCIES] = {name: round(float(value), 6) for name, value in self.latencies_s.items()}
        return row


def _numbers(value: np.ndarray, width: int, name: str) -> List[float]:
    row = [round(float(number), DECIMALS) for number in np.ravel(value)]
    if len(row) != width or not all(map(isfinite, row)):
        raise ValueError(f"{name} is {row}, expected {width} finite numbers")
    return row
