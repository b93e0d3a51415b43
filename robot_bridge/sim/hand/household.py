"""Props of bathroom, shelf and garden: bottles, fruit, stones, cloths."""

from math import cos, pi, sin
from typing import Dict, Tuple

from robot_bridge.sim.hand.props import Kind, Prop, collection, mixed, shaded
from robot_bridge.sim.shapes import Colour, Part, Thing

_WHITE, _BLACK, _METAL, _WOOD = (0.95, 0.95, 0.93), (0.10, 0.10, 0.11), (0.74, 0.76, 0.79), (0.70, 0.50, 0.28)


def _can(radius: float, half: float, colour: Colour, z: float = 0.0, solid: bool = True, weight: float = 1.0) -> Part:
    return Part("cylinder", (radius, half), colour, pos=(0, 0, z), solid=solid, weight=weight)


def _upright(
    name: str, noun: str, parts: Tuple[Part, ...], rest: float, radius: float, top: float, mass: float
) -> Prop:
    thing = Thing(name, parts, rest_m=rest, half_m=(radius, radius), mass_kg=mass)
    return Prop(thing, noun, top_m=top, grip="wrap", width_m=2 * radius, round=True)


def _water_bottle(colour: Colour) -> Prop:
    water = mixed(colour, _WHITE, 0.55)
    parts = (
        _can(0.030, 0.060, water, weight=6.0),
        _can(0.0305, 0.022, colour, solid=False),
        Part("ellipsoid", (0.030, 0.030, 0.020), water, pos=(0, 0, 0.060), solid=False),
        _can(0.013, 0.018, water, 0.084, weight=0.4),
        _can(0.0145, 0.009, shaded(colour, 0.8), 0.100, weight=0.2),
    )
    return _upright("water_bottle", "water bottle", parts, 0.060, 0.030, 0.169, 0.20)


def _shampoo_bottle(colour: Colour) -> Prop:
    parts = (
        Part("box", (0.031, 0.020, 0.058), colour, weight=6.0),
        Part("cylinder", (0.0202, 0.058), colour, pos=(0.028, 0, 0), solid=False),
        Part("cylinder", (0.0202, 0.058), colour, pos=(-0.028, 0, 0), solid=False),
        Part("box", (0.026, 0.0206, 0.028), _WHITE, pos=(0, 0, -0.006), solid=False),
        _can(0.015, 0.014, shaded(colour, 0.6), 0.071, weight=0.4),
    )
    thing = Thing("shampoo_bottle", parts, rest_m=0.058, half_m=(0.048, 0.020), mass_kg=0.22)
    return Prop(thing, "shampoo bottle", top_m=0.143, grip="wrap", width_m=0.042)


def _spray_bottle(colour: Colour) -> Prop:
    parts = (
        _can(0.031, 0.050, mixed(colour, _WHITE, 0.3), weight=6.0),
        Part("ellipsoid", (0.031, 0.031, 0.024), mixed(colour, _WHITE, 0.3), pos=(0, 0, 0.050), solid=False),
        _can(0.012, 0.016, _WHITE, 0.078, weight=0.4),
        Part("box", (0.028, 0.010, 0.011), colour, pos=(0.014, 0, 0.102), weight=0.4),
        Part("capsule", (0.004,), colour, ends=(0.026, 0, 0.092, 0.020, 0, 0.072), solid=False),
    )
    return _upright("spray_bottle", "spray bottle", parts, 0.050, 0.031, 0.163, 0.20)


def _tea_caddy(colour: Colour) -> Prop:
    parts = (
        _can(0.034, 0.036, shaded(colour, 0.75), weight=5.0),
        _can(0.0345, 0.016, (0.96, 0.93, 0.84), -0.004, solid=False),
        _can(0.032, 0.008, mixed(colour, _WHITE, 0.75), 0.044),
    )
    return _upright("tea_caddy", "tea caddy", parts, 0.036, 0.034, 0.088, 0.25)


def _thermos(colour: Colour) -> Prop:
    parts = (
        _can(0.034, 0.080, colour, weight=6.0),
        _can(0.0345, 0.005, _METAL, 0.045, solid=False),
        _can(0.030, 0.020, _METAL, 0.098),
    )
    return _upright("thermos", "thermos", parts, 0.080, 0.034, 0.198, 0.30)


def _paper_cup(colour: Colour) -> Prop:
    parts = (
        _can(0.033, 0.048, _WHITE, weight=5.0),
        _can(0.0345, 0.026, colour, -0.002, solid=False),
        _can(0.036, 0.004, (0.22, 0.15, 0.11), 0.050),
    )
    return _upright("paper_cup", "paper cup", parts, 0.048, 0.034, 0.102, 0.12)


