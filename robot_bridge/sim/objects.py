"""The things a gripper can hold, built from primitives: here those of the four tasks and the unseen ones."""

from math import cos, pi, sin
from typing import Dict, List, Tuple

from robot_bridge.sim.shapes import Colour, Part, Thing, ball, bar
from robot_bridge.sim.source_objects import SOURCE_THINGS


def _croissant() -> Thing:
    """Seven tapering segments along an arc, in alternating shades of crust; it stands on three of them."""
    crusts = ((0.86, 0.55, 0.20), (0.76, 0.42, 0.12))
    radii = (0.0080, 0.0125, 0.0165, 0.0190, 0.0165, 0.0125, 0.0080)
    arc = 0.040
    parts: List[Part] = []
    for index, radius in enumerate(radii):
        angles = [(-1.22 + 2.44 * (index + step) / 7.0) for step in (0.12, 0.88)]
        height = radius - 0.019 + (0.0 if index in (0, 3, 6) else 0.0007)
        ends = tuple(value for angle in angles for value in (arc * sin(angle), arc * (cos(angle) - 1.0), height))
        parts.append(Part("capsule", (radius,), crusts[index % 2], ends=ends, weight=radius**2))
    return Thing("croissant", tuple(parts), rest_m=0.019, half_m=(0.047, 0.030))


def _sweet_potato() -> Thing:
    skin, light, dark = (0.72, 0.30, 0.16), (0.80, 0.42, 0.22), (0.52, 0.20, 0.14)
    parts = (
        bar(0.0185, -0.016, 0.016, skin, weight=3.0),
        bar(0.0135, -0.034, 0.034, light),
        bar(0.0075, -0.050, 0.050, dark),
        Part("ellipsoid", (0.006, 0.004, 0.002), dark, pos=(0.010, -0.008, 0.0165), solid=False),
        Part("ellipsoid", (0.007, 0.003, 0.002), dark, pos=(-0.012, 0.006, 0.0170), solid=False),
    )
    return Thing("sweet_potato", parts, rest_m=0.0185, half_m=(0.058, 0.0185))


def _knife() -> Thing:
    handle, rivet, steel = (0.13, 0.20, 0.62), (0.93, 0.93, 0.95), (0.86, 0.89, 0.93)
    parts = (
        Part("box", (0.036, 0.0115, 0.0110), handle, weight=4.0),
        Part("box", (0.030, 0.0150, 0.0020), steel, pos=(0.064, 0, -0.0085)),
        Part("box", (0.009, 0.0090, 0.0020), steel, pos=(0.100, 0.005, -0.0085), weight=0.2),
        *(Part("cylinder", (0.0035, 0.0006), rivet, pos=(x, 0, 0.0112), solid=False) for x in (-0.022, 0.0, 0.022)),
    )
    return Thing("knife", parts, rest_m=0.011, half_m=(0.075, 0.015), mass_kg=0.05)


def _cucumber() -> Thing:
    green, stripe, tip = (0.13, 0.45, 0.12), (0.36, 0.66, 0.24), (0.62, 0.74, 0.32)
    stripes = tuple(
        Part(
            "capsule",
            (0.0032,),
            stripe,
            ends=(-0.034, 0.0145 * cos(a), 0.0145 * sin(a), 0.034, 0.0145 * cos(a), 0.0145 * sin(a)),
            solid=False,
        )
        for a in (pi / 6, pi / 2, 5 * pi / 6, 7 * pi / 6, 3 * pi / 2, 11 * pi / 6)
    )
    ends = (ball(0.0150, tip, x=-0.0395, solid=False), ball(0.0150, tip, x=0.0395, solid=False))
    return Thing(
        "cucumber", (bar(0.0165, -0.037, 0.037, green), *stripes, *ends), rest_m=0.0165, half_m=(0.054, 0.0165)
    )


def _carrot() -> Thing:
    orange, pale, leaf = (0.96, 0.46, 0.08), (0.90, 0.38, 0.05), (0.20, 0.60, 0.16)
    leaves = tuple(
        Part("capsule", (0.004,), leaf, ends=(-0.036, 0, 0, -0.062, dy, dz), solid=False)
        for dy, dz in ((0.010, 0.004), (0.0, 0.010), (-0.010, 0.004))
    )
    parts = (
        bar(0.0165, -0.024, 0.002, orange, weight=3.0),
        bar(0.0125, 0.002, 0.026, orange, z=-0.004),
        bar(0.0075, 0.026, 0.050, pale, z=-0.009, weight=0.5),
    )
    return Thing("carrot", parts + leaves, rest_m=0.0165, half_m=(0.058, 0.0165))


