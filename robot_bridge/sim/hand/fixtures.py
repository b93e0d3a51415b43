"""The fixtures: drawer, chest, laptop, cupboard, book, button, dial."""

from typing import Callable, Dict, Tuple

from robot_bridge.sim.hand.fixture import Fixture, Vector
from robot_bridge.sim.hand.props import mixed, shaded
from robot_bridge.sim.shapes import Colour, Part

_WHITE, _BLACK, _METAL, _WOOD = (0.95, 0.95, 0.93), (0.10, 0.10, 0.11), (0.72, 0.74, 0.78), (0.62, 0.42, 0.24)
_FACING = (0.7071068, 0.0, 0.7071068, 0.0)
"""Turns a cylinder's axis along x."""


def _box(size: Vector, pos: Vector, colour: Colour, solid: bool = True) -> Part:
    return Part("box", size, colour, pos=pos, solid=solid)


def _pull(pos: Vector, out_m: float, colour: Colour, half_m: float = 0.030) -> Tuple[Part, ...]:
    """A bar that fingers go behind, at ``pos``, on two posts ``out_m`` long."""
    x, y, z = pos
    dark, middle = shaded(colour, 0.8), x + out_m / 2
    posts = (
        Part("cylinder", (0.004, out_m / 2), dark, pos=(middle, y + side * half_m, z), quat=_FACING) for side in (-1, 1)
    )
    return (Part("capsule", (0.0065,), colour, ends=(x, y - half_m, z, x, y + half_m, z)), *posts)


def _tub(half: Vector, floor: float, colour: Colour) -> Tuple[Part, ...]:
    """Floor and four walls of an open box of these half extents, ``floor`` above the ground."""
    x, y, z = half
    wall = 0.004
    return (
        _box((x, y, wall), (0, 0, floor + wall), colour),
        _box((wall, y, z), (x - wall, 0, floor + z), colour),
        _box((wall, y, z), (wall - x, 0, floor + z), colour),
        _box((x, wall, z), (0, y - wall, floor + z), colour),
        _box((x, wall, z), (0, wall - y, floor + z), colour),
    )


def _drawer(colour: Colour) -> Fixture:
    body, front = mixed(_WOOD, colour, 0.2), mixed(colour, _WHITE, 0.25)
    still = (
        _box((0.075, 0.090, 0.005), (0, 0, 0.005), body),
        _box((0.075, 0.090, 0.005), (0, 0, 0.095), body),
        _box((0.075, 0.005, 0.050), (0, 0.085, 0.050), body),
        _box((0.075, 0.005, 0.050), (0, -0.085, 0.050), body),
        _box((0.004, 0.090, 0.050), (0.071, 0, 0.050), body),
    )
    tray = tuple(
        Part(p.shape, p.size, shaded(body, 1.25), pos=(p.pos[0] - 0.006, *p.pos[1:]), solid=p.solid)
        for p in _tub((0.064, 0.074, 0.026), 0.014, body)
    )
    moving = (*tray, _box((0.005, 0.078, 0.037), (-0.077, 0, 0.050), front), *_pull((-0.114, 0, 0.055), 0.032, _METAL))
    handle = (-0.114, 0.0, 0.055)
    return Fixture(
        "drawer_unit",
        "drawer",
        still=still,
        moving=moving,
        joint="slide",
        axis=(-1, 0, 0),
        anchor=(0, 0, 0),
        limits=(0.0, 0.105),
        handle=handle,
        half_m=(0.090, 0.090),
        pitch_rad=0.12,
        friction=1.5,
        damping=2.0,
    )


def _chest(colour: Colour) -> Fixture:
    x, y, height = 0.060, 0.085, 0.062
    lid = shaded(colour, 0.85)
    moving = (
        _box((x + 0.003, y + 0.003, 0.006), (0, 0, height + 0.007), lid),
        _box((x - 0.01, 0.010, 0.0065), (0, 0, height + 0.0072), _METAL, solid=False),
        *_pull((-x - 0.033, 0, height + 0.007), 0.030, _METAL, 0.026),
    )
    handle = (-x - 0.033, 0.0, height + 0.007)
    return Fixture(
        "chest",
        "chest",
        still=_tub((x, y, height / 2), 0.0, colour),
        moving=moving,
        joint="hinge",
        axis=(0, 1, 0),
        anchor=(x, 0, height + 0.001),
        limits=(0.0, 1.85),
        handle=handle,
        half_m=(0.080, 0.092),
        friction=0.03,
    )


