"""Working fixtures: open and close, press, turn."""

from typing import Iterator

import numpy as np

from robot_bridge.sim.hand.activities.activity import Activity
from robot_bridge.sim.hand.actor import Actor, Angles, minimum_jerk
from robot_bridge.sim.hand.fixtures import FIXTURES, OPENING
from robot_bridge.sim.hand.grasp import grip_here, handle_at, lead, open_hand, take_handle
from robot_bridge.sim.hand.items import FixtureItem
from robot_bridge.sim.hand.postures import PADS, POINT
from robot_bridge.sim.hand.stage import Stage
from robot_bridge.sim.hand.world import TICK_S, HandWorld

OPENED = {"chest": 0.93, "picture_book": 0.85}
"""Share of its range at which a fixture stands open that is to be closed; 0.9 for others."""

OPEN_SHARE, CLOSED_SHARE = 0.62, 0.15
"""Of its range: a fixture is open beyond the one and closed below the other."""

CUPBOARDS = {1.0: "cupboard_left", -1.0: "cupboard_right"}
"""By the side of their hinge; one hand closes those whose door opens to its own side."""

TILT_RAD = {"chest": -0.35, "laptop": -0.35, "picture_book": -0.1}
"""How the hand pitches while it opens."""


def _add_opening(stage: Stage, but: str = "") -> FixtureItem:
    """One of the fixtures that open, except one kind, where there is room for its way."""
    kinds = [kind for kind in OPENING if kind != but]
    kind = kinds[int(stage.rng.integers(len(kinds)))]
    half = FIXTURES[kind]((0.5, 0.5, 0.5)).half_m
    side = stage.person.side
    standing = kind in ("drawer_unit", *CUPBOARDS.values())
    lower, upper = ((0.26, -0.11), (0.32, 0.11)) if standing else ((0.15, -0.12), (0.22, 0.12))
    if kind == "picture_book":
        lower, upper = (0.13, -0.14), (0.20, 0.02)
    at = stage.spot(max(half) + 0.01, lower, upper)
    if standing:
        stage.reserve((at[0] - 0.15, at[1]), 0.08)
    turn = float(stage.rng.uniform(-0.12, 0.12)) + (0.12 * side if kind != "picture_book" else 0.0)
    return stage.add_fixture(kind, at, turn)


class Open(Activity):
    """Open a drawer, a lid, a laptop, a door or a book."""

    faults = ("miss", "abandon")

    def arrange(self, stage: Stage) -> str:
        """The fixture, closed."""
        self.item = _add_opening(stage)
        self.limit = self.item.fixture.limits[1]
        return f"open the {self.item.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Take the handle and lead it."""
        far = self.limit * (0.97 if self.item.kind != "picture_book" else 0.9)
        yield from _work(actor, self.item, far, TILT_RAD.get(self.item.kind, 0.0))

    def achieved(self, world: HandWorld) -> bool:
        """It stays open."""
        return world.joint(self.item.name) > OPEN_SHARE * self.limit


class Close(Activity):
    """Close what is open."""

    def arrange(self, stage: Stage) -> str:
        """The fixture, open."""
        self.item = _add_opening(stage, CUPBOARDS[stage.person.side])
        self.limit = self.item.fixture.limits[1]
        self.starts[self.item.name] = OPENED.get(self.item.kind, 0.9) * self.limit
        self.pushed = self.item.kind in CUPBOARDS.values()
        self.faults = ("abandon",) if self.pushed else ("miss", "abandon")
        return f"close the {self.item.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Push the door shut, or take the handle and lead it back."""
        if self.pushed:
            yield from _push_shut(actor, self.item)
        else:
            yield from _work(actor, self.item, 0.0, -TILT_RAD.get(self.item.kind, 0.0))

    def achieved(self, world: HandWorld) -> bool:
        """It stays closed."""
        return world.joint(self.item.name) < CLOSED_SHARE * self.limit


def _push_shut(actor: Actor, item: FixtureItem) -> Iterator[None]:
    """Finger tips against the outside of a door, and along its way."""
    begin = actor.world.joint(item.name)
    outside, inwards = handle_at(item, begin), handle_at(item, begin - 0.3) - handle_at(item, begin)
    inwards /= np.linalg.norm(inwards)
    yaw = actor.facing(outside, 0.1) + 0.25
    angles: Angles = (yaw, float(actor.rng.uniform(0.25, 0.40)), 0.55)
    actor.tip(PADS, "middle_tip")
    yield from actor.move(outside - 0.05 * inwards + np.array((-0.02, 0.0, 0.03)), angles, PADS, arc_m=0.03)
    if actor.fault == "abandon":
        yield from actor.wait(0.4)
        yield from actor.shift((-0.04, 0.0, 0.04))
        return
    yield from actor.move(outside - 0.012 * inwards, angles, seconds=0.4)
    offset = actor.point - outside
    ticks = round(1.0 / actor.pace / TICK_S)
    for tick in range(1, ticks + 1):
        share = minimum_jerk(tick / ticks)
        leaning = np.array((0.6 * share * 0.02, 0.0, 0.0))
        point = handle_at(item, begin * (1.0 - share)) + (1.0 - share) * offset + leaning
        actor.set(point, np.array(angles), actor.digits)
        yield
    yield from actor.wait(0.1)
    yield from actor.shift((-0.08, 0.0, 0.02), seconds=0.4)


