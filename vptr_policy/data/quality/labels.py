"""Labels that cannot be right, and demonstrations that are there twice: what only the whole data set tells."""

import difflib
import hashlib
from collections import Counter
from typing import Dict, Iterator, List, Tuple

import numpy as np

from vptr_policy.data.quality.findings import DUPLICATE, LABEL, Finding
from vptr_policy.data.robot.trajectory import Trajectory

STILL_M = 0.02
GRIPPER_STILL = 0.1
SIMILAR = 0.85
RARE = 0.1
"""A task with at most this share of the demonstrations of a similarly named one is taken for a slip of the pen."""


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
    """Takes in one demonstration after the other; memory grows by about 100 bytes with each."""

    def __init__(self) -> None:
        self._motions: Dict[bytes, str] = {}
        self._pictures: Dict[bytes, str] = {}
        self._tasks: Counter = Counter()
        self._texts: Dict[str, Counter] = {}
        self._members: Dict[Tuple[str, str], List[str]] = {}

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
        self._note(trajectory)

    def _note(self, trajectory: Trajectory) -> None:
        task, text = str(trajectory.info["task"]), _plain(trajectory.info.get("language", ""))
        self._tasks[task] += 1
        if text:
            self._texts.setdefault(text, Counter())[task] += 1
        members = self._members.setdefault((task, text), [])
        if len(members) < 3:
            members.append(trajectory.key)

    def conclude(self) -> Iterator[Finding]:
        """What only all demonstrations together tell."""
        misspelt = self._misspelt()
        for (task, _), members in sorted(self._members.items()):
            for name in members if task in misspelt else ():
                near = misspelt[task]
                text = f"its task is {task!r}; {self._tasks[near]} demonstrations are of {near!r}: is it misspelt?"
                yield Finding(LABEL, name, text)
        yield from self._foreign_texts(misspelt)

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
                if task not in (usual, *misspelt) and rare <= RARE * count:
                    for name in self._members[task, text]:
                        said = f"is told {text!r}, as {count} demonstrations of {usual!r} are, but its task is {task!r}"
                        yield Finding(LABEL, name, said)


def _plain(text: object) -> str:
    return " ".join(str(text or "").lower().split()).rstrip(".")
