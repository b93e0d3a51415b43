"""A bounded sample of demonstrations, as much as pictures of a data set need."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np

from robot_bridge.recording.format import JOINT_SPEEDS
from vptr_policy.data.pictures import decode
from vptr_policy.data.robot.parts import DAMAGE
from vptr_policy.data.robot.sources import Item, demonstrations
from vptr_policy.data.robot.trajectory import Trajectory
from vptr_policy.resize import resize

SHOWN, THUMBNAIL = 200, 96
"""Demonstrations that are looked into, and the side of their pictures on a sheet [px]."""
ROWS, COLUMNS = 12, 8

Idle = Callable[[np.ndarray, np.ndarray, Optional[np.ndarray]], np.ndarray]
"""(actions, states, joint velocities) -> which steps are idle."""


@dataclass(frozen=True)
class Looked:
    """One demonstration of the sample; ``pictures`` are some of its own, in their order."""

    name: str
    task: str
    success: bool
    state: np.ndarray
    action: np.ndarray
    idle_share: float
    pictures: Tuple[np.ndarray, ...] = ()


def draw(folder: Path, idle: Idle, count: int = SHOWN, seed: int = 0, camera: int = 0) -> Tuple[List[Looked], int]:
    """A random sample, with pictures of as many tasks as fit on a sheet; and of how many it was drawn.

    Two passes: the first only counts, so that memory holds nothing but the sample.
    """
    total = sum(1 for _ in demonstrations(folder, camera, damaged=True))
    random = np.random.default_rng(seed)
    chosen = set(random.choice(total, min(count, total), replace=False).tolist())
    found: List[Looked] = []
    pictured: Dict[str, int] = {}
    for number, item in enumerate(demonstrations(folder, camera, damaged=True)):
        if number in chosen:
            one = _look(item, idle, pictured)
            found += [] if one is None else [one]
    return found, total


def _look(item: Item, idle: Idle, pictured: Dict[str, int]) -> Optional[Looked]:
    """None where it is damaged, which `vptr data check` tells."""
    try:
        trajectory = item.read()
    except DAMAGE:
        return None
    task = str(trajectory.info["task"])
    shown = pictured.get(task, 0)
    pictures: Tuple[np.ndarray, ...] = ()
    if sum(pictured.values()) < ROWS and shown < max(1, ROWS // max(len(pictured), 1)):
        pictures = _thumbnails(trajectory)
        pictured[task] = shown + 1
    idle_share = float(idle(trajectory.action, trajectory.state, trajectory.extras.get(JOINT_SPEEDS)).mean())
    success = bool(trajectory.info["success"])
    return Looked(item.name, task, success, trajectory.state, trajectory.action, idle_share, pictures)


def _thumbnails(trajectory: Trajectory) -> Tuple[np.ndarray, ...]:
    places = np.linspace(0, len(trajectory.jpegs) - 1, min(COLUMNS, len(trajectory.jpegs))).round().astype(int)
    return tuple(resize(decode(trajectory.jpegs[place]), THUMBNAIL) for place in places)
