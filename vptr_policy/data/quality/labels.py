"""Labels that cannot be right, and demonstrations that are there twice: what only the whole data set tells."""

import difflib
import hashlib
import re
from collections import Counter
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np

from vptr_policy.data.quality.findings import DUPLICATE, LABEL, Finding
from vptr_policy.data.robot.trajectory import Trajectory

STILL_M = 0.02
GRIPPER_STILL = 0.1
SIMILAR = 0.85
RARE = 0.1
"""A task with at most this share of the demonstrations of a similarly named one is taken for a slip of the pen."""
FOREIGN = 0.25
"""Likewise where the words, or the folder, say the other task."""
NEAR = np.repeat([0.001, 0.01], 3)
"""Metres and radians within which the arm of a copy stays."""
PLACES = 8
"""Moments at which the poses are compared."""


def impossible_success(trajectory: Trajectory) -> Iterator[Finding]:
    """Successes in which nothing was done."""
    if not trajectory.info["success"]:
        return
    spread = np.linalg.norm(np.ptp(trajectory.state[:, :3], axis=0))
    if spread < STILL_M:
        text = f"said to have succeeded, but the arm moved by {spread:.3f} m only"
        yield Finding(LABEL, trajectory.key, text)
    elif np.ptp(trajectory.action[:, 6]) < GRIPPER_STILL and np.ptp(trajectory.state[:, 6]) < GRIPPER_STILL:
        yield Finding(LABEL, trajectory.key, "said to have succeeded, but the gripper never opened or closed")


class Catalogue:
    """Takes in one demonstration after the other; memory grows by about 500 bytes with each."""

    def __init__(self) -> None:
        self._motions: Dict[bytes, str] = {}
        self._pictures: Dict[bytes, str] = {}
        self._tasks: Counter = Counter()
        self._texts: Dict[str, Counter] = {}
        self._folders: Dict[str, Counter] = {}
        self._members: Dict[Tuple[str, str], List[str]] = {}
        self._inside: Dict[Tuple[str, str], List[str]] = {}
        self._paths: Dict[int, _Paths] = {}

    def add(self, trajectory: Trajectory) -> Iterator[Finding]:
        """What is known of it at once: whether it was there before."""
        motion = hashlib.blake2b(np.round(trajectory.action, 5).tobytes(), digest_size=12).digest()
        picture = hashlib.blake2b(b"".join(trajectory.jpegs[:: max(len(trajectory.jpegs) // 8, 1)]), digest_size=12)
        for known, mark, what in (
            (self._motions, motion, "actions"),
            (self._pictures, picture.digest(), "pictures"),
        ):
            if mark in known:
                yield Finding(DUPLICATE, trajectory.key, f"has the {what} of {known[mark]}: it would count twice")
                break
            known[mark] = trajectory.key
        else:
            yield from self._copied(trajectory)
        self._note(trajectory)

    def _copied(self, trajectory: Trajectory) -> Iterator[Finding]:
        """Whether the arm went the way of another demonstration, all but exactly."""
        if np.linalg.norm(np.ptp(trajectory.state[:, :3], axis=0)) < STILL_M:
            return
        paths = self._paths.setdefault(len(trajectory.state), _Paths())
        known = paths.add(trajectory)
        if known is not None:
            text = f"its arm goes the way of {known} to {1000 * NEAR[0]:g} mm: it would count twice"
            yield Finding(DUPLICATE, trajectory.key, text)

    def _note(self, trajectory: Trajectory) -> None:
        task, text = str(trajectory.info["task"]), _plain(trajectory.info.get("language", ""))
        self._tasks[task] += 1
        if text:
            self._texts.setdefault(text, Counter())[task] += 1
        self._members.setdefault((task, text), []).append(trajectory.key)
        folder = _folder(trajectory.key)
        if folder:
            self._folders.setdefault(folder, Counter())[task] += 1
            self._inside.setdefault((folder, task), []).append(trajectory.key)

    def conclude(self) -> Iterator[Finding]:
        """What only all demonstrations together tell."""
        misspelt = self._misspelt()
        for (task, _), members in sorted(self._members.items()):
            for name in members if task in misspelt else ():
                near = misspelt[task]
                text = f"its task is {task!r}; {self._tasks[near]} demonstrations are of {near!r}: is it misspelt?"
                yield Finding(LABEL, name, text)
        foreign = {finding.name: finding for finding in self._foreign_texts(misspelt)}
        for finding in self._foreign_folders(misspelt):
            foreign.setdefault(finding.name, finding)
        yield from foreign.values()

    def _misspelt(self) -> Dict[str, str]:
        """Rare tasks -> the common ones of nearly the same name."""
        found = {}
        for task, count in self._tasks.items():
            others = [other for other, more in self._tasks.items() if other != task and count <= RARE * more]
            near = difflib.get_close_matches(task, others, 1, SIMILAR)
            if near:
                found[task] = near[0]
        return found

    def _foreign_texts(self, misspelt: Dict[str, str]) -> Iterator[Finding]:
        """Instructions that nearly always go with another task."""
        for text, tasks in sorted(self._texts.items()):
            usual, count = tasks.most_common(1)[0]
            for task, rare in tasks.items():
                if task not in (usual, *misspelt) and rare <= FOREIGN * count:
                    for name in self._members[task, text]:
                        said = f"is told {text!r}, as {count} demonstrations of {usual!r} are, but its task is {task!r}"
                        yield Finding(LABEL, name, said)

    def _foreign_folders(self, misspelt: Dict[str, str]) -> Iterator[Finding]:
        """Demonstrations of another task than the one that their folder is named after."""
        for folder, tasks in sorted(self._folders.items()):
            usual, count = tasks.most_common(1)[0]
            for task, rare in tasks.items() if _folder_of(usual) == folder else ():
                if task not in (usual, *misspelt) and rare <= FOREIGN * count:
                    for name in self._inside[folder, task]:
                        said = f"lies with {count} demonstrations of {usual!r}, but its task is {task!r}"
                        yield Finding(LABEL, name, said)


class _Paths:
    """The ways of arms that took equally many steps, in an array that doubles where it is full."""

    def __init__(self) -> None:
        self._names: List[str] = []
        self._rows = np.empty((1, PLACES, 6), np.float32)

    def add(self, trajectory: Trajectory) -> Optional[str]:
        """The name of one that went the same way; if none did, this one is kept."""
        places = np.linspace(0, len(trajectory.state) - 1, PLACES).astype(int)
        row, count = trajectory.state[places, :6], len(self._names)
        near = np.flatnonzero((np.abs(self._rows[:count] - row) <= NEAR).all((1, 2)))
        if len(near):
            return self._names[near[0]]
        if count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[count] = row
        self._names.append(trajectory.key)
        return None


def _folder(name: str) -> str:
    """The folder of an episode; empty for what lies in a shard."""
    return name.rpartition("/")[0].rpartition("/")[2]


def _folder_of(task: str) -> str:
    """As the recorder names it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", task).strip("_")


def _plain(text: object) -> str:
    return " ".join(str(text or "").lower().split()).rstrip(".")
