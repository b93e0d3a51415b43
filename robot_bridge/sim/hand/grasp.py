"""How the hand takes hold of a thing and puts it down, and how it works a fixture's handle.

The fingers close by their actuators until they touch. When the thumb and a finger (or the palm) touch the thing, it is
fastened to the palm where it is, by a weld constraint, until the hand opens: fingers of capsules would let a heavy
bottle slip in a way that no human hand does. Handles are fastened by one point; all pushing, dragging, pressing, wiping
and sweeping is plain contact and friction.
"""

from typing import Generator, Iterator

import numpy as np

from robot_bridge.sim.hand.actor import Actor, Angles, Point, minimum_jerk, turned
from robot_bridge.sim.hand.items import FixtureItem, Holdable, Item, PropItem, VesselItem
from robot_bridge.sim.hand.postures import between
from robot_bridge.sim.hand.world import TICK_S

FINGERS = ("index", "middle", "ring", "little")
OPENING_M = 0.042
"""How much wider than the thing the hand opens."""

SQUEEZE = 0.35
"""How much further than the touch the fingers are told to close, of the whole way."""

HANDLE_M = 0.024
NEAR_M = 0.045
"""A finger tip this near to the middle of a handle is at it."""

LOWEST_M = 0.011
"""Finger tips go no lower above the ground than this."""

Done = Generator[None, None, bool]


def take(actor: Actor, item: Holdable) -> Done:
    """Reach for a thing and take hold of it; False where the fingers closed on nothing."""
    if isinstance(item, VesselItem):
        return (yield from _take_around(actor, item, 2.0 * item.vessel.radius_m, item.vessel.rim_m, 0.0))
    prop = item.prop
    if prop.grip == "wrap":
        return (yield from _take_around(actor, item, prop.width_m, prop.top_m, prop.thing.rest_m))
    return (yield from _take_from_above(actor, item))


def _missed(actor: Actor) -> np.ndarray:
    """Where a hand reaches that misses, relative to the thing."""
    if actor.fault != "miss":
        return np.zeros(3)
    angle = actor.rng.uniform(0.0, 2 * np.pi)
    return 0.085 * np.array((np.cos(angle), np.sin(angle), 0.0)) + np.array((0.0, 0.0, 0.01))


def _take_from_above(actor: Actor, item: PropItem) -> Done:
    world, prop = actor.world, item.prop
    centre = world.position(item.name)
    top = centre[2] + prop.top_m - prop.thing.rest_m
    low = centre[2] - prop.thing.rest_m
    depth = 0.016 if prop.top_m < 0.05 else 0.026
    goal = np.array((centre[0], centre[1], max(low + LOWEST_M, top - depth))) + _missed(actor)
    axis = world.rotation(item.name)[:, 0]
    heading = np.arctan2(axis[1], axis[0]) + np.pi / 2
    yaw = actor.facing(goal) if prop.round else actor.along(heading, goal)
    closure = actor.closure(prop.grip)
    pitch = float(np.clip(closure.level_at(prop.width_m) + actor.rng.uniform(0.0, 0.15), 0.15, 0.6))
    angles: Angles = (yaw, pitch, float(actor.rng.uniform(-0.1, 0.1)))
    opened = actor.spread = between(prop.grip, closure.share_at(prop.width_m + OPENING_M))
    actor.tool(closure.middle_at(prop.width_m))
    back = turned((yaw, 0.0, 0.0), actor.side)[:, 0]
    yield from actor.move(goal + np.array((0, 0, 0.075)) - 0.025 * back, angles, opened, arc_m=0.03)
    if actor.fault == "abandon":
        yield from actor.wait(0.3)
        return False
    yield from actor.move(goal, angles, opened, seconds=0.45 / actor.pace)
    return (yield from _close(actor, item, prop.grip, closure.share_at(prop.width_m)))