def _laptop(colour: Colour) -> Fixture:
    shell = mixed(colour, (0.68, 0.70, 0.72), 0.7)
    keys = tuple(
        _box((0.006, 0.0075, 0.0006), (row, column, 0.0146), _BLACK, solid=False)
        for row in (-0.004, 0.014, 0.032)
        for column in (-0.080, -0.060, -0.040, -0.020, 0.0, 0.020, 0.040, 0.060, 0.080)
    )
    still = (
        _box((0.075, 0.110, 0.007), (0, 0, 0.007), shell),
        _box((0.018, 0.030, 0.0006), (-0.045, 0, 0.0143), shaded(shell, 0.8), False),
        *keys,
    )
    moving = (
        _box((0.076, 0.110, 0.004), (0, 0, 0.0195), shell),
        _box((0.066, 0.100, 0.0006), (0, 0, 0.0153), mixed(colour, (0.3, 0.5, 0.8), 0.5), solid=False),
        _box((0.030, 0.050, 0.0007), (0.012, 0.02, 0.0152), _WHITE, solid=False),
        _box((0.008, 0.020, 0.003), (-0.082, 0, 0.0195), shaded(shell, 0.6)),
    )
    return Fixture(
        "laptop",
        "laptop",
        still=still,
        moving=moving,
        joint="hinge",
        axis=(0, 1, 0),
        anchor=(0.074, 0, 0.017),
        limits=(0.0, 1.95),
        handle=(-0.085, 0.0, 0.0195),
        half_m=(0.090, 0.112),
        pitch_rad=0.30,
        friction=0.06,
    )


def _cupboard(colour: Colour, side: float) -> Fixture:
    """Its door has the hinge on the left (``side`` 1) or on the right (-1)."""
    body, door = mixed(colour, _WHITE, 0.6), colour
    still = (
        _box((0.060, 0.080, 0.005), (0, 0, 0.005), body),
        _box((0.060, 0.080, 0.005), (0, 0, 0.175), body),
        _box((0.060, 0.080, 0.003), (0, 0, 0.090), body),
        _box((0.060, 0.005, 0.090), (0, 0.075, 0.090), body),
        _box((0.060, 0.005, 0.090), (0, -0.075, 0.090), body),
        _box((0.004, 0.080, 0.090), (0.056, 0, 0.090), shaded(body, 0.8)),
        Part("cylinder", (0.020, 0.026), (0.85, 0.35, 0.25), pos=(0.005, 0.03, 0.037), solid=False),
        Part("box", (0.018, 0.022, 0.030), (0.30, 0.55, 0.70), pos=(0.005, -0.03, 0.124), solid=False),
    )
    moving = (
        _box((0.004, 0.078, 0.088), (-0.065, 0, 0.090), door),
        _box((0.001, 0.055, 0.065), (-0.0695, 0, 0.090), mixed(door, _WHITE, 0.35), solid=False),
        *_pull((-0.101, -0.045 * side, 0.105), 0.032, _METAL, 0.024),
    )
    return Fixture(
        "cupboard_left" if side > 0 else "cupboard_right",
        "cupboard",
        still=still,
        moving=moving,
        joint="hinge",
        axis=(0, 0, -side),
        anchor=(-0.065, 0.076 * side, 0.09),
        limits=(0.0, 1.5),
        handle=(-0.101, -0.045 * side, 0.105),
        half_m=(0.080, 0.084),
        pitch_rad=0.10,
        friction=0.01,
    )


def _cupboard_left(colour: Colour) -> Fixture:
    return _cupboard(colour, 1.0)


def _cupboard_right(colour: Colour) -> Fixture:
    return _cupboard(colour, -1.0)