def _ice_cream() -> Thing:
    cone, scoop, cherry = (0.86, 0.62, 0.30), (0.98, 0.72, 0.80), (0.85, 0.08, 0.14)
    parts = (
        ball(0.0190, scoop, x=0.0),
        bar(0.0140, 0.010, 0.024, cone, z=-0.005),
        bar(0.0090, 0.026, 0.038, cone, z=-0.010, weight=0.5),
        bar(0.0050, 0.040, 0.056, cone, z=-0.014, weight=0.3),
        ball(0.0065, cherry, x=-0.018, z=0.004, solid=False),
    )
    return Thing("ice_cream", parts, rest_m=0.0190, half_m=(0.050, 0.0190))


def _banana() -> Thing:
    yellow, tip = (0.98, 0.84, 0.14), (0.35, 0.26, 0.10)
    arc, parts = 0.075, []
    for index in range(5):
        angles = [-0.68 + 1.36 * (index + step) / 5.0 for step in (0.05, 0.95)]
        ends = tuple(value for angle in angles for value in (arc * sin(angle), arc * (cos(angle) - 1.0), 0.0))
        parts.append(Part("capsule", (0.0155 if 0 < index < 4 else 0.0125,), yellow, ends=ends))
    end = ball(0.0075, tip, x=arc * sin(0.86), y=arc * (cos(0.86) - 1.0), solid=False)
    return Thing("banana", (*parts, end), rest_m=0.0155, half_m=(0.062, 0.027))


def _corn() -> Thing:
    kernel, light, husk = (0.97, 0.80, 0.18), (1.0, 0.90, 0.45), (0.45, 0.70, 0.25)
    rows = tuple(
        Part("capsule", (0.0028,), light, ends=(-0.018, y, 0.0150, 0.040, y * 0.8, 0.0145), solid=False)
        for y in (-0.006, 0.0, 0.006)
    )
    parts = (
        bar(0.0165, -0.018, 0.024, kernel, weight=3.0),
        bar(0.0120, 0.024, 0.044, kernel),
        Part("ellipsoid", (0.022, 0.0172, 0.0172), husk, pos=(-0.030, 0, 0), solid=False),
    )
    return Thing("corn", parts + rows, rest_m=0.0165, half_m=(0.056, 0.0165))


def _eggplant() -> Thing:
    purple, leaf = (0.32, 0.10, 0.38), (0.25, 0.55, 0.20)
    parts = (
        bar(0.0190, -0.004, 0.018, purple, weight=3.0),
        bar(0.0140, -0.028, -0.008, purple, z=-0.003),
        Part("ellipsoid", (0.010, 0.0150, 0.0150), leaf, pos=(-0.038, 0, -0.003), solid=False),
        Part("capsule", (0.0040,), leaf, ends=(-0.046, 0, -0.002, -0.058, 0, 0.002), solid=False),
    )
    return Thing("eggplant", parts, rest_m=0.0190, half_m=(0.055, 0.0190))


def _tomato_like(name: str, body: Colour, top: Colour, radius: float = 0.021) -> Thing:
    stem = Part("cylinder", (0.008, 0.002), top, pos=(0, 0, radius - 0.001), solid=False)
    stalk = Part("capsule", (0.002,), top, ends=(0, 0, radius, 0.003, 0, radius + 0.008), solid=False)
    return Thing(name, (ball(radius, body), stem, stalk), rest_m=radius, half_m=(radius, radius))


def _egg() -> Thing:
    shell = (0.96, 0.90, 0.82)
    return Thing("egg", (ball(0.019, shell), ball(0.0155, shell, x=0.010, z=-0.0035)), 0.019, (0.024, 0.019))


def _lemon() -> Thing:
    yellow = (0.99, 0.90, 0.15)
    return Thing(
        "lemon", (bar(0.0195, -0.004, 0.004, yellow), bar(0.007, -0.024, 0.024, yellow)), 0.0195, (0.030, 0.0195)
    )


def _mushroom() -> Thing:
    cap, stem = (0.62, 0.42, 0.28), (0.95, 0.92, 0.85)
    parts = (
        Part("cylinder", (0.010, 0.014), stem, pos=(0, 0, 0)),
        Part("ellipsoid", (0.022, 0.022, 0.013), cap, pos=(0, 0, 0.016), solid=False),
    )
    return Thing("mushroom", parts, rest_m=0.014, half_m=(0.022, 0.022), mass_kg=0.08)


