"""Moves in joint space: a smooth ramp, its checks before the start, and the handle its caller waits on."""

import threading
from dataclasses import dataclass
from typing import Optional

import numpy as np

from robot_bridge import kinematics, safety
from robot_bridge.safety import Limits

PEAK = 1.875
"""Peak speed of the minimum-jerk ramp, in mean speeds."""
SHORTEST_S = 0.2
SETTLED_RAD = 0.05
SETTLE_S = 1.0


class Move:
    """A move somebody asked for: ``done``, then ``success`` and ``message`` (what went wrong and what to do)."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.success = False
        self.message = ""

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._ended.is_set()

    def end(self, success: bool, message: str) -> None:
        """Record the outcome, once."""
        if not self.done:
            self.success, self.message = success, message
            self._ended.set()

    def wait(self, timeout_s: float) -> bool:
        """Block another thread than the servo's until the move has ended; whether it has."""
        return self._ended.wait(timeout_s)


@dataclass(frozen=True)
class Ramp:
    """Minimum-jerk interpolation between two joint configurations (6,): speed and acceleration are 0 at both ends."""

    start: np.ndarray
    goal: np.ndarray
    duration_s: float

    def at(self, elapsed_s: float) -> np.ndarray:
        """Joints (6,) ``elapsed_s`` after the start."""
        s = min(1.0, max(0.0, elapsed_s / self.duration_s))
        return self.start + (self.goal - self.start) * (s * s * s * (10.0 - 15.0 * s + 6.0 * s * s))


def plan(start: np.ndarray, goal: np.ndarray, duration_s: float, limits: Limits) -> Ramp:
    """A ramp that takes at least ``duration_s`` and keeps every joint under the speed limit of moves."""
    shortest = PEAK * float(np.max(np.abs(goal - start))) / limits.move_speed_rad_s
    return Ramp(np.array(start), np.array(goal), max(duration_s, shortest, SHORTEST_S))


def objection(ramp: Ramp, limits: Limits) -> str:
    """Why the ramp must not be driven, in words; empty where it may."""
    lower, upper = safety.joint_bounds(ramp.start, limits)
    for name, value, low, high in zip(kinematics.JOINT_NAMES, ramp.goal.tolist(), lower.tolist(), upper.tolist()):
        if not low <= value <= high:
            return f"{name} would be at {value:.3f} rad, allowed is {low:.3f} .. {high:.3f} rad"
    heights = [kinematics.forward(ramp.at(s * ramp.duration_s))[2, 3] for s in np.linspace(0.0, 1.0, 25)]
    floor = min(limits.workspace_lower_m[2], heights[0], heights[-1])
    if min(heights) < floor - 0.005:
        return f"the way there dips to z = {min(heights):.3f} m, below {floor:.3f} m: go by way of home"
    return ""


def goal_joints(pose: np.ndarray, seed: np.ndarray, limits: Limits) -> Optional[np.ndarray]:
    """Joints (6,) within margins for ``pose`` (4, 4), or None where the inverse kinematics finds none."""
    joints = kinematics.inverse(pose, seed)
    if joints is None or not kinematics.within_limits(joints, limits.joint_margin_rad):
        return None
    return joints