def _book(colour: Colour) -> Fixture:
    pages = (0.96, 0.94, 0.88)
    lines = tuple(
        _box((0.060, 0.0015, 0.0004), (0, y, 0.0232), (0.45, 0.45, 0.45), False)
        for y in (-0.030, -0.018, -0.006, 0.006, 0.018)
    )
    still = (
        _box((0.080, 0.058, 0.002), (0, 0, 0.002), colour),
        _box((0.076, 0.054, 0.0095), (0, -0.002, 0.0135), pages),
        *lines,
    )
    moving = (
        _box((0.080, 0.058, 0.002), (0, 0, 0.0255), colour),
        _box((0.074, 0.052, 0.0004), (0, 0, 0.0233), pages, solid=False),
        _box((0.030, 0.030, 0.0004), (0.020, 0, 0.0277), mixed(colour, _WHITE, 0.7), solid=False),
        _box((0.008, 0.006, 0.003), (0.0, -0.062, 0.0255), mixed(colour, _WHITE, 0.5)),
    )
    return Fixture(
        "picture_book",
        "book",
        still=still,
        moving=moving,
        joint="hinge",
        axis=(-1, 0, 0),
        anchor=(0, 0.058, 0.0245),
        limits=(0.0, 2.9),
        handle=(0.0, -0.064, 0.0255),
        half_m=(0.085, 0.062),
        pitch_rad=0.45,
        friction=0.01,
    )


def _bell(colour: Colour) -> Fixture:
    still = (
        _box((0.042, 0.036, 0.012), (0, 0, 0.012), mixed(_BLACK, colour, 0.25)),
        Part("cylinder", (0.026, 0.002), _METAL, pos=(-0.006, 0, 0.025), solid=False),
    )
    moving = (Part("cylinder", (0.019, 0.007), colour, pos=(-0.006, 0, 0.036)),)
    return Fixture(
        "buzzer",
        "button",
        still=still,
        moving=moving,
        joint="slide",
        axis=(0, 0, -1),
        anchor=(0, 0, 0),
        limits=(0.0, 0.010),
        handle=(-0.006, 0.0, 0.043),
        half_m=(0.042, 0.036),
        friction=0.0,
        damping=1.0,
        spring=150.0,
        mass_kg=0.02,
        lamp=Part("sphere", (0.010,), (0.25, 0.24, 0.22), pos=(0.028, 0, 0.030), solid=False),
    )


def _dial(colour: Colour) -> Fixture:
    still = (
        _box((0.060, 0.070, 0.018), (0, 0, 0.018), mixed(_WHITE, colour, 0.15)),
        Part("cylinder", (0.036, 0.001), _BLACK, pos=(0, 0, 0.0365), solid=False),
        *(_box((0.002, 0.002, 0.0014), (0.032 * x, 0.032 * y, 0.0368), _WHITE, False)
          for x, y in ((1, 0), (0.71, 0.71), (0.71, -0.71), (0, 1), (0, -1))),
    )  # fmt: skip
    moving = (
        Part("cylinder", (0.021, 0.014), colour, pos=(0, 0, 0.052)),
        _box((0.011, 0.003, 0.0008), (0.012, 0, 0.0664), _WHITE, solid=False),
    )
    return Fixture(
        "dial_box",
        "dial",
        still=still,
        moving=moving,
        joint="hinge",
        axis=(0, 0, 1),
        anchor=(0, 0, 0.05),
        limits=(-1.6, 1.6),
        handle=(0.0, 0.0, 0.054),
        half_m=(0.060, 0.070),
        pitch_rad=0.75,
        friction=0.02,
        mass_kg=0.05,
    )


FIXTURES: Dict[str, Callable[[Colour], Fixture]] = {
    "drawer_unit": _drawer,
    "chest": _chest,
    "laptop": _laptop,
    "cupboard_left": _cupboard_left,
    "cupboard_right": _cupboard_right,
    "picture_book": _book,
    "buzzer": _bell,
    "dial_box": _dial,
}
"""Fixtures by name."""

OPENING = ("drawer_unit", "chest", "laptop", "cupboard_left", "cupboard_right", "picture_book")
"""Those that are opened and closed."""