def _take_around(actor: Actor, item: Holdable, width_m: float, top_m: float, rest_m: float) -> Done:
    """Around an upright body, thumb up, from the side."""
    world = actor.world
    centre = world.position(item.name)
    height = centre[2] - rest_m + max(0.058, min(0.55 * top_m, top_m - 0.03))
    goal = np.array((centre[0], centre[1], height)) + _missed(actor)
    yaw = actor.facing(goal, 0.15) + 0.25
    angles: Angles = (yaw, float(actor.rng.uniform(0.08, 0.22)), float(actor.rng.uniform(1.15, 1.35)))
    scale = world.person.scale
    opened = actor.spread = between("wrap", actor.closure("wrap").share_at(width_m + OPENING_M + 0.01))
    actor.tool((0.082 * scale, 0.004 * actor.side, -(0.017 * scale + width_m / 2)))
    yield from actor.move(goal - 0.11 * _into(angles, actor.side) + np.array((0, 0, 0.02)), angles, opened, arc_m=0.02)
    if actor.fault == "abandon":
        yield from actor.wait(0.3)
        return False
    yield from actor.move(goal, angles, opened, seconds=0.5 / actor.pace)
    return (yield from _close(actor, item, "wrap", actor.closure("wrap").share_at(width_m)))


def _close(actor: Actor, item: Item, family: str, share: float) -> Done:
    """Close the fingers until they hold; a miss closes them altogether."""
    yield from actor.bend(between(family, min(1.0, share + SQUEEZE)), 0.32 / actor.pace)
    yield from actor.wait(0.06)
    if _has_hold(actor, item):
        actor.world.hold(item.name, item.fixture.handle if isinstance(item, FixtureItem) else (0.0, 0.0, 0.0))
        return True
    yield from actor.bend(between(family, 0.9), 0.2)
    return False


def _has_hold(actor: Actor, item: Item) -> bool:
    """Two sides of the hand hold a thing; one finger is enough that is at a handle or an edge."""
    touched = actor.world.touching(item.name)
    fingers = any(finger in touched for finger in FINGERS)
    if isinstance(item, FixtureItem):
        handle = actor.world.point(item.name, item.fixture.handle)
        nearest = min(
            np.linalg.norm(actor.world.site(f"{digit}_tip") - handle) for digit in ("index", "middle", "thumb")
        )
        return bool(nearest < NEAR_M) and (fingers or "thumb" in touched)
    return len({"thumb", "palm"} & set(touched)) + int(fingers) >= 2


def lift(actor: Actor, height_m: float) -> Iterator[None]:
    """Straight up, a little towards the person."""
    yield from actor.shift((-0.01, 0.0, height_m))


def carry(actor: Actor, item: Holdable, goal: Point, arc_m: float = 0.02) -> Done:
    """Bring the held thing's origin to ``goal``; False where it fell on the way."""
    target = _tool_for(actor, item, goal)
    if actor.fault == "drop":
        early = actor.point + float(actor.rng.uniform(0.15, 0.35)) * (target - actor.point)
        yield from actor.move(early)
        yield from open_hand(actor, 0.2)
        yield from actor.wait(0.4)
        return False
    yield from actor.move(target, arc_m=arc_m)
    return True


def _tool_for(actor: Actor, item: Holdable, goal: Point) -> np.ndarray:
    """Where the tool has to be for the held thing to be at ``goal``."""
    return np.array(goal) - (actor.world.position(item.name) - actor.reached())


def put_down(actor: Actor, item: Holdable, goal: Point) -> Iterator[None]:
    """Lower the held thing until its origin is at ``goal``, correct once, let go and draw back."""
    yield from actor.move(_tool_for(actor, item, goal), seconds=0.5 / actor.pace)
    yield from actor.wait(0.08)
    yield from actor.move(actor.point + np.array(goal) - actor.world.position(item.name), seconds=0.14)
    yield from release(actor, item)


