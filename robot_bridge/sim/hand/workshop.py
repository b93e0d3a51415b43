"""Props of desk, workbench and play rug: tools, stationery, toys, boxes."""

from typing import Dict, Tuple

from robot_bridge.sim.hand.props import Kind, Prop, collection, mixed, shaded
from robot_bridge.sim.shapes import Colour, Part, Thing

_WHITE, _BLACK, _METAL, _WOOD = (0.95, 0.95, 0.93), (0.10, 0.10, 0.11), (0.72, 0.74, 0.78), (0.72, 0.52, 0.30)
_ALONG = (0.7071068, 0.0, 0.7071068, 0.0)
"""Turns a shape's own z axis along x."""

_ACROSS = (0.7071068, 0.7071068, 0.0, 0.0)
"""Turns a shape's own z axis along y."""


def _bar(radius: float, start: float, end: float, colour: Colour, weight: float = 1.0, solid: bool = True) -> Part:
    return Part("capsule", (radius,), colour, ends=(start, 0, 0, end, 0, 0), weight=weight, solid=solid)


def _slab(
    size: Tuple[float, float, float], colour: Colour, z: float = 0.0, x: float = 0.0, solid: bool = False
) -> Part:
    return Part("box", size, colour, pos=(x, 0, z), solid=solid)


def _cube(colour: Colour) -> Prop:
    half = 0.023
    face = mixed(colour, _WHITE, 0.7)
    marks = tuple(
        Part("box", size, face, solid=False) for size in ((half + 0.0003, 0.012, 0.012), (0.012, 0.012, half + 0.0003))
    )
    parts = (_slab((half,) * 3, colour, solid=True), *marks)
    return Prop(Thing("cube", parts, half, (half, half), 0.07), "cube", 2 * half, "claw", 2 * half, flat=True)


def _toy_brick(colour: Colour) -> Prop:
    studs = tuple(
        Part("cylinder", (0.0065, 0.004), colour, pos=(x, y, 0.017), solid=False)
        for x in (-0.024, -0.008, 0.008, 0.024)
        for y in (-0.009, 0.009)
    )
    parts = (_slab((0.033, 0.018, 0.015), colour, solid=True), *studs)
    return Prop(Thing("toy_brick", parts, 0.015, (0.033, 0.018), 0.05), "toy brick", 0.034, "claw", 0.036)


def _domino(colour: Colour) -> Prop:
    dots = tuple(
        Part("cylinder", (0.0035, 0.0004), _WHITE, pos=(x, y, 0.0102), solid=False)
        for x, y in ((-0.020, 0.006), (-0.010, -0.006), (0.012, 0.006), (0.012, -0.006), (0.022, 0.0))
    )
    line = Part("box", (0.001, 0.014, 0.0004), _WHITE, pos=(0, 0, 0.0102), solid=False)
    parts = (_slab((0.032, 0.017, 0.010), shaded(colour, 0.7), solid=True), line, *dots)
    return Prop(Thing("domino", parts, 0.010, (0.032, 0.017), 0.06), "domino", 0.020, "claw", 0.034, flat=True)


def _toy_bus(colour: Colour) -> Prop:
    wheels = tuple(
        Part("cylinder", (0.010, 0.004), _BLACK, pos=(x, y, -0.020), quat=_ACROSS, solid=False)
        for x in (-0.030, 0.028)
        for y in (-0.017, 0.017)
    )
    parts = (
        _slab((0.050, 0.018, 0.022), colour, z=0.003, solid=True),
        Part("box", (0.046, 0.015, 0.006), shaded(colour, 0.5), pos=(0, 0, -0.024)),
        *(_slab((0.006, 0.0183, 0.007), (0.70, 0.85, 0.92), z=0.010, x=x) for x in (-0.036, -0.018, 0.0, 0.018, 0.036)),
        _slab((0.048, 0.016, 0.001), mixed(colour, _WHITE, 0.7), z=0.0255),
        *wheels,
    )
    return Prop(Thing("toy_bus", parts, 0.030, (0.050, 0.021), 0.09), "toy bus", 0.056, "claw", 0.038)


