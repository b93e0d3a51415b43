"""What a person's hands do at one instant, whatever the device: the types that all sources make."""

from dataclasses import dataclass
from math import isfinite
from typing import FrozenSet, List, Optional, Protocol, Sequence, Tuple, Union

import numpy as np

from robot_bridge.teleop.haptics import Haptic

BUTTONS = ("trigger", "grip", "stick", "lower", "upper")
"""The buttons of a hand; ``lower`` is A on the right and X on the left, ``upper`` is B and Y."""

REACH_M = 10.0
"""No hand is further than this from its origin [m]."""
ROTATION_TOLERANCE = 1e-3
"""How far the columns of a rotation may be from orthonormal."""


@dataclass(frozen=True, eq=False)
class Hand:
    """One controller.

    ``pose`` (4, 4) is in the frame of its sample, x right, y up, z back [m]; None where none is known. ``emulated``
    means that its position is guessed. ``trigger`` and ``grip`` are 0 (released) .. 1, ``stick`` x right, y up, each
    -1 .. 1; ``pressed`` holds names out of ``BUTTONS``.
    """

    pose: Optional[np.ndarray] = None
    emulated: bool = False
    trigger: float = 0.0
    grip: float = 0.0
    stick: Tuple[float, float] = (0.0, 0.0)
    pressed: FrozenSet[str] = frozenset()


@dataclass(frozen=True, eq=False)
class ControllerSample:
    """Both hands at one instant.

    ``received_s`` is this process's monotonic clock [s]; ``stamp_s`` the source's own clock (None: it has none) and
    ``sequence`` its counter. ``frame`` says what poses are relative to: ``room``, or ``head`` (of the headset, so that
    a moving head moves the hands). A hand that the source does not list is None, as is an unknown ``head`` (4, 4).
    ``round_trip_s`` is how long its link takes there and back, 0 where it has none. ``visible`` is false while the
    headset shows something else. ``synthetic`` poses are computed rather than tracked: they repeat exactly while
    nothing happens.
    """

    received_s: float
    sequence: int
    stamp_s: Optional[float] = None
    client: str = ""
    frame: str = "room"
    visible: bool = True
    right: Optional[Hand] = None
    left: Optional[Hand] = None
    head: Optional[np.ndarray] = None
    synthetic: bool = False
    round_trip_s: float = 0.0


NOTICES = ("closed", "hidden", "removed", "reset")


@dataclass(frozen=True)
class Notice:
    """Something that a source says beside its samples: one of ``NOTICES``, in words in ``detail``."""

    kind: str
    detail: str
    received_s: float
    client: str = ""


Input = Union[ControllerSample, Notice]


class Source(Protocol):
    """Where samples come from."""

    def read(self, timeout_s: float) -> List[Input]:
        """All that came since the last call, oldest first; waits up to ``timeout_s`` for the first."""

    def pulse(self, haptic: Haptic) -> None:
        """Let the person feel something; a source that cannot does nothing."""

    def problem(self) -> str:
        """What is wrong with the source and what to do, in words; empty while it works."""

    def close(self) -> None:
        """End it; samples stop."""


def rigid_pose(numbers: Sequence[float]) -> np.ndarray:
    """The pose (4, 4) of 16 row-major numbers; raises ValueError where they are no rigid transform near the person."""
    if len(numbers) != 16:
        raise ValueError(f"a pose has {len(numbers)} numbers, expected 16 (4x4, row by row)")
    if not all(isfinite(number) for number in numbers):
        raise ValueError("a pose holds numbers that are not finite")
    pose = np.array(numbers, dtype=np.float64).reshape(4, 4)
    rotation = pose[:3, :3]
    if np.abs(pose[3] - (0.0, 0.0, 0.0, 1.0)).max() > ROTATION_TOLERANCE:
        raise ValueError(f"the last row of a pose is {pose[3].tolist()}, expected 0 0 0 1")
    if np.abs(pose[:3, 3]).max() > REACH_M:
        raise ValueError(f"a pose is at {pose[:3, 3].tolist()}, expected at most {REACH_M:g} m")
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > ROTATION_TOLERANCE or np.linalg.det(rotation) < 0.0:
        raise ValueError("the upper left 3x3 of a pose is no rotation")
    return pose
