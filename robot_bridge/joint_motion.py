"""Moves in joint space: a smooth ramp, its checks before the start, and the handle its caller waits on."""

import threading
from dataclasses import dataclass
from typing import Optional, Sequence

import numpy as np

from robot_bridge import kinematics, safety
from robot_bridge.safety import Limits

PEAK = 1.875
"""Peak speed of the minimum-jerk ramp, in mean speeds."""
SHORTEST_S = 0.2
SETTLED_RAD = 0.05
SETTLE_S = 1.0

PATH_STEP_RAD, FEWEST_POINTS = 0.05, 25
"""A path is checked at least every ``PATH_STEP_RAD`` of the joint that moves most."""
FLOOR_TOLERANCE_M, BOX_TOLERANCE_M = 0.005, 0.01


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

    @classmethod
    def refused(cls, problem: str) -> "Move":
        """A move that failed before it began."""
        move = cls()
        move.end(False, problem)
        return move

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


@dataclass
class Moving:
    """The move under way."""

    move: Move
    ramp: Ramp
    elapsed_s: float = 0.0


def plan(start: np.ndarray, goal: np.ndarray, duration_s: float, limits: Limits) -> Ramp:
    """A ramp that takes at least ``duration_s`` and keeps every joint under the speed limit of moves."""
    shortest = PEAK * float(np.max(np.abs(goal - start))) / limits.move_speed_rad_s
    return Ramp(np.array(start), np.array(goal), max(duration_s, shortest, SHORTEST_S))


def objection(ramp: Ramp, limits: Limits, in_box: bool = False) -> str:
    """Why the ramp must not be driven, in words; empty where it may. ``in_box``: nor may it leave the workspace box."""
    lower, upper = safety.joint_bounds(ramp.start, limits)
    for name, value, low, high in zip(kinematics.JOINT_NAMES, ramp.goal.tolist(), lower.tolist(), upper.tolist()):
        if not low <= value <= high:
            return f"{name} would be at {value:.3f} rad, allowed is {low:.3f} .. {high:.3f} rad"
    way = ramp.goal - ramp.start
    count = max(FEWEST_POINTS, 1 + int(np.max(np.abs(way)) / PATH_STEP_RAD))
    path = [ramp.start + way * share for share in np.linspace(0.0, 1.0, count).tolist()]
    poses = [kinematics.forward(joints) for joints in path]
    tips = np.array([pose[:3, 3] for pose in poses])
    clear = [safety.link_clearance(pose, float(joints[1]), limits) for pose, joints in zip(poses, path)]
    problem = _floor_objection(tips[:, 2], limits) or (_box_objection(tips, limits) if in_box else "")
    return problem or _link_objection(clear, in_box)


def _floor_objection(heights: np.ndarray, limits: Limits) -> str:
    floor = min(limits.workspace_lower_m[2], heights[0], heights[-1])
    if min(heights) < floor - FLOOR_TOLERANCE_M:
        return f"the way there dips to z = {min(heights):.3f} m, below {floor:.3f} m: go by way of home"
    return ""


def _box_objection(tips: np.ndarray, limits: Limits) -> str:
    """Where the path (N, 3) leaves the box, widened to hold its start and its end, in words."""
    lower = np.minimum(limits.workspace_lower_m, np.minimum(tips[0], tips[-1])) - BOX_TOLERANCE_M
    upper = np.maximum(limits.workspace_upper_m, np.maximum(tips[0], tips[-1])) + BOX_TOLERANCE_M
    for axis, name in enumerate("xyz"):
        outside = tips[(tips[:, axis] < lower[axis]) | (tips[:, axis] > upper[axis]), axis]
        if len(outside):
            return f"the way there leaves the workspace at {name} = {outside[0]:.3f} m: go by way of home"
    return ""


def _link_objection(clear: Sequence[float], in_box: bool) -> str:
    """Whether a link goes lower than the floor allows, and than it is at the start (and at the end of a named move)."""
    least = min(0.0, clear[0]) if in_box else min(0.0, clear[0], clear[-1])
    if min(clear) >= least - FLOOR_TOLERANCE_M:
        return ""
    end = "go by way of home" if clear[-1] >= min(0.0, clear[0]) else "choose a pose with the hand higher"
    return f"elbow, wrist or a finger would go {-min(clear):.3f} m lower than the workspace's floor allows: {end}"


def goal_joints(pose: np.ndarray, seed: np.ndarray, limits: Limits) -> Optional[np.ndarray]:
    """Joints (6,) within margins for ``pose`` (4, 4), or None where the inverse kinematics finds none."""
    joints = kinematics.inverse(pose, seed)
    if joints is None or not kinematics.within_limits(joints, limits.joint_margin_rad):
        return None
    return joints
