"""Holding a thing: look at it, shake it, pour from it, take it away."""

from typing import Iterator

import numpy as np

from robot_bridge.sim.hand.activities.activity import Activity, add_somewhere, grips
from robot_bridge.sim.hand.actor import Actor, Angles
from robot_bridge.sim.hand.grasp import carry, lift, put_down, take
from robot_bridge.sim.hand.stage import Stage
from robot_bridge.sim.hand.vessels import VESSELS
from robot_bridge.sim.hand.world import HandWorld

BEAD_M = 0.0065


class Inspect(Activity):
    """Pick a thing up, look at it and put it back."""

    faults = ("miss", "abandon")

    def arrange(self, stage: Stage) -> str:
        """A thing."""
        self.item = add_somewhere(stage, grips("claw", "pinch", "wrap"))
        self.highest = 0.0
        return f"pick up the {self.item.words}, look at it and put it back"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Up, turn it, down."""
        home = actor.world.position(self.item.name)
        if not (yield from take(actor, self.item)):
            yield from actor.shift((-0.02, 0.0, 0.07))
            return
        yield from lift(actor, 0.10)
        closer = actor.point + 0.5 * (np.array((0.05, 0.0, 0.20)) - actor.point)
        yaw, pitch, roll = actor.angles
        look: Angles = (yaw, pitch - 0.15, roll + float(actor.rng.uniform(0.3, 0.5)))
        yield from actor.move(closer, look)
        self.highest = float(actor.world.position(self.item.name)[2] - home[2])
        yield from actor.move(closer, (yaw, pitch - 0.1, roll - 0.35), seconds=0.6)
        yield from actor.move(closer, (yaw, pitch, roll), seconds=0.4)
        yield from carry(actor, self.item, home + np.array((0.0, 0.0, 0.05)))
        yield from put_down(actor, self.item, home)

    def achieved(self, world: HandWorld) -> bool:
        """It was up, and is back."""
        rolls = self.item.prop.rolls
        back = np.linalg.norm((world.position(self.item.name) - self.item.xyz_m)[:2]) < (0.12 if rolls else 0.04)
        return self.highest > 0.05 and bool(back) and not world.held


class Shake(Activity):
    """Shake a bottle."""

    faults = ("miss", "abandon")

    def arrange(self, stage: Stage) -> str:
        """A bottle or a caddy."""
        self.item = add_somewhere(stage, ["water_bottle", "shampoo_bottle", "spray_bottle", "tea_caddy", "thermos"])
        self.shaken = 0
        return f"shake the {self.item.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Up, to and fro, down."""
        home = actor.world.position(self.item.name)
        if not (yield from take(actor, self.item)):
            yield from actor.shift((-0.03, 0.0, 0.06))
            return
        yield from lift(actor, 0.10)
        yaw, pitch, roll = actor.angles
        for _ in range(int(actor.rng.integers(2, 4))):
            yield from actor.shift((0.02, 0.0, 0.035), seconds=0.22, angles=(yaw, pitch - 0.25, roll + 0.15))
            yield from actor.shift((-0.02, 0.0, -0.035), seconds=0.22, angles=(yaw, pitch + 0.2, roll - 0.15))
            self.shaken += int(actor.world.position(self.item.name)[2] > home[2] + 0.04)
        yield from actor.move(actor.point, (yaw, pitch, roll), seconds=0.3)
        yield from carry(actor, self.item, home + np.array((0.0, 0.0, 0.04)))
        yield from put_down(actor, self.item, home)

    def achieved(self, world: HandWorld) -> bool:
        """It was shaken in the air and stands again."""
        return self.shaken > 0 and bool(world.rotation(self.item.name)[2, 2] > 0.9) and not world.held


class Remove(Activity):
    """Take a thing away, out of view."""

    faults = ("miss", "drop", "abandon")

    def arrange(self, stage: Stage) -> str:
        """A thing."""
        self.item = add_somewhere(stage, grips("claw", "pinch", "wrap"))
        return f"take the {self.item.words} away"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Take it, and go with it."""
        if not (yield from take(actor, self.item)):
            yield from actor.shift((-0.02, 0.0, 0.07))
            return
        yield from lift(actor, 0.08)
        if actor.fault == "drop":
            yield from carry(actor, self.item, (-0.05, -0.1 * actor.side, 0.2))
            return
        yield from actor.leave()
        self.gone = actor.world.held == self.item.name
        actor.world.let_go()

    gone = False

    def achieved(self, world: HandWorld) -> bool:
        """It has left the view in the hand."""
        return self.gone and bool(world.position(self.item.name)[0] < -0.1)


class Pour(Activity):
    """Pour beads from a beaker into a vessel."""

    faults = ("miss", "abandon")

    def arrange(self, stage: Stage) -> str:
        """A beaker with beads, and a vessel further inwards."""
        side = stage.person.side
        kind = ("wash_basin", "bucket", "crate", "sieve")[int(stage.rng.integers(4))]
        made = VESSELS[kind].make((0.5, 0.5, 0.5))
        lower, upper = sorted((0.02 * side, 0.16 * side))
        at = stage.spot(made.outer_m, (0.12, lower), (0.24, upper))
        self.vessel = stage.add_vessel(kind, at, float(stage.rng.uniform(-0.4, 0.4)))
        low, high = sorted((-0.05 * side, -0.19 * side))
        spot = stage.spot(0.04, (0.08, low), (0.24, high))
        self.item = stage.add_beaker(spot)
        self.beads = stage.add_beads(7, BEAD_M, (*spot, 0.012), 0.012)
        return f"pour the beads from the {self.item.words} into the {self.vessel.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Up, over, tilt inwards, back."""
        home, vessel = actor.world.position(self.item.name), self.vessel.vessel
        if not (yield from take(actor, self.item)):
            yield from actor.shift((-0.03, 0.0, 0.06))
            return
        yield from lift(actor, vessel.rim_m + 0.05)
        over = actor.world.position(self.vessel.name) + np.array((0.0, -0.055 * actor.side, vessel.rim_m + 0.035))
        yield from carry(actor, self.item, over)
        yaw, pitch, roll = actor.angles
        yield from actor.shift((0.0, 0.0, 0.03), seconds=0.9 / actor.pace, angles=(yaw, pitch, roll - 1.15))
        yield from actor.shift((0.0, 0.0, 0.01), seconds=0.6, angles=(yaw, pitch, roll - 2.05))
        yield from actor.wait(0.4)
        yield from actor.move(actor.point, (yaw, pitch, roll), seconds=0.8)
        yield from carry(actor, self.item, home + np.array((0.0, 0.0, 0.04)))
        yield from put_down(actor, self.item, home)

    def achieved(self, world: HandWorld) -> bool:
        """Most of the beads are in the vessel."""
        vessel, centre = self.vessel.vessel, world.position(self.vessel.name)
        inside = [np.hypot(*(world.position(bead) - centre)[:2]) < vessel.radius_m for bead in self.beads]
        return sum(map(bool, inside)) > len(inside) / 2
