"""Contact without a grasp: push, roll, tip over, knock down, drag, wipe, sweep."""

from typing import Iterator, List, Tuple

import numpy as np

from robot_bridge.sim.hand.activities.activity import Activity, add_somewhere, flat_kinds, grips
from robot_bridge.sim.hand.actor import Actor, Angles
from robot_bridge.sim.hand.grasp import Done
from robot_bridge.sim.hand.items import PropItem
from robot_bridge.sim.hand.postures import FLAT, PADS, RELAXED
from robot_bridge.sim.hand.stage import PROPS, Stage
from robot_bridge.sim.hand.world import HandWorld

BALLS = ["tennis_ball", "rubber_ball", "apple", "peach", "lime"]
TALL = ["water_bottle", "shampoo_bottle", "spray_bottle", "thermos"]
WAYS = {"away": (1.0, 0.0), "to the left": (0.0, 1.0), "to the right": (0.0, -1.0)}
PRESS_M = 0.007
"""How far below its top the finger tips aim that press on a thing."""


def _way(stage: Stage, at: Tuple[float, float]) -> str:
    """A direction that leads on to free surface."""
    ways = ["away"] if at[0] < 0.18 else []
    ways += ["to the right"] if at[1] > 0.0 else ["to the left"]
    return ways[int(stage.rng.integers(len(ways)))]


def push_angles(actor: Actor, way: np.ndarray, at: np.ndarray) -> Angles:
    """Finger tips down, with their prints or nails towards the way."""
    sideways = float(way[1]) * actor.side
    yaw = actor.facing(at, 0.1) + 0.35 * max(sideways, 0.0)
    return yaw, float(actor.rng.uniform(0.70, 0.90)), 0.45 * sideways


class Push(Activity):
    """Push a thing along with the finger tips."""

    def arrange(self, stage: Stage) -> str:
        """A thing that does not fall over, and a free way before it."""
        low = [
            kind
            for kind in grips("claw", "drag")
            if PROPS[kind].make((0.5, 0.5, 0.5)).top_m < 0.06 and kind not in BALLS
        ]
        low = [kind for kind in low if not PROPS[kind].make((0.5, 0.5, 0.5)).rolls]
        self.item = add_somewhere(stage, low, 0.03)
        self.way = _way(stage, (self.item.xyz_m[0], self.item.xyz_m[1]))
        self.start = np.array(self.item.xyz_m)
        return f"push the {self.item.words} {self.way}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Fingers behind it, and on."""
        way = np.array((*WAYS[self.way], 0.0))
        yield from shove(actor, self.item, way, float(actor.rng.uniform(0.09, 0.14)), 0.16)

    def achieved(self, world: HandWorld) -> bool:
        """It has gone that way."""
        return float(np.dot((world.position(self.item.name) - self.start)[:2], WAYS[self.way])) > 0.05


def shove(
    actor: Actor, item: PropItem, way: np.ndarray, distance_m: float, speed_m_s: float, height_m: float = 0.0
) -> Iterator[None]:
    """Set the finger tips behind a thing and move them ``distance_m`` beyond the touch."""
    prop = item.prop
    centre = actor.world.position(item.name)
    low = centre[2] - prop.thing.rest_m
    touch = centre - way * (prop.reach_m + 0.022)
    touch[2] = low + (height_m or max(0.013, 0.45 * prop.top_m))
    angles = push_angles(actor, way, centre)
    actor.tip(PADS, "middle_tip")
    yield from actor.move(touch - 0.03 * way + np.array((0, 0, 0.06)), angles, PADS, arc_m=0.03)
    if actor.fault == "abandon":
        yield from actor.wait(0.4)
        yield from actor.shift((-0.04, 0.0, 0.05))
        return
    yield from actor.move(touch - 0.012 * way, angles, PADS, seconds=0.35 / actor.pace)
    way_m = distance_m + 0.03
    yield from actor.shift(way * way_m, seconds=way_m / speed_m_s / actor.pace)
    yield from actor.shift(-0.03 * way + np.array((-0.02, 0.0, 0.07)), seconds=0.45)


