"""The things of the source tasks (phase 2) and a baguette, which the four tasks and their tests never show."""

from math import cos, pi, sin
from typing import List, Tuple

from robot_bridge.sim.shapes import Colour, Part, Thing, ball, bar

SIDEWAYS = (0.7071068, 0.7071068, 0.0, 0.0)
"""Turns a shape's own z axis along y."""


def _pear() -> Thing:
    green, blush, stalk = (0.70, 0.80, 0.22), (0.80, 0.74, 0.24), (0.36, 0.24, 0.12)
    parts = (
        bar(0.0190, -0.020, -0.008, green, weight=3.0),
        bar(0.0150, -0.004, 0.012, green, z=-0.003),
        bar(0.0105, 0.014, 0.030, blush, z=-0.007, weight=0.5),
        Part("capsule", (0.0028,), stalk, ends=(0.038, 0, -0.005, 0.054, 0.004, 0.004), solid=False),
    )
    return Thing("pear", parts, rest_m=0.0190, half_m=(0.045, 0.0190))


def _chili() -> Thing:
    """A red pod in five tapering segments, slightly bent, with a green cap."""
    red, green = (0.86, 0.07, 0.05), (0.16, 0.52, 0.14)
    radii = (0.0150, 0.0140, 0.0120, 0.0095, 0.0065)
    parts: List[Part] = []
    for index, radius in enumerate(radii):
        x, height = -0.026 + 0.018 * index, radius - 0.0150
        bend = [0.0020 * max(0, step - 1) ** 2 for step in (index, index + 1)]
        parts.append(Part("capsule", (radius,), red, ends=(x, bend[0], height, x + 0.016, bend[1], height)))
    cap = Part("ellipsoid", (0.006, 0.0155, 0.0155), green, pos=(-0.036, 0, 0), solid=False)
    stalk = Part("capsule", (0.0042,), green, ends=(-0.042, 0, 0, -0.060, -0.006, 0.006), solid=False)
    return Thing("chili", (*parts, cap, stalk), rest_m=0.0150, half_m=(0.066, 0.020))


def _hot_dog() -> Thing:
    """A sausage that sticks out of a bun, with a wavy line of mustard."""
    bun, sausage, mustard = (0.90, 0.70, 0.40), (0.70, 0.22, 0.14), (0.99, 0.85, 0.10)
    waves = tuple(
        Part(
            "capsule",
            (0.0026,),
            mustard,
            ends=(x, side * 0.004, 0.0205, x + 0.012, -side * 0.004, 0.0205),
            solid=False,
        )
        for x, side in ((-0.036, 1), (-0.024, -1), (-0.012, 1), (0.0, -1), (0.012, 1), (0.024, -1))
    )
    halves = tuple(
        Part("capsule", (0.0120,), bun, ends=(-0.034, y, -0.002, 0.034, y, -0.002), weight=2.0) for y in (-0.006, 0.006)
    )
    return Thing("hot_dog", (*halves, bar(0.0100, -0.044, 0.044, sausage, z=0.0095), *waves), 0.014, (0.054, 0.018))


def _toy_car() -> Thing:
    paint, glass, tyre, lamp = (0.10, 0.38, 0.86), (0.70, 0.88, 0.96), (0.10, 0.10, 0.11), (0.99, 0.93, 0.50)
    wheels = tuple(
        Part("cylinder", (0.0085, 0.0030), tyre, pos=(x, y, -0.0065), quat=SIDEWAYS, solid=False)
        for x in (-0.021, 0.021)
        for y in (-0.0155, 0.0155)
    )
    lamps = tuple(ball(0.0035, lamp, x=0.0355, y=y, z=-0.003, solid=False) for y in (-0.009, 0.009))
    parts = (
        Part("box", (0.036, 0.0150, 0.0085), paint, pos=(0, 0, -0.0065), weight=4.0),
        Part("box", (0.017, 0.0130, 0.0075), glass, pos=(-0.004, 0, 0.0095)),
        Part("box", (0.015, 0.0135, 0.0015), paint, pos=(-0.004, 0, 0.0185), solid=False),
    )
    return Thing("toy_car", (*parts, *wheels, *lamps), rest_m=0.015, half_m=(0.038, 0.0185), mass_kg=0.05)


def _spoon() -> Thing:
    """A wooden spoon: a thick handle, a flat bowl at its end."""
    wood, dark = (0.85, 0.62, 0.36), (0.62, 0.40, 0.20)
    parts = (
        Part("box", (0.040, 0.0085, 0.0090), wood, weight=4.0),
        Part("box", (0.014, 0.0170, 0.0040), wood, pos=(0.054, 0, -0.0050)),
        Part("ellipsoid", (0.024, 0.0195, 0.0075), wood, pos=(0.054, 0, -0.0010), solid=False),
        Part("ellipsoid", (0.016, 0.0125, 0.0040), dark, pos=(0.055, 0, 0.0050), solid=False),
        Part("box", (0.004, 0.0089, 0.0094), (0.86, 0.20, 0.50), pos=(-0.030, 0, 0), solid=False),
        Part("box", (0.004, 0.0089, 0.0094), (0.86, 0.20, 0.50), pos=(-0.016, 0, 0), solid=False),
    )
    return Thing("spoon", parts, rest_m=0.009, half_m=(0.078, 0.0195))