def _candle(colour: Colour) -> Prop:
    wick = Part("capsule", (0.0015,), _BLACK, ends=(0, 0, 0.040, 0.002, 0, 0.052), solid=False)
    parts = (_can(0.029, 0.042, mixed(colour, _WHITE, 0.35)), wick)
    return _upright("candle", "candle", parts, 0.042, 0.029, 0.094, 0.18)


def _soap_bar(colour: Colour) -> Prop:
    soap = mixed(colour, _WHITE, 0.55)
    parts = (
        Part("box", (0.033, 0.022, 0.011), soap, weight=3.0),
        Part("ellipsoid", (0.030, 0.019, 0.005), shaded(soap, 0.93), pos=(0, 0, 0.010), solid=False),
    )
    return Prop(Thing("soap_bar", parts, 0.011, (0.033, 0.022), 0.09), "bar of soap", 0.024, "claw", 0.044, flat=True)


def _toothbrush(colour: Colour) -> Prop:
    bristles = Part("box", (0.013, 0.005, 0.006), _WHITE, pos=(0.066, 0, 0.010), solid=False)
    bar = Part("capsule", (0.0065,), colour, ends=(-0.075, 0, 0, 0.078, 0, 0))
    grip = Part("capsule", (0.0075,), mixed(colour, _WHITE, 0.6), ends=(-0.050, 0, 0, -0.012, 0, 0), solid=False)
    return Prop(
        Thing("toothbrush", (bar, grip, bristles), 0.0065, (0.08, 0.007), 0.03), "toothbrush", 0.016, "pinch", 0.014
    )


def _toothpaste(colour: Colour) -> Prop:
    parts = (
        Part("box", (0.052, 0.018, 0.012), _WHITE, weight=4.0),
        Part("box", (0.036, 0.0183, 0.0123), colour, pos=(-0.006, 0, 0), solid=False),
        Part("box", (0.004, 0.022, 0.003), _WHITE, pos=(-0.054, 0, 0), solid=False),
        Part("cylinder", (0.010, 0.010), colour, pos=(0.060, 0, 0), quat=(0.7071, 0, 0.7071, 0), weight=0.3),
    )
    return Prop(Thing("toothpaste", parts, 0.012, (0.068, 0.020), 0.10), "tube of toothpaste", 0.024, "claw", 0.036)


def _fruit(name: str, noun: str, radius: float, colour: Colour, squash: float = 1.0, stem: bool = True) -> Prop:
    parts = [
        Part("sphere", (radius,), colour, solid=True),
        Part("ellipsoid", (radius * 1.06, radius * 1.06, radius * squash), colour, solid=False),
    ]
    if stem:
        top = radius * squash * 0.9
        parts.append(
            Part("capsule", (0.0022,), (0.32, 0.22, 0.12), ends=(0, 0, top, 0.003, 0, top + 0.013), solid=False)
        )
        leaf = Part(
            "ellipsoid", (0.011, 0.006, 0.002), (0.25, 0.52, 0.18), pos=(0.010, 0.004, top + 0.008), solid=False
        )
        parts.append(leaf)
    thing = Thing(name, tuple(parts), radius, (radius, radius), 0.13)
    return Prop(thing, noun, 2 * radius, "claw", 2 * radius, round=True, rolls=True)


def _apple(_: Colour) -> Prop:
    return _fruit("apple", "apple", 0.035, (0.76, 0.16, 0.14))


def _peach(_: Colour) -> Prop:
    return _fruit("peach", "peach", 0.033, (0.96, 0.62, 0.42), squash=0.95)


def _lime(_: Colour) -> Prop:
    return _fruit("lime", "lime", 0.026, (0.42, 0.68, 0.16), stem=False)


def _plum(_: Colour) -> Prop:
    return _fruit("plum", "plum", 0.026, (0.35, 0.12, 0.30), stem=False)


def _avocado(_: Colour) -> Prop:
    skin = (0.20, 0.30, 0.13)
    parts = (
        Part("sphere", (0.031,), skin, weight=4.0),
        Part("capsule", (0.019,), skin, ends=(0, 0, 0.016, 0, 0, 0.034)),
        Part("capsule", (0.0022,), (0.32, 0.22, 0.12), ends=(0, 0, 0.051, 0, 0, 0.054), solid=False),
        Part("cylinder", (0.018, 0.0015), skin, pos=(0, 0, -0.0295), weight=2.0),
    )
    return Prop(Thing("avocado", parts, 0.031, (0.031, 0.031), 0.14), "avocado", 0.084, "claw", 0.056, round=True)


def _pebble(_: Colour) -> Prop:
    parts = (
        Part("ellipsoid", (0.034, 0.026, 0.015), (0.52, 0.51, 0.48)),
        Part("ellipsoid", (0.020, 0.0262, 0.013), (0.64, 0.62, 0.58), pos=(0.004, 0, 0.0015), solid=False),
    )
    return Prop(Thing("pebble", parts, 0.015, (0.034, 0.026), 0.12), "pebble", 0.030, "claw", 0.050)


