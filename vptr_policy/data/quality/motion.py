"""Whether the states are what the actions lead to."""

from typing import Iterator, List, Optional, Tuple

import numpy as np

from robot_bridge.interface import ACTION_HIGH
from vptr_policy.data.quality.findings import MOTION, Finding
from vptr_policy.data.robot.relabel import achieved
from vptr_policy.data.robot.trajectory import Trajectory

FARTHEST_M, FARTHEST_RAD = 0.15, 1.0
"""No arm of ours moves further in a step of 0.2 s."""
LAGS = (0, 1, 2, 3)
"""Steps by which states are compared late."""
LEAST_MOTION_M, LEAST_STEPS = 0.002, 8
"""Demonstrations with less motion than this a step, or fewer steps, cannot be judged."""
LEAST_CORRELATION = 0.4
LEAST_TURN_RAD, LEAST_TURN_CORRELATION = 0.03, 0.2
"""Root mean square of the turns that are judged; arms follow small turns of the hand less well than motions."""
NOTHING = 0.1
"""Actions of no more than this share of what the arm did say nothing of it; an arm that does so little stands still."""
BOX_M = 1.2 * float(ACTION_HIGH[0])
"""No action of Bridge moves further along an axis; what is commanded may leave the box by a little."""
INVERTED = -0.3
"""A gripper whose opening has at most this correlation with the command does the opposite."""
CLEARLY_LATE = 0.15
"""A later pairing whose correlation is so much better is the right one."""
GRIPPER_CHANGE, GRIPPER_STEPS, GRIPPER_MOVED = 0.5, 8, 0.03
"""A commanded change of the opening, within how many steps it must be seen, and how much of it."""
GRIPPER_STEADY = 4
"""Steps for which the command must have been the same before."""


def unreachable(trajectory: Trajectory) -> Iterator[Finding]:
    """Steps in which the arm cannot have moved so far."""
    moved = achieved(trajectory.state[:-1], trajectory.state[1:], trajectory.action)
    far = np.linalg.norm(moved[:, :3], axis=1)
    turned = np.linalg.norm(moved[:, 3:6], axis=1)
    for step in np.flatnonzero((far > FARTHEST_M) | (turned > FARTHEST_RAD)).tolist():
        text = f"the state jumps by {far[step]:.3f} m and {turned[step]:.2f} rad in one step"
        yield Finding(MOTION, trajectory.key, text, (step, step))


def disagreement(trajectory: Trajectory) -> Iterator[Finding]:
    """Actions whose motion does not show in the states, or shows one step or more later than it should."""
    found = best_lag(trajectory)
    if found is not None:
        lag, correlation, prompt = found
        if correlation < LEAST_CORRELATION:
            yield _mixed_up(trajectory, "motion", "actions", correlation, "axes, units or episodes")
        elif lag > 1 and correlation > prompt + CLEARLY_LATE:
            text = f"the states follow the actions {lag} steps late (correlation {correlation:.2f}, without"
            yield Finding(MOTION, trajectory.key, f"{text} {prompt:.2f})")
    asked, moved = trajectory.executed[:, 3:6].astype(np.float64), _motion(trajectory)[:, 3:6]
    if _judged(asked) and _size(asked) >= LEAST_TURN_RAD:
        correlation = max(_correlations(asked, moved))
        if correlation < LEAST_TURN_CORRELATION:
            yield _mixed_up(trajectory, "turning", "actions", correlation, "angles, units or episodes")


def labels(trajectory: Trajectory) -> Iterator[Finding]:
    """Labels, and commands, that have nothing to do with what the arm did while it moved.

    Labels leave out the noise of a demonstrator: turns are only asked to be there.
    """
    moved = _motion(trajectory)
    if not _judged(moved) or _size(moved[:, :3]) < LEAST_MOTION_M:
        return
    for name, array in _told(trajectory):
        asked = array.astype(np.float64)
        least = _size(moved[:, :3]) * NOTHING
        if _size(asked[:, :3]) <= least:
            yield Finding(MOTION, trajectory.key, f"the {name} say to stand still while the arm moves")
        elif name != "actions" and max(_correlations(asked[:, :3], moved[:, :3])) < LEAST_CORRELATION:
            best = max(_correlations(asked[:, :3], moved[:, :3]))
            yield _mixed_up(trajectory, "motion", name, best, "axes, units or episodes")
        told, turned = _size(asked[:, 3:6]), _size(moved[:, 3:6])
        if name != "actions" and told >= LEAST_TURN_RAD and turned <= NOTHING * told:
            text = f"the {name} turn by {told:.2f} rad a step, the arm by {turned:.3f} rad"
            yield Finding(MOTION, trajectory.key, text)
        elif turned >= LEAST_TURN_RAD and told <= NOTHING * turned:
            text = f"the {name} turn by {told:.3f} rad a step, the arm by {turned:.2f} rad"
            yield Finding(MOTION, trajectory.key, text)


