"""A demonstration as it was read from some format, on its way to our shards."""

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Dict, List

import numpy as np

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from robot_bridge.recording.format import (
    ACHIEVED,
    CLUTCH,
    EFFORTS,
    IMAGE_STAMPS,
    JOINT_SPEEDS,
    JOINTS,
    STAMP,
    TARGET,
    TRACKED,
)
from vptr_policy.data.pictures import decode, make_whole

SEEN = (STAMP, IMAGE_STAMPS, TARGET, JOINTS, JOINT_SPEEDS, EFFORTS)
"""Extras of T+1 rows, measured before each step and after the last."""
OF_STEPS = (ACHIEVED, CLUTCH, TRACKED)
"""Extras of T rows."""
DEEPEST = 50
"""Levels of what a demonstration says about itself: JSON nested deeper cannot be written everywhere."""


@dataclass(frozen=True)
class Trajectory:
    """A Demonstration of T steps: ``state`` (T+1, 7), the other arrays (T, 7), T+1 frames as JPEG or PNG."""

    key: str
    info: Dict[str, Any]
    state: np.ndarray
    action: np.ndarray
    executed: np.ndarray
    label: np.ndarray
    jpegs: List[bytes]
    extras: Dict[str, np.ndarray] = field(default_factory=dict)
    """what else was recorded, float64, by the names of ``robot_bridge.recording.format``: ``stamp_s`` (T+1,),
    ``joints`` (T+1, 6) and so on"""

    def validate(self) -> None:
        """Raise ValueError where the info, the shape of an array, a number or a count is wrong."""
        check_info(self.info)
        steps = len(self.action)
        if not steps:
            raise ValueError("it has no action")
        for name, rows in (("state", steps + 1), ("action", steps), ("executed", steps), ("label", steps)):
            array = getattr(self, name)
            if array.shape != (rows, 7):
                raise ValueError(f"{name} has the shape {array.shape}, expected {(rows, 7)}")
            wrong = np.flatnonzero(~np.isfinite(array).all(axis=1))
            if len(wrong):
                found = f"NaN or infinity in row {wrong[0]}, counted from 0"
                raise ValueError(f"{name} has the shape {array.shape}, but {found}: expected finite numbers")
        for name, array in self.extras.items():
            rows = steps if name in OF_STEPS else steps + 1
            if array.dtype != np.float64 or len(array) != rows:
                raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {rows} rows of float64")
        if len(self.jpegs) != steps + 1:
            raise ValueError(f"{len(self.jpegs)} pictures for {steps} actions, expected {steps + 1}")


def check_info(info: Any) -> None:
    """Raise ValueError where what a demonstration says about itself is not what its readers rely on."""
    if not isinstance(info, dict):
        raise ValueError(f"its info is a {type(info).__name__}, expected an object with task and success")
    if not isinstance(info.get("task"), str) or not info["task"]:
        raise ValueError(f"its task is {info.get('task')!r}, expected the name of one")
    if not isinstance(info.get("success"), bool):
        raise ValueError(f"its success is {info.get('success')!r}, expected true or false")
    check_text(info)
    inner: List[Any] = [info]
    for _ in range(DEEPEST):
        inner = [value for one in inner for value in (one.values() if isinstance(one, dict) else one)]
        inner = [value for value in inner if isinstance(value, (dict, list))]
    if inner:
        raise ValueError(f"its info is nested more than {DEEPEST} deep")


def check_text(info: Dict[str, Any]) -> None:
    """Raise ValueError where a text cannot be written: JSON can escape halves of characters (lone surrogates)."""
    for name in ("task", "language"):
        text = info.get(name)
        try:
            str("" if text is None else text).encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"its {name} is {ascii(text)[:80]}, with half a character that cannot be written: correct the text"
            ) from error


def checked(trajectory: Trajectory) -> Trajectory:
    """The trajectory with arrays of float32; raises ValueError where it or one of its pictures is wrong."""
    arrays: Dict[str, Any] = {
        name: np.asarray(getattr(trajectory, name), dtype=np.float32)
        for name in ("state", "action", "executed", "label")
    }
    made = replace(trajectory, **arrays)
    made.validate()
    make_whole(partial(decode, divisor=8), made.jpegs)
    return made


def without_first_observation(trajectory: Trajectory) -> Trajectory:
    """Each action with the observation one step later: the first observation and the last action are dropped.

    Before 2021-07-23 Bridge recorded pictures one step late; the published converter does the same.
    """
    if len(trajectory.action) < 2:
        raise ValueError("it has one action only, nothing is left after shifting for latency")
    arrays = {name: getattr(trajectory, name)[:-1] for name in ("action", "executed", "label")}
    info = {**trajectory.info, "steps": len(trajectory.action) - 1, "latency_shifted": True}
    extras = {name: rows[:-1] if name in OF_STEPS else rows[1:] for name, rows in trajectory.extras.items()}
    seen: Dict[str, Any] = {"state": trajectory.state[1:], "jpegs": trajectory.jpegs[1:]}
    return replace(trajectory, info=info, extras=extras, **seen, **arrays)


def executed(actions: np.ndarray) -> np.ndarray:
    """What the Bridge environment makes of commanded actions (T, 7): it clips them to the box.

    Raises:
        ValueError: where they are of another shape.
    """
    if actions.ndim != 2 or actions.shape[1] != len(ACTION_LOW):
        raise ValueError(
            f"actions of shape {actions.shape}, expected (T, {len(ACTION_LOW)}): x y z, roll pitch yaw, gripper"
        )
    return np.clip(actions, ACTION_LOW, ACTION_HIGH)


def key(task: str, number: int) -> str:
    """A name for the ``number``-th trajectory of a data set that fits into a tar archive."""
    return "{}-{:07d}".format(re.sub(r"[^A-Za-z0-9_-]+", "-", task)[:40] or "task", number)