def _rubber_duck(colour: Colour) -> Prop:
    beak = (0.95, 0.48, 0.10) if colour[0] < 0.9 or colour[1] > 0.6 else (0.95, 0.85, 0.2)
    parts = (
        Part("ellipsoid", (0.032, 0.025, 0.022), colour, solid=False),
        Part("box", (0.020, 0.018, 0.020), colour, pos=(0, 0, -0.002), weight=4.0),
        Part("sphere", (0.018,), colour, pos=(0.016, 0, 0.033), weight=0.5),
        Part("ellipsoid", (0.009, 0.008, 0.003), beak, pos=(0.035, 0, 0.031), solid=False),
        Part("ellipsoid", (0.012, 0.012, 0.006), colour, pos=(-0.031, 0, 0.012), solid=False),
        *(Part("sphere", (0.0032,), _BLACK, pos=(0.030, y, 0.039), solid=False) for y in (-0.008, 0.008)),
    )
    return Prop(Thing("rubber_duck", parts, 0.022, (0.036, 0.025), 0.06), "rubber duck", 0.073, "claw", 0.040)


def _tennis_ball(_: Colour) -> Prop:
    parts = (
        Part("sphere", (0.032,), (0.80, 0.90, 0.22)),
        Part("cylinder", (0.0322, 0.0012), _WHITE, quat=(0.80, 0.45, 0.40, 0.0), solid=False),
    )
    return Prop(
        Thing("tennis_ball", parts, 0.032, (0.032, 0.032), 0.06), "tennis ball", 0.064, "claw", 0.062, True, rolls=True
    )


def _rubber_ball(colour: Colour) -> Prop:
    band = mixed(colour, _WHITE, 0.75)
    parts = (
        Part("sphere", (0.028,), colour),
        Part("cylinder", (0.0283, 0.006), band, quat=(0.9, 0.3, 0.3, 0.0), solid=False),
    )
    return Prop(
        Thing("rubber_ball", parts, 0.028, (0.028, 0.028), 0.06), "ball", 0.056, "claw", 0.054, True, rolls=True
    )


def _marker(colour: Colour) -> Prop:
    parts = (
        _bar(0.0095, -0.055, 0.020, _WHITE, 3.0),
        _bar(0.0100, 0.016, 0.052, colour),
        _bar(0.0097, -0.060, -0.048, colour, solid=False),
    )
    return Prop(Thing("marker", parts, 0.0100, (0.065, 0.010), 0.04), "marker", 0.020, "pinch", 0.020)


def _pencil(colour: Colour) -> Prop:
    parts = (
        _bar(0.0060, -0.070, 0.060, colour),
        _bar(0.0045, 0.060, 0.074, _WOOD, solid=False),
        _bar(0.0063, -0.076, -0.068, (0.90, 0.55, 0.55), solid=False),
    )
    return Prop(Thing("pencil", parts, 0.0060, (0.078, 0.006), 0.02), "pencil", 0.012, "pinch", 0.013)


def _eraser(colour: Colour) -> Prop:
    parts = (_slab((0.027, 0.013, 0.009), _WHITE, solid=True), _slab((0.018, 0.0133, 0.0093), colour, x=-0.008))
    return Prop(Thing("eraser", parts, 0.009, (0.027, 0.013), 0.04), "eraser", 0.018, "pinch", 0.027, flat=True)


def _stapler(colour: Colour) -> Prop:
    parts = (
        _slab((0.058, 0.014, 0.006), _BLACK, z=-0.014, solid=True),
        Part("box", (0.054, 0.013, 0.010), colour, pos=(0, 0, 0.010), quat=(0.9975, 0, -0.07, 0), weight=2.0),
        Part("box", (0.010, 0.011, 0.010), _METAL, pos=(-0.042, 0, -0.002)),
    )
    return Prop(Thing("stapler", parts, 0.020, (0.060, 0.014), 0.12), "stapler", 0.046, "claw", 0.030)


