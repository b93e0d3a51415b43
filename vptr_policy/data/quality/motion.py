"""Whether the states are what the actions lead to."""

from typing import Iterator, Optional, Tuple

import numpy as np

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
    if found is None:
        return
    lag, correlation, prompt = found
    if correlation < LEAST_CORRELATION:
        text = f"the motion of the states has a correlation of {correlation:.2f} with that of the actions at best"
        yield Finding(MOTION, trajectory.key, f"{text}: axes, units or episodes were mixed up")
    elif lag > 1 and correlation > prompt + CLEARLY_LATE:
        text = f"the states follow the actions {lag} steps late (correlation {correlation:.2f}, without {prompt:.2f})"
        yield Finding(MOTION, trajectory.key, text)


def best_lag(trajectory: Trajectory) -> Optional[Tuple[int, float, float]]:
    """The lag [steps] at which states follow actions best, its correlation, and the best one of lags 0 and 1.

    None where there is too little motion. A lag of one is normal: arms are slow.
    """
    asked = trajectory.executed[:, :3].astype(np.float64)
    moved = np.diff(trajectory.state[:, :3].astype(np.float64), axis=0)
    if len(asked) < LEAST_STEPS + max(LAGS) or np.sqrt((asked**2).sum(1).mean()) < LEAST_MOTION_M:
        return None
    correlations = [_correlation(asked[: len(asked) - lag], moved[lag:]) for lag in LAGS]
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


def _correlation(asked: np.ndarray, moved: np.ndarray) -> float:
    """Of all motions (n, 3) about zero, so that a constant motion counts."""
    norm = float(np.sqrt((asked**2).sum() * (moved**2).sum()))
    return float((asked * moved).sum() / norm) if norm > 0.0 else 0.0
