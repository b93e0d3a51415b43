"""Who moves the hand: minimum-jerk reaches of a point of the hand, with the fingers on their way to a posture.

Every movement is a generator that yields once a tick (0.02 s), after it has set the hand's targets; whoever runs it
advances the world. Hand movements follow minimum-jerk profiles (Flash & Hogan 1985).
"""

from typing import Iterator, Optional, Sequence, Tuple, Union

import numpy as np

from robot_bridge.sim.hand.postures import RELAXED, Closure, closures, tip_in_hand
from robot_bridge.sim.hand.world import HIDDEN_WRIST_M, TICK_S, HandWorld

ELBOW_M = (-0.34, -0.30)
"""Where a right elbow rests: x y."""

REACH_S, REACH_S_PER_M = 0.28, 2.1
"""Duration of a reach: a part that does not depend on the distance, and one that does."""

TREMOR_M = 0.0012
PALM = (0.085, 0.0, -0.010)

Point = Union[Sequence[float], np.ndarray]
Angles = Tuple[float, float, float]
"""Yaw, pitch and roll of the hand [rad] as of a right one: positive yaw turns it inwards, positive pitch points the
fingers down, positive roll lifts the thumb."""


def turned(angles: Angles, side: float) -> np.ndarray:
    """(3, 3) the hand's frame in the world."""
    yaw, pitch, roll = side * angles[0], angles[1], side * angles[2]
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_z = np.array([(cy, -sy, 0), (sy, cy, 0), (0, 0, 1)])
    about_y = np.array([(cp, 0, sp), (0, 1, 0), (-sp, 0, cp)])
    about_x = np.array([(1, 0, 0), (0, cr, -sr), (0, sr, cr)])
    return about_z @ about_y @ about_x


def minimum_jerk(share: float) -> float:
    """How far a movement is when a share of its time has passed."""
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


class Actor:
    """Commands one hand: ``point`` is where its tool, a point of the hand, is meant to be; ``fault`` spoils the act."""

    def __init__(self, world: HandWorld, rng: np.random.Generator, pace: float = 1.0, fault: str = "") -> None:
        self.world, self.rng, self.pace, self.fault = world, rng, pace, fault
        self.side = world.person.side
        self.closures = closures(world.model)
        self._tool = np.array(PALM)
        x, y, z = HIDDEN_WRIST_M
        self.angles: Angles = (0.35, 0.35, 0.0)
        self.digits = RELAXED.copy()
        self.spread = RELAXED
        self.point = np.array((x, y * self.side, z)) + turned(self.angles, self.side) @ self._tool
        self._phase = rng.uniform(0.0, 2 * np.pi, 6)
        self._ticks = 0

    def tool(self, local: Point) -> None:
        """Choose the point of the hand that moves go by, in the hand's frame [m]."""
        frame = turned(self.angles, self.side)
        self.point = self.point + frame @ (np.array(local) - self._tool)
        self._tool = np.array(local)

    def tip(self, posture: np.ndarray, site: str) -> None:
        """Make a finger tip, where it is in ``posture``, the tool."""
        self.tool(tip_in_hand(self.world.model, posture, site))

    def reached(self) -> np.ndarray:
        """(3,) where the tool is measured to be [m]: the hand sags and lags a little."""
        base = self.world.base
        return base[:3] + turned((self.side * base[3], base[4], self.side * base[5]), self.side) @ self._tool

    def closure(self, family: str) -> Closure:
        """How this hand closes."""
        return self.closures[family]

    def facing(self, at: np.ndarray, around: float = 0.25) -> float:
        """A yaw that comes naturally when the hand is at ``at``: along the forearm."""
        elbow = np.array((ELBOW_M[0], ELBOW_M[1] * self.side))
        x, y = np.asarray(at)[:2] - elbow
        return float(np.arctan2(y * self.side, x) + self.rng.uniform(-around, around))

    def along(self, heading_rad: float, at: np.ndarray) -> float:
        """The yaw nearest to the natural one that is along a line in the world, in either direction."""
        natural = self.facing(at, 0.0)
        away = (self.side * heading_rad - natural + np.pi / 2) % np.pi - np.pi / 2
        return natural + float(np.clip(away, -1.1, 1.1))

    def duration(self, distance_m: float) -> float:
        """How long a reach takes [s]."""
        return (REACH_S + REACH_S_PER_M * distance_m) / self.pace

    def move(
        self,
        point: Point,
        angles: Optional[Angles] = None,
        digits: Optional[np.ndarray] = None,
        seconds: Optional[float] = None,
        arc_m: float = 0.0,
    ) -> Iterator[None]:
        """Take the tool to ``point``, the hand to ``angles`` and the fingers to ``digits``; ``arc_m`` lifts the way."""
        start, goal = self.point.copy(), np.array(point, dtype=float)
        turn = (np.array(self.angles), np.array(self.angles if angles is None else angles))
        bend = (self.digits.copy(), self.digits if digits is None else digits)
        length = self.duration(float(np.linalg.norm(goal - start)) + abs(arc_m)) if seconds is None else seconds
        ticks = max(1, round(length / TICK_S))
        for tick in range(1, ticks + 1):
            share = minimum_jerk(tick / ticks)
            lift = np.array((0.0, 0.0, 4.0 * arc_m * share * (1.0 - share)))
            self.set(start + share * (goal - start) + lift, turn[0] + share * (turn[1] - turn[0]),
                     bend[0] + share * (bend[1] - bend[0]))  # fmt: skip
            yield

    def shift(
        self,
        offset: Point,
        seconds: Optional[float] = None,
        angles: Optional[Angles] = None,
        digits: Optional[np.ndarray] = None,
    ) -> Iterator[None]:
        """Move by an offset [m]."""
        yield from self.move(self.point + np.array(offset), angles, digits, seconds)

    def bend(self, digits: np.ndarray, seconds: float) -> Iterator[None]:
        """Move the fingers only."""
        yield from self.move(self.point, digits=digits, seconds=seconds)

    def wait(self, seconds: float) -> Iterator[None]:
        """Stay."""
        yield from self.move(self.point, seconds=seconds)

    def leave(self) -> Iterator[None]:
        """Take the hand out of view, up and back first; what it holds goes with it."""
        x, y, z = HIDDEN_WRIST_M
        digits = self.digits if self.world.held else RELAXED
        away = np.array((x, y * self.side, z)) + turned((0.35, 0.3, 0.0), self.side) @ self._tool
        roll = self.angles[2] if self.world.held else 0.0
        yield from self.move(away, (0.35, 0.3, roll), digits, arc_m=0.04)

    def set(self, point: np.ndarray, angles: np.ndarray, digits: np.ndarray) -> None:
        """Command the hand now."""
        self.point, self.angles = point, (float(angles[0]), float(angles[1]), float(angles[2]))
        self.digits = np.array(digits)
        frame = turned(self.angles, self.side)
        self._ticks += 1
        rates = np.array((5.0, 7.0, 6.0)) * self._ticks * TICK_S
        tremor = TREMOR_M * (np.sin(rates + self._phase[:3]) + 0.5 * np.sin(2.3 * rates + self._phase[3:]))
        base = np.empty(6)
        base[:3] = point - frame @ self._tool + tremor
        base[3:] = self.side * self.angles[0], self.angles[1], self.side * self.angles[2]
        self.world.command(base, self.digits)
