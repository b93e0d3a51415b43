"""Pick and place: onto a mat, into a vessel, out of a vessel, onto each other."""

from typing import Any, Dict, Iterator, Tuple

import numpy as np

from robot_bridge.sim.hand.activities.activity import Activity, add_somewhere, apart, flat_kinds, grips
from robot_bridge.sim.hand.actor import Actor
from robot_bridge.sim.hand.grasp import carry, lift, put_down, release, take
from robot_bridge.sim.hand.items import PropItem
from robot_bridge.sim.hand.stage import PROPS, Stage
from robot_bridge.sim.hand.vessels import MAT_M, MATS, VESSELS
from robot_bridge.sim.hand.world import HandWorld

HELD = ("miss", "drop", "abandon")


def _some(stage: Stage, names: Dict[str, Any]) -> str:
    kinds = list(names)
    return kinds[int(stage.rng.integers(len(kinds)))]


class PlaceOn(Activity):
    """Put a thing on a mat."""

    faults = HELD

    def arrange(self, stage: Stage) -> str:
        """A thing and a mat."""
        mat = MATS[_some(stage, MATS)]
        kind = next(name for name, made in MATS.items() if made is mat)
        at = stage.spot(max(mat.half_m))
        self.mat, self.kind = stage.add_mat(kind, at, float(stage.rng.uniform(-0.5, 0.5)))
        self.item = add_somewhere(stage, grips("claw", "pinch", "wrap"))
        return f"put the {self.item.words} on the {self.mat.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Take it, carry it over, put it down."""
        yield from _take_to(actor, self.item, (self.mat.xyz_m[0], self.mat.xyz_m[1], 2 * MAT_M), 0.07)

    def achieved(self, world: HandWorld) -> bool:
        """It stands on the mat, and nobody holds it."""
        centre = world.position(self.item.name)
        distance = np.hypot(centre[0] - self.mat.xyz_m[0], centre[1] - self.mat.xyz_m[1])
        return bool(distance < min(self.kind.half_m) and not world.held and centre[2] < 0.12)


def _take_to(actor: Actor, item: PropItem, ground: Tuple[float, float, float], height_m: float) -> Iterator[None]:
    """Take a thing, carry it ``height_m`` above the table, put it down on ``ground``."""
    rest = item.prop.thing.rest_m
    if not (yield from take(actor, item)):
        yield from actor.shift((-0.02, 0.0, 0.07))
        return
    yield from lift(actor, height_m)
    above = (ground[0], ground[1], ground[2] + rest + height_m * 0.6)
    if not (yield from carry(actor, item, above)):
        return
    yield from put_down(actor, item, (ground[0], ground[1], ground[2] + rest + 0.001))


class PlaceIn(Activity):
    """Put a thing into a vessel."""

    faults = HELD

    def arrange(self, stage: Stage) -> str:
        """A vessel and a small thing."""
        kind = _some(stage, VESSELS)
        radius = VESSELS[kind].make((0.5, 0.5, 0.5)).outer_m
        at = stage.spot(radius)
        self.vessel = stage.add_vessel(kind, at, float(stage.rng.uniform(-0.4, 0.4)))
        small = [name for name in grips("claw", "pinch") if PROPS[name].make((0.5, 0.5, 0.5)).reach_m < 0.078]
        self.item = add_somewhere(stage, small)
        return f"put the {self.item.words} into the {self.vessel.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Take it, carry it over the rim, let it drop."""
        vessel, prop = self.vessel.vessel, self.item.prop
        if not (yield from take(actor, self.item)):
            yield from actor.shift((-0.02, 0.0, 0.07))
            return
        yield from lift(actor, vessel.rim_m + 0.06)
        at = actor.world.position(self.vessel.name)
        above = (at[0], at[1], vessel.rim_m + prop.thing.rest_m + 0.045)
        if not (yield from carry(actor, self.item, above)):
            return
        yield from actor.shift((0.0, 0.0, -0.035), seconds=0.3)
        yield from release(actor, self.item)

    def achieved(self, world: HandWorld) -> bool:
        """It lies inside."""
        vessel = self.vessel.vessel
        inside = apart(world, self.item.name, self.vessel.name) < vessel.radius_m
        return bool(inside) and not world.held and bool(world.position(self.item.name)[2] < vessel.rim_m + 0.05)


class TakeOut(Activity):
    """Take a thing out of a vessel."""

    faults = ("miss", "abandon")

    def arrange(self, stage: Stage) -> str:
        """A tall thing in a low vessel, and room beside it."""
        kind = ("crate", "wash_basin", "sieve", "shoe_box")[int(stage.rng.integers(4))]
        made = VESSELS[kind].make((0.5, 0.5, 0.5))
        at = stage.spot(made.outer_m)
        self.vessel = stage.add_vessel(kind, at, float(stage.rng.uniform(-0.3, 0.3)))
        tall = [name for name in grips("claw") if 0.040 <= PROPS[name].make((0.5, 0.5, 0.5)).top_m <= 0.09]
        tall = [name for name in tall if PROPS[name].make((0.5, 0.5, 0.5)).reach_m < 0.055]
        drawn = stage.draw(tall)
        inside = (at[0] + float(stage.rng.uniform(-0.01, 0.01)), at[1] + float(stage.rng.uniform(-0.01, 0.01)))
        self.item = stage.add_prop(drawn, inside, stage.yaw(inside, 0.3), made.floor_m)
        self.goal = stage.spot(drawn[2].reach_m + 0.01)
        return f"take the {self.item.words} out of the {self.vessel.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Take it, lift it over the rim, put it down beside."""
        yield from _take_to(actor, self.item, (*self.goal, 0.0), 0.10)

    def achieved(self, world: HandWorld) -> bool:
        """It lies beside the vessel."""
        vessel = self.vessel.vessel
        return apart(world, self.item.name, self.vessel.name) > vessel.radius_m + 0.02 and not world.held


class Stack(Activity):
    """Put a flat thing on another one."""

    faults = HELD

    def arrange(self, stage: Stage) -> str:
        """Two flat things."""
        kinds = flat_kinds()
        below = [
            kind for kind in (*kinds, "notebook", "calculator") if PROPS[kind].make((0.5, 0.5, 0.5)).width_m > 0.034
        ]
        self.below = add_somewhere(stage, below, 0.01)
        self.item = add_somewhere(stage, kinds)
        return f"stack the {self.item.words} on the {self.below.words}"

    def perform(self, actor: Actor) -> Iterator[None]:
        """Take the one, put it on the other, exactly."""
        prop = self.below.prop
        at = actor.world.position(self.below.name)
        yield from _take_to(actor, self.item, (at[0], at[1], at[2] + prop.top_m - prop.thing.rest_m), 0.09)

    def achieved(self, world: HandWorld) -> bool:
        """The one stands on the other."""
        higher = world.position(self.item.name)[2] - world.position(self.below.name)[2]
        return apart(world, self.item.name, self.below.name) < 0.035 and higher > 0.012 and not world.held