class Roll(Activity):
    """Give a ball a push so that it rolls."""

    def arrange(self, stage: Stage) -> str:
        """A ball near the person."""
        drawn = stage.draw(BALLS)
        at = stage.spot(drawn[2].reach_m + 0.03, (0.05, -0.14), (0.16, 0.14))
        self.item = stage.add_prop(drawn, at, 0.0)
        self.way = _way(stage, at)
        self.start = np.array(self.item.xyz_m)
        return f"roll the {self.item.words} {self.way}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """A short quick push, and watch it go."""
        way = np.array((*WAYS[self.way], 0.0))
        yield from shove(actor, self.item, way, float(actor.rng.uniform(0.05, 0.09)), 0.30)
        yield from actor.wait(0.3)

    def achieved(self, world: HandWorld) -> bool:
        """It has rolled well beyond the push."""
        return float(np.dot((world.position(self.item.name) - self.start)[:2], WAYS[self.way])) > 0.07


class TipOver(Activity):
    """Push a bottle over."""

    def arrange(self, stage: Stage) -> str:
        """A tall bottle with room to fall."""
        drawn = stage.draw(TALL)
        at = stage.spot(0.09)
        self.item = stage.add_prop(drawn, at, stage.yaw(at, 1.0))
        self.way = _way(stage, at)
        return f"tip over the {self.item.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Push it near its top."""
        prop = self.item.prop
        way = np.array((*WAYS[self.way], 0.0))
        yield from shove(actor, self.item, way, 0.13, 0.24, 0.80 * prop.top_m)
        yield from actor.wait(0.4)

    def achieved(self, world: HandWorld) -> bool:
        """It lies."""
        return bool(world.rotation(self.item.name)[2, 2] < 0.5)


class KnockDown(Activity):
    """Knock down a tower."""

    def arrange(self, stage: Stage) -> str:
        """Three or four flat things on top of each other."""
        at = stage.spot(0.10)
        kinds = [kind for kind in flat_kinds() if PROPS[kind].make((0.5, 0.5, 0.5)).top_m > 0.03]
        height, self.items = 0.0, []
        for _ in range(3):
            drawn = stage.draw(kinds if stage.rng.uniform() < 0.4 else ["cube"])
            self.items.append(stage.add_prop(drawn, at, stage.yaw(at, 0.3), height))
            height += drawn[2].top_m
        self.height, self.way = height, _way(stage, at)
        return "knock down the tower"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Push its upper half."""
        way = np.array((*WAYS[self.way], 0.0))
        yield from shove(actor, self.items[1], way, 0.07, 0.25, 0.45 * self.height)
        yield from actor.wait(0.3)

    def achieved(self, world: HandWorld) -> bool:
        """Its top has come down."""
        top = self.items[-1]
        return bool(world.position(top.name)[2] < top.xyz_m[2] - 0.03)


class Drag(Activity):
    """Drag a flat thing with the finger tips pressed on it."""

    def arrange(self, stage: Stage) -> str:
        """A flat thing at some distance."""
        drawn = stage.draw(grips("drag"))
        at = stage.spot(drawn[2].reach_m, (0.14, -0.16), (0.26, 0.16))
        self.item = stage.add_prop(drawn, at, stage.yaw(at, 0.4))
        self.start = np.array(self.item.xyz_m)
        self.towards = bool(stage.rng.uniform() < 0.5) or abs(at[1]) > 0.12
        return f"pull the {self.item.words} closer" if self.towards else f"slide the {self.item.words} aside"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Press, drag, lift."""
        distance = float(actor.rng.uniform(0.08, 0.11))
        aside = -1.0 if self.start[1] > 0 else 1.0
        way = np.array((-1.0, 0.0, 0.0)) if self.towards else np.array((0.0, aside, 0.0))
        if (yield from press_on(actor, self.item)):
            yield from actor.shift(way * distance, seconds=distance / 0.13 / actor.pace)
            yield from actor.wait(0.1)
        yield from actor.shift((-0.01, 0.0, 0.07), seconds=0.45)

    def achieved(self, world: HandWorld) -> bool:
        """It has come along."""
        return float(np.hypot(*(world.position(self.item.name) - self.start)[:2])) > 0.04


