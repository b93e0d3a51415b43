"""Whether pictures and steps came when they should: frozen cameras, dropped frames, time jumps."""

import hashlib
from typing import Iterator, List

import numpy as np

from robot_bridge.interface import STEP_S
from robot_bridge.recording.format import IMAGE_STAMPS, STAMP
from vptr_policy.data.quality.findings import DROPPED, FROZEN, TIME, Finding
from vptr_policy.data.robot.relabel import achieved
from vptr_policy.data.robot.trajectory import Trajectory

FROZEN_PICTURES = 4
"""The same picture this often in a row, while the arm moves, is no coincidence."""
SLOW_SHARE, SLOW_PICTURES = 0.2, 4
"""So many of the pictures of a moving arm, and no fewer, that are the one before: the camera is slower than 5 Hz."""
FROZEN_MOVED_M, FROZEN_TURNED_RAD = 0.01, 0.05
"""The arm moved further than this meanwhile."""
STEP_MOVED_M, STEP_TURNED_RAD = 0.005, 0.03
"""In a single step a picture should show this."""
STALE_S = 1.5 * STEP_S
"""A picture that was taken this long before its state."""
SHORTEST_S, LONGEST_S = 0.4 * STEP_S, 2.0 * STEP_S
"""Steps outside of these were not made at 5 Hz."""


def frozen_camera(trajectory: Trajectory) -> Iterator[Finding]:
    """Runs of one and the same picture while the arm moved."""
    marks = [hashlib.blake2b(data, digest_size=16).digest() for data in trajectory.jpegs]
    start = 0
    for place in range(1, len(marks) + 1):
        if place < len(marks) and marks[place] == marks[start]:
            continue
        if place - start >= FROZEN_PICTURES and _moved(trajectory.state[start:place]):
            text = f"{place - start} pictures in a row are the same while the arm moves: the camera hung"
            yield Finding(FROZEN, trajectory.key, text, (start, place - 1))
        start = place


def slow_camera(trajectory: Trajectory) -> Iterator[Finding]:
    """Pictures that are repeated time and again while the arm moves; longer runs are those of a frozen camera."""
    same = np.array([one == other for one, other in zip(trajectory.jpegs, trajectory.jpegs[1:])])
    moved = achieved(trajectory.state[:-1], trajectory.state[1:], trajectory.action)
    moving = np.linalg.norm(moved[:, :3], axis=1) > STEP_MOVED_M
    moving |= np.linalg.norm(moved[:, 3:6], axis=1) > STEP_TURNED_RAD
    for start, stop in _runs(same):
        if stop - start >= FROZEN_PICTURES - 1:
            moving[start:stop] = False
    repeated, steps = int((same & moving).sum()), int(moving.sum())
    if repeated >= SLOW_PICTURES and repeated >= SLOW_SHARE * steps:
        text = f"{repeated} of {steps} pictures are the one before while the arm moves: the camera is slower than"
        yield Finding(FROZEN, trajectory.key, f"{text} {1.0 / STEP_S:g} Hz")


def unknown_times(trajectory: Trajectory) -> Iterator[Finding]:
    """Stamps that are no numbers: nothing can be said of the times then."""
    for name, what in ((STAMP, "states"), (IMAGE_STAMPS, "pictures")):
        stamps = trajectory.extras.get(name)
        if stamps is not None and not np.isfinite(stamps).all():
            count = int((~np.isfinite(stamps)).sum())
            text = f"{count} of {len(stamps)} stamps of the {what} are no numbers: its times cannot be checked"
            yield Finding(TIME, trajectory.key, text)


def dropped_frames(trajectory: Trajectory) -> Iterator[Finding]:
    """Pictures that are much older than the state they stand beside, or older than the one before."""
    seen, taken = trajectory.extras.get(STAMP), trajectory.extras.get(IMAGE_STAMPS)
    if seen is None or taken is None:
        return
    age = seen - taken
    for start, stop in _runs((age > STALE_S) | (age < -STALE_S)):
        worst = float(age[start:stop][np.argmax(np.abs(age[start:stop]))])
        text = f"pictures are up to {worst:.2f} s older than the state they belong to: frames were dropped"
        yield Finding(DROPPED, trajectory.key, text, (start, stop - 1))
    for place in np.flatnonzero(np.diff(taken) < 0.0).tolist():
        text = f"the picture was taken {taken[place] - taken[place + 1]:.2f} s before the one of the step before"
        yield Finding(DROPPED, trajectory.key, text, (place + 1, place + 1))


def time_jumps(trajectory: Trajectory) -> Iterator[Finding]:
    """Steps that did not take 0.2 s."""
    seen = trajectory.extras.get(STAMP)
    if seen is None:
        return
    spans = np.diff(seen)
    for start, stop in _runs((spans < SHORTEST_S) | (spans > LONGEST_S)):
        worst = float(spans[start:stop][np.argmax(np.abs(spans[start:stop] - STEP_S))])
        way = "the clock went back by" if worst < 0.0 else "a step took"
        text = f"{way} {abs(worst):.2f} s, expected {STEP_S:g} s: actions there do not lead to the next state"
        yield Finding(TIME, trajectory.key, text, (start, stop - 1))


def _moved(state: np.ndarray) -> bool:
    spread = state.max(0) - state.min(0)
    return bool(np.linalg.norm(spread[:3]) > FROZEN_MOVED_M or np.linalg.norm(spread[3:6]) > FROZEN_TURNED_RAD)


def _runs(flags: np.ndarray) -> List[List[int]]:
    """Where flags are true: [first, one past the last]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))).tolist()
    return [edges[place : place + 2] for place in range(0, len(edges), 2)]
