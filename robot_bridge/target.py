"""The moving target of the servo: Bridge actions in, joint targets within all limits out."""

from math import sqrt
from typing import Tuple

import numpy as np

from robot_bridge import kinematics, safety
from robot_bridge.safety import Limits

SOLVED = 1e-4
"""Joints that reach the target this well [m, rad] need no further step in this tick."""


def norm(vector: np.ndarray) -> float:
    """Euclidean norm of a short vector."""
    return sqrt(sum(value * value for value in vector.tolist()))


class Target:
    """A pose with the joints that reach it, and the motion it has still to make.

    ``add`` puts a Bridge action on what is still to be made, ``advance`` makes a tick's share of it. Motion that a
    limit forbids is dropped at once rather than saved up: a blocked arm does not wind up a distance that it would have
    to unwind when the command reverses. Where no limit bites, the sum of the actions is the motion of ``pose``.
    """

    def __init__(self, joints: np.ndarray, limits: Limits) -> None:
        self._limits = limits
        self.joints = np.array(joints, dtype=np.float64)
        self._lower, self._upper = safety.joint_bounds(self.joints, limits)
        self.pose = kinematics.forward(self.joints)
        self.remaining = np.zeros(6)
        self.remaining_s = 0.0

    def time_needed(self, delta: np.ndarray, duration_s: float) -> float:
        """Seconds in which the remaining motion and ``delta`` (6,) can be made under the twist caps [s]."""
        linear = norm(self.remaining[:3] + delta[:3]) / self._limits.linear_speed_m_s
        angular = (norm(self.remaining[3:]) + norm(delta[3:])) / self._limits.angular_speed_rad_s
        return max(duration_s, linear, angular if self.remaining_s > 0.0 else 0.0)

    def add(self, delta: np.ndarray, duration_s: float) -> Tuple[str, ...]:
        """Add a Bridge action (6,) to be made over ``duration_s``; returns the names of the limits that cut it."""
        self.remaining_s = self.time_needed(delta, duration_s)
        goal = kinematics.displace(self.pose, self.remaining)
        moved = kinematics.integrate(goal, delta)
        moved[:3, 3], touched = safety.clamp_to_workspace(moved[:3, 3], goal[:3, 3], self._limits)
        self.remaining = kinematics.pose_error(moved, self.pose)
        return ("workspace",) if touched else ()

    def drop(self) -> None:
        """Forget the motion still to be made: the target stays where it is."""
        self.remaining = np.zeros(6)
        self.remaining_s = 0.0

    def advance(self, dt_s: float, measured: np.ndarray) -> Tuple[str, ...]:
        """Make the share of ``dt_s`` of the remaining motion; returns the names of the limits that cut it.

        ``measured`` is the arm's pose (4, 4). After ``ik`` or ``joint_position`` the target has not moved and the
        remaining motion is dropped.
        """
        if self.remaining_s <= 0.0:
            return ()
        step = self._share(dt_s)
        names = []
        candidate = kinematics.displace(self.pose, step)
        fraction = safety.leash_fraction(self.pose, candidate, measured, self._limits)
        if fraction < 1.0:
            names.append("leash")
            candidate = kinematics.displace(self.pose, step * fraction)
        joints, failure = self._solve(candidate)
        if failure:
            self.drop()
            return (*names, failure)
        joints, limited = safety.limit_joint_speed(self.joints, joints, self._limits.joint_speed_rad_s * dt_s)
        pose = kinematics.forward(joints) if limited else candidate
        if self._sinks(pose, joints):
            self.drop()
            return (*names, "workspace")
        self.joints, self.pose = joints, pose
        return (*names, "joint_velocity") if limited else tuple(names)

    def _sinks(self, pose: np.ndarray, joints: np.ndarray) -> bool:
        """Whether elbow, wrist or a finger would be too low, and lower than it is."""
        clearance = safety.link_clearance(pose, float(joints[1]), self._limits)
        if clearance >= 0.0:
            return False
        return clearance < safety.link_clearance(self.pose, float(self.joints[1]), self._limits)

    def _share(self, dt_s: float) -> np.ndarray:
        """Take the motion of ``dt_s`` out of what remains; the last tick takes all, a short rest included."""
        if self.remaining_s <= 1.1 * dt_s:
            step = self.remaining
            self.drop()
            return step
        share = dt_s / self.remaining_s
        step = self.remaining * share
        self.remaining = self.remaining - step
        self.remaining_s -= dt_s
        return step

    def _solve(self, pose: np.ndarray) -> Tuple[np.ndarray, str]:
        """Joints (6,) for ``pose`` near the present ones, and the limit that kept them from it, or an empty string."""
        lower, upper = self._lower, self._upper
        joints, error = kinematics.track(self.joints, pose, lower, upper, SOLVED)
        if norm(error[:3]) <= self._limits.ik_tolerance_m and norm(error[3:]) <= self._limits.ik_tolerance_rad:
            return joints, ""
        at_limit = bool(np.any(joints <= lower) or np.any(joints >= upper))
        return self.joints, "joint_position" if at_limit else "ik"