def _broccoli() -> Thing:
    crown, stem = (0.12, 0.42, 0.10), (0.60, 0.75, 0.35)
    spots = ((0.0, 0.0, 0.026), (0.013, 0.004, 0.020), (-0.012, 0.007, 0.020), (-0.002, -0.013, 0.020))
    florets = tuple(ball(0.0125, crown, *spot, solid=False) for spot in spots)
    return Thing("broccoli", (Part("cylinder", (0.011, 0.015), stem), *florets), 0.015, (0.024, 0.024), mass_kg=0.08)


def _strawberry() -> Thing:
    red, leaf = (0.88, 0.10, 0.16), (0.20, 0.58, 0.18)
    parts = (
        ball(0.0160, red),
        bar(0.0100, 0.004, 0.014, red, z=-0.006),
        Part("ellipsoid", (0.004, 0.013, 0.013), leaf, pos=(-0.0135, 0, 0.002), solid=False),
    )
    return Thing("strawberry", parts, rest_m=0.0160, half_m=(0.026, 0.016))


def _cheese() -> Thing:
    yellow, hole = (0.99, 0.80, 0.25), (0.85, 0.62, 0.12)
    holes = tuple(
        Part("cylinder", (radius, 0.0005), hole, pos=(x, y, 0.0151), solid=False)
        for x, y, radius in ((0.008, 0.006, 0.005), (-0.010, -0.004, 0.004), (0.004, -0.010, 0.003))
    )
    return Thing("cheese", (Part("box", (0.022, 0.018, 0.015), yellow), *holes), 0.015, (0.022, 0.018))


def _sponge() -> Thing:
    yellow, pad = (0.98, 0.86, 0.30), (0.10, 0.52, 0.30)
    parts = (
        Part("box", (0.030, 0.020, 0.012), yellow),
        Part("box", (0.0302, 0.0202, 0.004), pad, pos=(0, 0, 0.012), solid=False),
    )
    return Thing("sponge", parts, rest_m=0.012, half_m=(0.030, 0.020))


def _mug() -> Thing:
    glaze, coffee = (0.18, 0.55, 0.75), (0.30, 0.18, 0.10)
    handle = tuple(
        Part("capsule", (0.004,), glaze, ends=ends, solid=False)
        for ends in (
            (0.022, 0, 0.014, 0.036, 0, 0.010),
            (0.036, 0, 0.010, 0.036, 0, -0.008),
            (0.036, 0, -0.008, 0.022, 0, -0.013),
        )
    )
    top = Part("cylinder", (0.020, 0.0006), coffee, pos=(0, 0, 0.0252), solid=False)
    return Thing("mug", (Part("cylinder", (0.024, 0.025), glaze), top, *handle), 0.025, (0.030, 0.024), mass_kg=0.09)


def _can() -> Thing:
    label, metal = (0.80, 0.14, 0.12), (0.80, 0.82, 0.85)
    parts = (
        Part("cylinder", (0.021, 0.028), metal),
        Part("cylinder", (0.0213, 0.019), label, solid=False),
    )
    return Thing("can", parts, rest_m=0.028, half_m=(0.021, 0.021), mass_kg=0.09)


def _block() -> Thing:
    wood, letter = (0.20, 0.65, 0.62), (0.98, 0.96, 0.90)
    face = Part("box", (0.012, 0.012, 0.0005), letter, pos=(0, 0, 0.0201), solid=False)
    return Thing("block", (Part("box", (0.020, 0.020, 0.020), wood), face), 0.020, (0.020, 0.020), mass_kg=0.06)


_THINGS: Tuple[Thing, ...] = (
    _croissant(),
    _sweet_potato(),
    _knife(),
    _cucumber(),
    _carrot(),
    _ice_cream(),
    _banana(),
    _corn(),
    _eggplant(),
    _egg(),
    _mushroom(),
    _broccoli(),
    _strawberry(),
    _cheese(),
    _tomato_like("onion", (0.72, 0.35, 0.55), (0.80, 0.70, 0.45), 0.020),
    _tomato_like("tomato", (0.90, 0.14, 0.10), (0.20, 0.55, 0.18)),
    _lemon(),
    _sponge(),
    _mug(),
    _can(),
    _block(),
    *SOURCE_THINGS,
)

THINGS: Dict[str, Thing] = {thing.name: thing for thing in _THINGS}
"""Every movable object by name."""
