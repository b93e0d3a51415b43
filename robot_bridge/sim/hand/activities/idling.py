"""Doing nothing in particular: point at something, rest the hand, drum the fingers."""

from typing import Iterator

import numpy as np

from robot_bridge.sim.hand.activities.activity import Activity, add_somewhere
from robot_bridge.sim.hand.actor import Actor, Angles
from robot_bridge.sim.hand.postures import PADS, POINT, RELAXED
from robot_bridge.sim.hand.stage import PROPS, Stage
from robot_bridge.sim.hand.world import HandWorld


class PointAt(Activity):
    """Point at a thing without touching it."""

    faults = ()

    def arrange(self, stage: Stage) -> str:
        """A thing."""
        self.item = add_somewhere(stage, list(PROPS))
        self.nearest = 1.0
        return f"point at the {self.item.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Near it, with small movements."""
        prop = self.item.prop
        centre = actor.world.position(self.item.name)
        top = centre + np.array((0.0, 0.0, prop.top_m - prop.thing.rest_m))
        above = top + np.array((-0.045, 0.0, 0.035))
        angles: Angles = (actor.facing(above, 0.15), float(actor.rng.uniform(0.35, 0.55)), 0.1)
        actor.tip(POINT, "index_tip")
        yield from actor.move(above, angles, POINT, arc_m=0.03)
        self.nearest = float(np.linalg.norm(actor.world.position("index2") - top))
        for _ in range(int(actor.rng.integers(1, 4))):
            yield from actor.shift((0.018, 0.0, -0.012), seconds=0.3)
            yield from actor.shift((-0.018, 0.0, 0.012), seconds=0.3)

    def achieved(self, world: HandWorld) -> bool:
        """The finger was near it, and it lies where it lay."""
        moved = np.linalg.norm((world.position(self.item.name) - self.item.xyz_m)[:2])
        return self.nearest < 0.12 and bool(moved < 0.01)


class Rest(Activity):
    """Rest the hand on the surface and drum the fingers."""

    faults = ()

    def arrange(self, stage: Stage) -> str:
        """A free place."""
        self.at = stage.spot(0.06, (0.06, -0.18), (0.20, 0.18))
        self.stayed = False
        return f"rest a hand on the {stage.place.setting.noun}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Down, drum, up."""
        goal = np.array((*self.at, 0.008))
        angles: Angles = (actor.facing(goal, 0.2), float(actor.rng.uniform(0.2, 0.35)), 0.0)
        actor.tip(PADS, "middle_tip")
        yield from actor.move(goal + np.array((-0.02, 0.0, 0.05)), angles, RELAXED, arc_m=0.02)
        yield from actor.move(goal, angles, PADS, seconds=0.4)
        self.stayed = bool(np.linalg.norm(actor.point[:2] - self.at) < 0.02)
        for _ in range(int(actor.rng.integers(1, 5))):
            for finger in (3, 2, 1, 0):
                raised = PADS.copy()
                raised[3 * finger] -= 0.45
                yield from actor.bend(raised, 0.1)
            yield from actor.bend(PADS, 0.12)
            yield from actor.wait(float(actor.rng.uniform(0.1, 0.4)))
        yield from actor.shift((-0.02, 0.0, 0.06), seconds=0.4)

    def achieved(self, world: HandWorld) -> bool:
        """It rested."""
        return self.stayed and not world.held