def release(actor: Actor, item: Holdable) -> Iterator[None]:
    """Open the hand and draw it back the way it came: up or, from around an upright body, backwards."""
    yield from open_hand(actor, 0.28 / actor.pace)
    around = isinstance(item, VesselItem) or item.prop.grip == "wrap"
    back = -0.11 * _into(actor.angles, actor.side) + np.array((0, 0, 0.01)) if around else np.array((0, 0, 0.085))
    yield from actor.shift(back, seconds=0.5 / actor.pace)


def open_hand(actor: Actor, seconds: float) -> Iterator[None]:
    """Let go, and spread the fingers as they were before they closed."""
    actor.world.let_go()
    yield from actor.bend(actor.spread, seconds)


def _into(angles: Angles, side: float) -> np.ndarray:
    """The horizontal direction in which an upright body comes to lie between thumb and fingers."""
    frame = turned(angles, side)
    way = (frame[:, 0] - 0.8 * frame[:, 2]) * (1.0, 1.0, 0.0)
    return way / np.linalg.norm(way)


def take_handle(actor: Actor, item: FixtureItem, tilt_rad: float = 0.0) -> Done:
    """Take hold of a fixture's handle with three fingers, the hand pitched ``tilt_rad`` more or less than usual.

    Returns False where the fingers closed on nothing.
    """
    fixture = item.fixture
    goal = actor.world.point(item.name, fixture.handle)
    heading = actor.side * item.yaw_rad
    yaw = heading + float(np.clip(actor.facing(goal, 0.1) - heading, -0.5, 0.5))
    angles: Angles = (yaw, fixture.pitch_rad - tilt_rad, float(actor.rng.uniform(-0.1, 0.1)))
    return (yield from grip_here(actor, item, goal, angles, HANDLE_M))


def grip_here(actor: Actor, item: FixtureItem, goal: np.ndarray, angles: Angles, width_m: float) -> Done:
    """Close three fingers on a part of a fixture, ``width_m`` wide, at ``goal``; False where they touch nothing."""
    goal = goal + _missed(actor)
    closure = actor.closure("pinch")
    opened = actor.spread = between("pinch", closure.share_at(width_m + 0.03))
    actor.tool(closure.middle_at(width_m))
    away = -0.05 * turned(angles, actor.side)[:, 0] + np.array((0.0, 0.0, 0.05))
    yield from actor.move(goal + away, angles, opened, arc_m=0.03)
    if actor.fault == "abandon":
        yield from actor.wait(0.3)
        return False
    yield from actor.move(goal, angles, opened, seconds=0.4 / actor.pace)
    return (yield from _close(actor, item, "pinch", closure.share_at(width_m)))


def lead(actor: Actor, item: FixtureItem, goal: float, seconds: float, tilt_rad: float = 0.0) -> Iterator[None]:
    """Lead a held handle along the way its joint allows to the joint position ``goal``, pitching by ``tilt_rad``."""
    begin = actor.world.joint(item.name)
    offset = actor.point - handle_at(item, begin)
    pitch = actor.angles[1]
    ticks = max(1, round(seconds / actor.pace / TICK_S))
    for tick in range(1, ticks + 1):
        share = minimum_jerk(tick / ticks)
        point = handle_at(item, begin + share * (goal - begin)) + offset
        actor.set(point, np.array((actor.angles[0], pitch + share * tilt_rad, actor.angles[2])), actor.digits)
        yield


def handle_at(item: FixtureItem, position: float) -> np.ndarray:
    """(3,) where the handle is in the world [m] when the joint is at ``position``."""
    fixture = item.fixture
    axis, anchor = np.array(fixture.axis, dtype=float), np.array(fixture.anchor, dtype=float)
    handle = np.array(fixture.handle, dtype=float)
    local = (
        handle + position * axis if fixture.joint == "slide" else anchor + _about(axis, position) @ (handle - anchor)
    )
    return np.array(item.xyz_m) + turned((item.yaw_rad, 0.0, 0.0), 1.0) @ local


def _about(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rotation about an axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([(0, -z, y), (z, 0, -x), (-y, x, 0)])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