def outside_box(trajectory: Trajectory) -> Iterator[Finding]:
    """Actions that move further in a step than any of Bridge."""
    for name, array in _told(trajectory):
        far = np.abs(array[:, :3]).max(1)
        for step in np.flatnonzero(far > BOX_M).tolist():
            text = f"the {name} ask for {far[step]:.3f} m along an axis in one step, the Bridge box is"
            yield Finding(MOTION, trajectory.key, f"{text} {ACTION_HIGH[0]:g} m: lost steps or units", (step, step))


def best_lag(trajectory: Trajectory) -> Optional[Tuple[int, float, float]]:
    """The lag [steps] at which states follow actions best, its correlation, and the best one of lags 0 and 1.

    None where there is too little motion. A lag of one is normal: arms are slow.
    """
    asked, moved = trajectory.executed[:, :3].astype(np.float64), _motion(trajectory)[:, :3]
    if not _judged(asked) or _size(asked) < LEAST_MOTION_M:
        return None
    correlations = _correlations(asked, moved)
    best = int(np.argmax(correlations))
    return LAGS[best], correlations[best], max(correlations[:2])


def gripper(trajectory: Trajectory) -> Iterator[Finding]:
    """Commands to open or close that the gripper did not follow."""
    commanded, opening = trajectory.action[:, 6].astype(np.float64), trajectory.state[:, 6].astype(np.float64)
    for step in (np.flatnonzero(np.abs(np.diff(commanded)) > GRIPPER_CHANGE) + 1).tolist():
        after = opening[step : step + GRIPPER_STEPS + 1]
        asked = commanded[step] - commanded[step - 1]
        there = abs(commanded[step] - opening[step]) < GRIPPER_CHANGE / 2
        steady = np.ptp(commanded[max(step - GRIPPER_STEADY, 0) : step]) < GRIPPER_MOVED
        steady &= np.ptp(commanded[step : step + GRIPPER_STEPS]) < GRIPPER_MOVED
        if len(after) <= GRIPPER_STEPS or there or not steady:
            continue  # it would have had no time, or nothing to do
        if float(np.max(np.sign(asked) * (after - opening[step - 1]))) < GRIPPER_MOVED:
            text = f"the gripper was told to {'open' if asked > 0 else 'close'} and did not move"
            yield Finding(MOTION, trajectory.key, text, (step, step + GRIPPER_STEPS))


def inverted_gripper(trajectory: Trajectory) -> Iterator[Finding]:
    """Commands that open while the gripper closes."""
    opening = trajectory.state[1:, 6].astype(np.float64)
    if not _judged(opening) or np.ptp(opening) < GRIPPER_MOVED:
        return
    for name, array in _told(trajectory):
        commanded = array[:, 6].astype(np.float64)
        if np.ptp(commanded) <= GRIPPER_CHANGE:
            continue
        best = max(_correlation(_centred(commanded[: len(commanded) - lag]), _centred(opening[lag:])) for lag in LAGS)
        if best <= INVERTED:
            text = (
                f"the {name} open the gripper where it closes (correlation {best:.2f}): open and closed were mixed up"
            )
            yield Finding(MOTION, trajectory.key, text)


def _told(trajectory: Trajectory) -> List[Tuple[str, np.ndarray]]:
    """What was executed, commanded and is to be imitated; what is the same as one before is left out."""
    found = [("actions", trajectory.executed)]
    for name, array in (("commands", trajectory.action), ("labels", trajectory.label)):
        if not any(np.array_equal(array, other) for _, other in found):
            found.append((name, array))
    return found


def _mixed_up(trajectory: Trajectory, what: str, name: str, correlation: float, why: str) -> Finding:
    text = f"the {what} of the states has a correlation of {correlation:.2f} with that of the {name} at best"
    return Finding(MOTION, trajectory.key, f"{text}: {why} were mixed up")


def _motion(trajectory: Trajectory) -> np.ndarray:
    """(T, 6) of the states."""
    return achieved(trajectory.state[:-1], trajectory.state[1:], trajectory.action)[:, :6].astype(np.float64)


def _judged(rows: np.ndarray) -> bool:
    return len(rows) >= LEAST_STEPS + max(LAGS)


def _size(rows: np.ndarray) -> float:
    """Root mean square of the rows' norms."""
    return float(np.sqrt((rows**2).sum(1).mean()))


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()


def _correlations(asked: np.ndarray, moved: np.ndarray) -> List[float]:
    """At each lag."""
    return [_correlation(asked[: len(asked) - lag], moved[lag:]) for lag in LAGS]


def _correlation(asked: np.ndarray, moved: np.ndarray) -> float:
    """Of all motions (n, 3) about zero, so that a constant motion counts."""
    norm = float(np.sqrt((asked**2).sum() * (moved**2).sum()))
    return float((asked * moved).sum() / norm) if norm > 0.0 else 0.0
