"""From the motion of a hand to the motion of the arm: pure functions of poses and a clock."""

from dataclasses import replace
from math import atan2, cos, hypot, radians, sin
from typing import Dict, Optional, Tuple

import numpy as np

from robot_bridge import kinematics, safety
from robot_bridge.safety import Limits
from robot_bridge.teleop.settings import TeleopSettings

LEVEL = 0.3
"""The controller points somewhere when its horizontal share is at least this."""
IN_FLIGHT = 64
"""Motions sent without a report are taken as made when there are more than these."""

CUT = 1e-5
"""A target that differs by more than this from where the servo's is was cut [m, rad]."""

_BEHIND = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Axes of a hand (x right, y up, z back) in base_link, for a person behind the robot: Rz(-90 deg) Rx(90 deg)."""


def base_from_hand(facing_deg: float, yaw_rad: float = 0.0) -> np.ndarray:
    """Rotation (3, 3) of a hand's axes into base_link.

    ``facing_deg`` is where the person looks in base_link, ``yaw_rad`` what the hand's frame calls that direction. At
    180 this is Rz(90 deg) Rx(90 deg), Bridge's person who faces the robot.
    """
    turn = kinematics.rotation_from_euler(0.0, 0.0, radians(facing_deg))
    level = np.array([[cos(yaw_rad), 0.0, -sin(yaw_rad)], [0.0, 1.0, 0.0], [sin(yaw_rad), 0.0, cos(yaw_rad)]])
    return turn @ _BEHIND @ level


def heading(pose: np.ndarray) -> Optional[float]:
    """Where a controller points, about the axis up from straight ahead [rad]; None where it points up or down."""
    x, z = -pose[0, 2], -pose[2, 2]
    return atan2(-x, -z) if hypot(x, z) >= LEVEL else None


class Mapper:
    """Moves a target by what the hand does since the clutch closed.

    ``advance`` is called in each tick and returns the motion to command; ``target`` (4, 4) is where that leads. The
    goal, which is where the hand wants the end effector, is looked at ``rate_hz`` times a second, when it is ``due``;
    translations of the hand are scaled and added, its turns are left-multiplied in base_link about the end effector.
    """

    def __init__(self, settings: TeleopSettings) -> None:
        self._settings = settings
        self._lead = replace(Limits(), leash_m=settings.lead_m, leash_rad=settings.lead_rad)
        self._axes = base_from_hand(settings.facing_deg)
        self._decide_s = self._last_s = 0.0
        self.drop()

    @property
    def anchored(self) -> bool:
        """Whether a hand is coupled."""
        return self._anchor is not None

    def drop(self) -> None:
        """Uncouple the hand; the next ``anchor`` starts from the measured pose."""
        self.release()
        self.target: Optional[np.ndarray] = None
        self._made: Optional[np.ndarray] = None
        self._sent: Dict[int, np.ndarray] = {}

    def release(self) -> None:
        """Uncouple the hand for a moment: the target stays."""
        self._anchor: Optional[Tuple[np.ndarray, np.ndarray]] = None
        self._velocity = np.zeros(6)

    def anchor(self, hand: np.ndarray, measured: np.ndarray, now_s: float) -> None:
        """Couple a hand (4, 4) to the target, or to the measured pose (4, 4) where there is none."""
        if self.target is None:
            self.target = self._made = measured.copy()
        self._anchor = (hand, self.target)
        self._decide_s, self._last_s = now_s, now_s - self._settings.tick_s

    def rezero(self, hand: np.ndarray) -> bool:
        """Take where the controller points as straight ahead; false where it points up or down."""
        yaw = heading(hand)
        if yaw is not None:
            self._axes = base_from_hand(self._settings.facing_deg, yaw)
            self.release()
        return yaw is not None

    def goal(self, hand: np.ndarray) -> np.ndarray:
        """Where (4, 4) the hand wants the end effector."""
        assert self._anchor is not None, "anchor comes first"
        reference, start = self._anchor
        goal = np.eye(4)
        turn = hand[:3, :3] @ reference[:3, :3].T
        goal[:3, :3] = self._axes @ turn @ self._axes.T @ start[:3, :3]
        goal[:3, 3] = start[:3, 3] + self._settings.scale * self._axes @ (hand[:3, 3] - reference[:3, 3])
        return goal

    def due(self, now_s: float) -> bool:
        """Whether this tick is one in which the hand is looked at: the nearest to when it should be."""
        return now_s > self._decide_s - 0.5 * self._settings.tick_s

    def advance(self, hand: np.ndarray, measured: np.ndarray, now_s: float) -> Tuple[np.ndarray, Tuple[str, ...]]:
        """The Bridge motion (6,) [m, rad] of this tick and the names of the limits that cut it.

        The names are ``velocity``, ``lead`` (over the measured pose (4, 4)) and ``slip``.
        """
        assert self.target is not None
        way, slips = self._way(hand)
        names = ["slip"] if slips else []
        if self.due(now_s) and self._decide(way, now_s):
            names.append("velocity")
        elapsed_s = min(max(now_s - self._last_s, 0.0), 2.0 * self._settings.tick_s)
        self._last_s = now_s
        motion = self._velocity * elapsed_s
        candidate = kinematics.integrate(self.target, motion)
        fraction = safety.leash_fraction(self.target, candidate, measured, self._lead)
        if fraction < 1.0:
            names.append("lead")
        return motion * fraction, tuple(names)

    def sent(self, number: int, motion: np.ndarray) -> None:
        """A motion was commanded under this number; ``reported`` says later what became of it."""
        assert self.target is not None and self._made is not None
        self._sent[number] = motion
        self.target = kinematics.integrate(self.target, motion)
        if len(self._sent) > IN_FLIGHT:
            self._made = kinematics.integrate(self._made, self._sent.pop(min(self._sent)))

    def reported(self, number: int, executed: np.ndarray, ended: bool, hand: Optional[np.ndarray]) -> bool:
        """Take in what the servo really made (6,) of a motion; whether it turns out that it has cut some.

        ``ended`` is false where the next command came before the end, and so makes the rest of this one. What was cut
        is forgotten: the hand (4, 4) slips by it, so that a hand that turns back moves the arm at once.
        """
        if number not in self._sent or self._made is None or self.target is None:
            return False
        for earlier in [key for key in self._sent if key <= number]:  # those without a report are taken as made
            motion = self._sent.pop(earlier)
            self._made = kinematics.integrate(self._made, executed if earlier == number else motion)
        if not ended:
            return False
        before, self.target = self.target, self._made
        for motion in self._sent.values():
            self.target = kinematics.integrate(self.target, motion)
        if float(np.abs(kinematics.pose_error(self.target, before)).max()) < CUT:
            return False
        if hand is not None and self._anchor is not None:
            goal = self.goal(hand)
            goal[:3, :3] = self.target[:3, :3] @ before[:3, :3].T @ goal[:3, :3]
            goal[:3, 3] += self.target[:3, 3] - before[:3, 3]
            self._anchor = (hand, goal)
        return True

    def _way(self, hand: np.ndarray) -> Tuple[np.ndarray, bool]:
        """The way (6,) from the target to the goal; a hand that is further ahead slips, and whether it did."""
        assert self.target is not None
        way, slips = kinematics.pose_error(self.goal(hand), self.target), False
        for part, most in ((slice(0, 3), self._settings.backlog_m), (slice(3, 6), self._settings.backlog_rad)):
            length = float(np.linalg.norm(way[part]))
            if length > most:
                way[part] *= most / length
                slips = True
        if slips:
            self._anchor = (hand, kinematics.displace(self.target, way))
        return way, slips

    def _decide(self, way: np.ndarray, now_s: float) -> bool:
        """Choose the velocity (6,) that makes the way (6,) in one period; whether it had to be capped."""
        period_s = 1.0 / self._settings.rate_hz
        late = now_s - self._decide_s > period_s - 0.5 * self._settings.tick_s
        self._decide_s = (now_s if late else self._decide_s) + period_s
        self._velocity, capped = way / period_s, False
        for part, speed, size in (
            (slice(0, 3), self._settings.speed_m_s, float(np.abs(self._velocity[:3]).max())),
            (slice(3, 6), self._settings.speed_rad_s, float(np.linalg.norm(self._velocity[3:]))),
        ):
            if size > speed:
                self._velocity[part] *= speed / size
                capped = True
        return capped