def _tape_roll(colour: Colour) -> Prop:
    parts = (
        Part("cylinder", (0.036, 0.013), colour),
        Part("cylinder", (0.026, 0.0132), (0.75, 0.62, 0.42), solid=False),
        Part("cylinder", (0.023, 0.0134), (0.16, 0.14, 0.12), solid=False),
    )
    return Prop(
        Thing("tape_roll", parts, 0.013, (0.036, 0.036), 0.08),
        "roll of tape",
        0.026,
        "claw",
        0.068,
        round=True,
        flat=True,
    )


def _glue_stick(colour: Colour) -> Prop:
    parts = (
        _bar(0.0125, -0.036, 0.020, _WHITE, 3.0),
        _bar(0.0130, 0.014, 0.036, colour),
        _bar(0.0128, -0.016, 0.000, colour, solid=False),
    )
    return Prop(
        Thing("glue_stick", parts, 0.0130, (0.048, 0.013), 0.05), "glue stick", 0.026, "pinch", 0.026, rolls=True
    )


def _notebook(colour: Colour) -> Prop:
    parts = (
        _slab((0.070, 0.050, 0.009), colour, solid=True),
        _slab((0.0695, 0.0505, 0.0065), (0.96, 0.95, 0.90)),
        Part("box", (0.070, 0.006, 0.0092), shaded(colour, 0.6), pos=(0, -0.045, 0), solid=False),
        _slab((0.028, 0.016, 0.0004), (0.96, 0.94, 0.86), z=0.0092),
    )
    return Prop(Thing("notebook", parts, 0.009, (0.070, 0.050), 0.15), "notebook", 0.018, "drag", 0.100, flat=True)


def _phone(colour: Colour) -> Prop:
    parts = (
        _slab((0.065, 0.033, 0.005), shaded(colour, 0.7), solid=True),
        _slab((0.060, 0.030, 0.0004), (0.06, 0.07, 0.10), z=0.0050),
        _slab((0.040, 0.024, 0.0004), mixed(colour, (0.4, 0.6, 0.9), 0.6), z=0.0054, x=0.008),
    )
    return Prop(Thing("phone", parts, 0.005, (0.065, 0.033), 0.14), "phone", 0.010, "drag", 0.066, flat=True)


def _calculator(colour: Colour) -> Prop:
    keys = tuple(
        Part("box", (0.006, 0.006, 0.001), _WHITE, pos=(x, y, 0.0075), solid=False)
        for x in (-0.036, -0.020, -0.004)
        for y in (-0.020, 0.0, 0.020)
    )
    parts = (
        _slab((0.052, 0.032, 0.007), shaded(colour, 0.8), solid=True),
        _slab((0.014, 0.026, 0.0006), (0.65, 0.72, 0.60), 0.0070, 0.030),
        *keys,
    )
    return Prop(Thing("calculator", parts, 0.007, (0.052, 0.032), 0.11), "calculator", 0.015, "drag", 0.064, flat=True)


def _chisel(colour: Colour) -> Prop:
    parts = (
        _bar(0.0135, -0.055, -0.008, colour, 3.0),
        Part("cylinder", (0.0139, 0.003), _METAL, pos=(-0.056, 0, 0), quat=_ALONG, solid=False),
        Part("box", (0.044, 0.0085, 0.0025), _METAL, pos=(0.046, 0, 0)),
    )
    return Prop(Thing("chisel", parts, 0.0135, (0.085, 0.0135), 0.07), "chisel", 0.027, "pinch", 0.028)


def _hammer(colour: Colour) -> Prop:
    head = Part("cylinder", (0.0125, 0.034), _METAL, pos=(0.085, 0, 0), quat=_ACROSS, weight=1.5)
    parts = (_bar(0.0115, -0.080, 0.075, _WOOD, 3.0), _bar(0.0125, -0.080, -0.030, colour, solid=False), head)
    return Prop(Thing("hammer", parts, 0.0125, (0.098, 0.034), 0.16), "hammer", 0.026, "claw", 0.026)