def press_on(actor: Actor, item: PropItem) -> Done:
    """Lay four finger tips on a flat thing and press; False where the person does not."""
    prop = item.prop
    centre = actor.world.position(item.name)
    top = centre[2] + prop.top_m - prop.thing.rest_m
    angles: Angles = (actor.facing(centre, 0.15), float(actor.rng.uniform(0.45, 0.60)), 0.0)
    actor.tip(PADS, "middle_tip")
    goal = np.array((centre[0], centre[1], top + 0.004))
    yield from actor.move(goal + np.array((-0.02, 0.0, 0.06)), angles, PADS, arc_m=0.03)
    if actor.fault == "abandon":
        yield from actor.wait(0.4)
        return False
    yield from actor.move(goal, angles, PADS, seconds=0.35 / actor.pace)
    yield from actor.shift((0.0, 0.0, -0.004 - PRESS_M), seconds=0.2)
    return True


class Wipe(Activity):
    """Wipe crumbs away with a cloth."""

    def arrange(self, stage: Stage) -> str:
        """A cloth, and crumbs beside it."""
        drawn = stage.draw(["face_cloth", "duster"])
        at = stage.spot(0.12, (0.12, -0.10), (0.20, 0.10))
        self.item = stage.add_prop(drawn, at, stage.yaw(at, 0.2))
        side = 1.0 if stage.rng.uniform() < 0.5 else -1.0
        self.middle = (at[0], at[1] + side * 0.09)
        self.side = side
        self.crumbs = stage.add_crumbs(9, (*self.middle, 0.0), 0.035)
        self.start = np.array(self.item.xyz_m)
        return f"wipe the {stage.place.setting.noun} with the {self.item.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """To and fro over the crumbs."""
        self.before = [actor.world.position(name) for name in self.crumbs]
        if (yield from press_on(actor, self.item)):
            for stroke, turn in ((0.13, 0.15), (-0.10, -0.15), (0.12, 0.1), (-0.08, -0.1)):
                angles: Angles = (actor.angles[0] + turn * self.side * actor.side, actor.angles[1], actor.angles[2])
                forth = (float(actor.rng.uniform(-0.02, 0.02)), stroke * self.side, 0.0)
                yield from actor.shift(forth, seconds=0.55 / actor.pace, angles=angles)
        yield from actor.shift((-0.01, 0.0, 0.07), seconds=0.45)

    def achieved(self, world: HandWorld) -> bool:
        """Most of the crumbs were moved."""
        return _moved(world, self.crumbs, self.before) > len(self.crumbs) / 2


class Sweep(Activity):
    """Sweep beads aside with the edge of the hand."""

    def arrange(self, stage: Stage) -> str:
        """Beads scattered about a place."""
        at = stage.spot(0.08, (0.10, -0.08), (0.24, 0.08))
        self.middle = at
        self.beads = stage.add_crumbs(12, (*at, 0.0), 0.05, 0.007)
        return "sweep the beads aside"

    def perform(self, actor: Actor) -> Iterator[None]:
        """The hand on its edge, inwards."""
        self.before = [actor.world.position(name) for name in self.beads]
        inwards = np.array((0.0, actor.side, 0.0))
        angles: Angles = (0.25 + float(actor.rng.uniform(-0.1, 0.1)), 0.03, 1.35)
        actor.tip(FLAT, "little_tip")
        start = np.array((self.middle[0] + 0.045, self.middle[1], 0.004)) - 0.10 * inwards
        yield from actor.move(start + np.array((0, 0, 0.06)), angles, FLAT, arc_m=0.03)
        if actor.fault != "abandon":
            yield from actor.move(start, angles, FLAT, seconds=0.35)
            yield from actor.shift(0.20 * inwards, seconds=1.1 / actor.pace)
        yield from actor.shift((-0.02, 0.0, 0.07), seconds=0.5, digits=RELAXED)

    def achieved(self, world: HandWorld) -> bool:
        """Most of the beads were moved."""
        return _moved(world, self.beads, self.before) > len(self.beads) / 2


def _moved(world: HandWorld, names: List[str], before: List[np.ndarray]) -> int:
    """How many bodies have moved by more than two centimetres."""
    return sum(int(np.linalg.norm(world.position(name) - was) > 0.02) for name, was in zip(names, before))