def _work(actor: Actor, item: FixtureItem, goal: float, tilt_rad: float) -> Iterator[None]:
    """Take the handle, lead it to the joint position ``goal``, let go, draw back."""
    if not (yield from take_handle(actor, item, -tilt_rad if goal == 0.0 else 0.0)):
        yield from actor.shift((-0.04, 0.0, 0.05))
        return
    way = abs(goal - actor.world.joint(item.name)) * (1.0 if item.kind != "drawer_unit" else 9.0)
    yield from lead(actor, item, goal, 0.5 + 0.65 * way, tilt_rad)
    yield from actor.wait(0.1)
    yield from open_hand(actor, 0.25 / actor.pace)
    yield from actor.shift((0.0, 0.0, 0.05), seconds=0.3)
    yield from actor.shift((-0.06, 0.0, 0.0), seconds=0.3)


class Press(Activity):
    """Press a button; its lamp shows it."""

    def arrange(self, stage: Stage) -> str:
        """The button."""
        at = stage.spot(0.055)
        self.item = stage.add_fixture("buzzer", at, float(stage.rng.uniform(-0.5, 0.5)))
        self.deepest = 0.0
        self.times = int(stage.rng.integers(1, 4))
        again = {1: "", 2: " twice", 3: " three times"}[self.times]
        return f"press the {self.item.words}{again}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Point at it, down and up."""
        top = handle_at(self.item, 0.0)
        yaw = actor.facing(top, 0.15)
        angles: Angles = (yaw, float(actor.rng.uniform(0.65, 0.85)), float(actor.rng.uniform(-0.1, 0.15)))
        actor.tip(POINT, "index_tip")
        yield from actor.move(top + np.array((-0.01, 0.0, 0.05)), angles, POINT, arc_m=0.03)
        if actor.fault == "abandon":
            yield from actor.wait(0.4)
            yield from actor.shift((-0.04, 0.0, 0.04))
            return
        for _ in range(self.times):
            yield from actor.move(top + np.array((0.0, 0.0, 0.014)), angles, seconds=0.25)
            yield from actor.move(top + np.array((0.0, 0.0, -0.006)), angles, seconds=0.2)
            yield from actor.wait(0.16)
            self.deepest = max(self.deepest, actor.world.joint(self.item.name))
        yield from actor.shift((-0.03, 0.0, 0.07), seconds=0.4)

    def achieved(self, world: HandWorld) -> bool:
        """It was pressed."""
        return self.deepest > 0.005 and not world.held


class Turn(Activity):
    """Turn a dial."""

    faults = ("miss", "abandon")

    def arrange(self, stage: Stage) -> str:
        """The dial."""
        at = stage.spot(0.085)
        self.item = stage.add_fixture("dial_box", at, float(stage.rng.uniform(-0.4, 0.4)), rigid=True)
        self.starts[self.item.name] = float(stage.rng.uniform(-0.5, 0.5))
        self.clockwise = bool(stage.rng.uniform() < 0.5)
        self.before = self.starts[self.item.name]
        return f"turn the {self.item.words} {'clockwise' if self.clockwise else 'anticlockwise'}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Three fingers on it, and turn the wrist, once or twice."""
        way = (-1.0 if self.clockwise else 1.0) * actor.side
        for _ in range(int(actor.rng.integers(1, 3))):
            top = handle_at(self.item, 0.0)
            yaw = actor.facing(top, 0.1) - 0.45 * way
            if not (yield from grip_here(actor, self.item, top, (yaw, 0.40, 0.0), 0.042)):
                break
            turned = (actor.angles[0] + 0.9 * way, actor.angles[1], actor.angles[2])
            yield from actor.move(actor.point, turned, seconds=0.7 / actor.pace)
            yield from actor.wait(0.1)
            yield from open_hand(actor, 0.2)
            yield from actor.shift((0.0, 0.0, 0.05), seconds=0.3)
        yield from actor.shift((-0.03, 0.0, 0.04), seconds=0.4)

    def achieved(self, world: HandWorld) -> bool:
        """It points elsewhere."""
        turned = (world.joint(self.item.name) - self.before) * (-1.0 if self.clockwise else 1.0)
        return turned > 0.4