def _wrench(colour: Colour) -> Prop:
    steel = mixed(_METAL, colour, 0.25)
    jaws = tuple(Part("box", (0.014, 0.005, 0.006), steel, pos=(0.078, y, 0), weight=0.3) for y in (-0.013, 0.013))
    parts = (
        Part("box", (0.062, 0.009, 0.007), steel, weight=3.0),
        Part("box", (0.010, 0.018, 0.007), steel, pos=(0.060, 0, 0)),
        *jaws,
    )
    return Prop(Thing("wrench", parts, 0.007, (0.085, 0.018), 0.14), "wrench", 0.014, "pinch", 0.020)


def _paintbrush(colour: Colour) -> Prop:
    parts = (
        _bar(0.0085, -0.085, 0.010, colour),
        Part("box", (0.016, 0.016, 0.007), _METAL, pos=(0.028, 0, 0)),
        Part("box", (0.020, 0.015, 0.005), (0.30, 0.20, 0.12), pos=(0.062, 0, 0), weight=0.5),
    )
    return Prop(Thing("paintbrush", parts, 0.0085, (0.085, 0.016), 0.05), "paintbrush", 0.017, "pinch", 0.018)


def _torch(colour: Colour) -> Prop:
    head = Part("cylinder", (0.020, 0.017), colour, pos=(0.050, 0, 0.003), quat=_ALONG)
    glass = Part("cylinder", (0.016, 0.001), (0.98, 0.96, 0.75), pos=(0.0675, 0, 0.003), quat=_ALONG, solid=False)
    parts = (_bar(0.0150, -0.055, 0.036, shaded(colour, 0.75), 3.0), head, glass)
    return Prop(Thing("torch", parts, 0.0170, (0.070, 0.020), 0.11), "torch", 0.034, "claw", 0.032)


def _box(name: str, noun: str, half: Tuple[float, float, float], mass: float, ribbon: bool = False) -> Kind:
    def make(colour: Colour) -> Prop:
        trim = mixed(colour, _WHITE, 0.75)
        x, y, z = half
        bands = (
            ((x + 0.0004, 0.006, z + 0.0004), (0.006, y + 0.0004, z + 0.0004))
            if ribbon
            else ((x * 0.75, y + 0.0004, z * 0.5),)
        )
        parts = (_slab(half, colour, solid=True), *(_slab(size, trim) for size in bands))
        return Prop(Thing(name, parts, z, (x, y), mass), noun, 2 * z, "claw", 2 * y, flat=True)

    return Kind(make, tinted=True)


WORKSHOP: Dict[str, Kind] = collection(
    [
        *[
            (name, Kind(make, tinted=True))
            for name, make in (
                ("cube", _cube),
                ("toy_brick", _toy_brick),
                ("domino", _domino),
                ("toy_bus", _toy_bus),
                ("rubber_duck", _rubber_duck),
                ("rubber_ball", _rubber_ball),
                ("marker", _marker),
                ("pencil", _pencil),
                ("eraser", _eraser),
                ("stapler", _stapler),
                ("tape_roll", _tape_roll),
                ("glue_stick", _glue_stick),
                ("notebook", _notebook),
                ("phone", _phone),
                ("calculator", _calculator),
                ("chisel", _chisel),
                ("hammer", _hammer),
                ("wrench", _wrench),
                ("paintbrush", _paintbrush),
                ("torch", _torch),
            )
        ],
        ("tennis_ball", Kind(_tennis_ball, tinted=False)),
        ("matchbox", _box("matchbox", "matchbox", (0.028, 0.019, 0.008), 0.04)),
        ("tea_box", _box("tea_box", "tea box", (0.034, 0.026, 0.032), 0.10)),
        ("gift_box", _box("gift_box", "gift box", (0.030, 0.030, 0.024), 0.09, ribbon=True)),
        ("wallet", _box("wallet", "wallet", (0.045, 0.034, 0.010), 0.10)),
    ]
)
"""Tools, stationery, toys and boxes by name."""