def _screwdriver() -> Thing:
    handle, band, steel = (0.98, 0.58, 0.06), (0.12, 0.12, 0.14), (0.80, 0.83, 0.87)
    parts = (
        bar(0.0150, -0.028, 0.008, handle, weight=4.0),
        Part("capsule", (0.0156,), band, ends=(-0.006, 0, 0, -0.004, 0, 0), solid=False),
        Part("capsule", (0.0048,), steel, ends=(0.020, 0, -0.0095, 0.062, 0, -0.0095), weight=0.5),
        Part("box", (0.006, 0.0065, 0.0020), steel, pos=(0.066, 0, -0.0100), solid=False),
    )
    return Thing("screwdriver", parts, rest_m=0.0150, half_m=(0.072, 0.0150))


def _baguette() -> Thing:
    crust, cut = (0.80, 0.56, 0.26), (0.96, 0.86, 0.62)
    cuts = tuple(
        Part("capsule", (0.0026,), cut, ends=(x - 0.005, -0.007, 0.0145, x + 0.005, 0.007, 0.0145), solid=False)
        for x in (-0.030, -0.015, 0.0, 0.015, 0.030)
    )
    parts = (bar(0.0165, -0.034, 0.034, crust, weight=3.0), bar(0.0120, -0.048, 0.048, crust, z=-0.0045))
    return Thing("baguette", parts + cuts, rest_m=0.0165, half_m=(0.060, 0.0165))


def _orange() -> Thing:
    peel, navel = (0.98, 0.56, 0.04), (0.42, 0.56, 0.14)
    top = Part("cylinder", (0.0045, 0.0014), navel, pos=(0, 0, 0.0222), solid=False)
    return Thing("orange", (ball(0.0225, peel), top), rest_m=0.0225, half_m=(0.0225, 0.0225), mass_kg=0.08)


def _jar() -> Thing:
    jam, lid, label = (0.55, 0.10, 0.30), (0.93, 0.93, 0.90), (0.97, 0.90, 0.72)
    parts = (
        Part("cylinder", (0.0205, 0.0260), jam),
        Part("cylinder", (0.0215, 0.0055), lid, pos=(0, 0, 0.0260), solid=False),
        Part("cylinder", (0.0208, 0.0090), label, pos=(0, 0, -0.004), solid=False),
    )
    return Thing("jar", parts, rest_m=0.026, half_m=(0.0215, 0.0215), mass_kg=0.09)


def _die() -> Thing:
    ivory, dot, half = (0.96, 0.95, 0.92), (0.10, 0.10, 0.12), 0.0185
    places = ((0.0, 0.0), (0.009, 0.009), (-0.009, -0.009), (0.009, -0.009), (-0.009, 0.009))
    top = [Part("cylinder", (0.0036, 0.0005), dot, pos=(x, y, half), solid=False) for x, y in places]
    side = [Part("ellipsoid", (0.0036, 0.0006, 0.0036), dot, pos=(x, half, z), solid=False) for x, z in places[:3]]
    edge = [Part("ellipsoid", (0.0006, 0.0036, 0.0036), dot, pos=(-half, y, z), solid=False) for y, z in places[1:3]]
    box = Part("box", (half, half, half), ivory)
    return Thing("die", (box, *top, *side, *edge), rest_m=half, half_m=(half, half), mass_kg=0.06)


def _doughnut() -> Thing:
    """A ring of dough under a ring of icing, in eight segments each."""
    dough, icing = (0.84, 0.62, 0.34), (0.96, 0.52, 0.68)
    return Thing("doughnut", _ring(0.0120, 0.0, dough, True) + _ring(0.0105, 0.0035, icing, False), 0.012, (0.03, 0.03))


def _ring(radius: float, z: float, colour: Colour, solid: bool) -> Tuple[Part, ...]:
    ring, turns = 0.0185, [2 * pi * step / 8 for step in range(9)]
    return tuple(
        Part(
            "capsule",
            (radius,),
            colour,
            ends=(ring * cos(a), ring * sin(a), z, ring * cos(b), ring * sin(b), z),
            solid=solid,
        )
        for a, b in zip(turns, turns[1:])
    )


SOURCE_THINGS: Tuple[Thing, ...] = (
    _pear(),
    _chili(),
    _hot_dog(),
    _toy_car(),
    _spoon(),
    _screwdriver(),
    _baguette(),
    _orange(),
    _jar(),
    _die(),
    _doughnut(),
)
"""Six targets of source tasks, one of an axis' targets, and the distractors of the source tasks."""