def _pine_cone(_: Colour) -> Prop:
    scale = (0.44, 0.30, 0.18)
    core = Part("capsule", (0.020,), (0.33, 0.21, 0.12), ends=(-0.018, 0, 0, 0.018, 0, 0))
    scales = tuple(
        Part(
            "ellipsoid",
            (0.007, 0.006, 0.004),
            scale,
            pos=(x, 0.020 * cos(angle + x * 80), 0.020 * sin(angle + x * 80)),
            solid=False,
        )
        for x in (-0.020, -0.006, 0.008, 0.022)
        for angle in (0.3, 0.3 + 2 * pi / 3, 0.3 + 4 * pi / 3)
    )
    return Prop(Thing("pine_cone", (core, *scales), 0.020, (0.038, 0.020), 0.05), "pine cone", 0.040, "claw", 0.042)


def _cactus(colour: Colour) -> Prop:
    clay = mixed(colour, (0.75, 0.38, 0.22), 0.2)
    leaves = tuple(
        Part("ellipsoid", (0.016, 0.007, 0.016), (0.20, 0.52, 0.20),
             pos=(0.012 * cos(a), 0.012 * sin(a), 0.046), quat=(cos(a / 2), 0, 0, sin(a / 2)), solid=False)
        for a in (0.2, 1.5, 2.8, 4.0, 5.3)
    )  # fmt: skip
    parts = (
        _can(0.029, 0.028, clay, weight=5.0),
        _can(0.034, 0.008, clay, 0.024),
        _can(0.030, 0.001, (0.25, 0.17, 0.11), 0.0325, solid=False),
        *leaves,
    )
    thing = Thing("cactus", parts, rest_m=0.028, half_m=(0.034, 0.034), mass_kg=0.20)
    return Prop(thing, "cactus", top_m=0.072, grip="claw", width_m=0.068, round=True)


def _seed_packet(colour: Colour) -> Prop:
    parts = (
        Part("box", (0.042, 0.030, 0.004), (0.95, 0.92, 0.80)),
        Part("box", (0.026, 0.026, 0.0006), colour, pos=(-0.012, 0, 0.0042), solid=False),
        Part("cylinder", (0.014, 0.0006), (0.98, 0.85, 0.30), pos=(-0.012, 0, 0.0050), solid=False),
    )
    return Prop(
        Thing("seed_packet", parts, 0.004, (0.042, 0.030), 0.05), "seed packet", 0.008, "drag", 0.060, flat=True
    )


def _cloth(name: str, noun: str, half: Tuple[float, float]) -> Kind:
    def make(colour: Colour) -> Prop:
        stripe = mixed(colour, _WHITE, 0.6)
        parts = (
            Part("box", (*half, 0.005), colour),
            *(
                Part("box", (0.005, half[1] + 0.0004, 0.0054), stripe, pos=(x * half[0], 0, 0), solid=False)
                for x in (-0.8, 0.8)
            ),
            Part("ellipsoid", (half[0] * 0.7, 0.012, 0.006), colour, pos=(0, half[1] * 0.5, 0.004), solid=False),
            Part(
                "ellipsoid",
                (half[0] * 0.6, 0.010, 0.005),
                shaded(colour, 0.9),
                pos=(0, -half[1] * 0.4, 0.004),
                solid=False,
            ),
        )
        return Prop(Thing(name, parts, 0.005, half, 0.06), noun, 0.010, "drag", 2 * half[1], flat=True)

    return Kind(make, tinted=True)


HOUSEHOLD: Dict[str, Kind] = collection(
    [
        *[
            (name, Kind(make, tinted=True))
            for name, make in (
                ("water_bottle", _water_bottle),
                ("shampoo_bottle", _shampoo_bottle),
                ("spray_bottle", _spray_bottle),
                ("tea_caddy", _tea_caddy),
                ("thermos", _thermos),
                ("paper_cup", _paper_cup),
                ("candle", _candle),
                ("soap_bar", _soap_bar),
                ("toothbrush", _toothbrush),
                ("toothpaste", _toothpaste),
                ("cactus", _cactus),
                ("seed_packet", _seed_packet),
            )
        ],
        *[
            (name, Kind(make, tinted=False))
            for name, make in (
                ("apple", _apple),
                ("peach", _peach),
                ("lime", _lime),
                ("plum", _plum),
                ("avocado", _avocado),
                ("pebble", _pebble),
                ("pine_cone", _pine_cone),
            )
        ],
        ("face_cloth", _cloth("face_cloth", "face cloth", (0.050, 0.045))),
        ("duster", _cloth("duster", "duster", (0.060, 0.040))),
    ]
)
"""Household and garden props by name."""
