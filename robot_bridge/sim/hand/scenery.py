"""What stands around, beyond the hand's reach: groups of parts that are only seen."""

from typing import Callable, Dict, List, Tuple

import numpy as np

from robot_bridge.sim.hand.props import COLOURS, choose_colour, mixed
from robot_bridge.sim.shapes import Colour, Part

_WHITE, _BLACK, _METAL, _WOOD = (0.95, 0.95, 0.93), (0.10, 0.10, 0.11), (0.72, 0.74, 0.78), (0.55, 0.38, 0.22)
_LEAF, _CLAY, _IRON = (0.20, 0.45, 0.18), (0.70, 0.38, 0.24), (0.20, 0.35, 0.45)
FAR_M = 0.52
"""Scenery on the surface stands at least this far from the person [m]."""

Triple = Tuple[float, float, float]


class _Corner:
    """Where a group stands: ``x``, ``y`` on one side, ``wall`` far behind; and its colour."""

    def __init__(self, rng: np.random.Generator, wall_m: float) -> None:
        self.rng = rng
        self.side = 1.0 if rng.uniform() < 0.5 else -1.0
        self.x = FAR_M + float(rng.uniform(0.0, 0.06))
        self.y = self.side * float(rng.uniform(0.20, 0.40))
        self.wall = wall_m - 0.02
        self.colour = self.another()

    def another(self) -> Colour:
        return COLOURS[choose_colour(self.rng)]


def scenery(names: Tuple[str, ...], wall_m: float, seed: int) -> Tuple[Part, ...]:
    """The parts of the groups of these names, drawn from a seed."""
    parts: List[Part] = []
    for index, name in enumerate(names):
        parts += _GROUPS[name](_Corner(np.random.default_rng([seed, index]), wall_m))
    return tuple(parts)


def _box(size: Triple, pos: Triple, colour: Colour) -> Part:
    return Part("box", size, colour, pos=pos, solid=False)


def _can(radius: float, half: float, pos: Triple, colour: Colour) -> Part:
    return Part("cylinder", (radius, half), colour, pos=pos, solid=False)


def _blob(size: Triple, pos: Triple, colour: Colour) -> Part:
    return Part("ellipsoid", size, colour, pos=pos, solid=False)


def _rod(radius: float, start: Triple, end: Triple, colour: Colour) -> Part:
    return Part("capsule", (radius,), colour, ends=(*start, *end), solid=False)


def _screen(at: _Corner) -> List[Part]:
    x, y = at.x, -0.4 * at.y
    return [
        _box((0.008, 0.20, 0.12), (x + 0.060, y, 0.21), _BLACK),
        _box((0.0005, 0.19, 0.11), (x + 0.0515, y, 0.21), mixed(at.colour, (0.35, 0.55, 0.85), 0.6)),
        _box((0.010, 0.02, 0.06), (x + 0.070, y, 0.05), _METAL),
        _box((0.060, 0.09, 0.004), (x + 0.050, y, 0.004), _METAL),
    ]


def _lamp(at: _Corner) -> List[Part]:
    return [
        _can(0.05, 0.008, (at.x, at.y, 0.008), at.colour),
        _can(0.007, 0.14, (at.x, at.y, 0.15), _METAL),
        _blob((0.06, 0.06, 0.035), (at.x - 0.02, at.y, 0.29), at.colour),
    ]


def _papers(at: _Corner) -> List[Part]:
    return [
        _box((0.10, 0.07, 0.001), (at.x - 0.02, at.side * 0.44, 0.001), _WHITE),
        _box((0.10, 0.07, 0.001), (at.x, at.side * 0.47, 0.003), (0.90, 0.92, 0.96)),
    ]


def _vice(at: _Corner) -> List[Part]:
    return [
        _box((0.05, 0.04, 0.05), (at.x + 0.02, at.y, 0.05), _IRON),
        _box((0.02, 0.05, 0.03), (at.x - 0.04, at.y, 0.10), _IRON),
        _can(0.006, 0.06, (at.x - 0.07, at.y, 0.08), _METAL),
    ]


def _tins(at: _Corner) -> List[Part]:
    return [_can(0.035, 0.05, (at.x + 0.05, -at.y + 0.09 * index, 0.05), at.another()) for index in range(3)]


def _hung_tools(at: _Corner) -> List[Part]:
    return [_box((0.005, 0.012, 0.09), (at.wall, -0.35 + 0.16 * index, 0.22), at.another()) for index in range(5)]


def _plants(at: _Corner) -> List[Part]:
    x, y = at.x + 0.12, at.y
    leaves = ((0.0, 0.04), (0.03, -0.03), (-0.03, 0.0), (0.02, 0.02))
    return [
        _can(0.07, 0.06, (x, y, 0.06), _CLAY),
        *(_blob((0.05, 0.02, 0.07), (x + dx, y + dy, 0.18), _LEAF) for dx, dy in leaves),
    ]


def _watering_can(at: _Corner) -> List[Part]:
    x, y = at.x + 0.10, -at.y
    spout = _rod(0.012, (x, y + 0.06, 0.05), (x - 0.02, y + 0.17, 0.15), at.colour)
    return [_can(0.07, 0.07, (x, y, 0.07), at.colour), spout]


def _taps(at: _Corner) -> List[Part]:
    x, y = at.x, 0.25 * at.side
    return [
        _can(0.014, 0.06, (x + 0.06, y, 0.06), _METAL),
        _rod(0.010, (x + 0.06, y, 0.12), (x - 0.04, y, 0.11), _METAL),
        _blob((0.13, 0.17, 0.012), (x - 0.02, y, 0.0), (0.98, 0.98, 0.98)),
    ]


def _mirror(at: _Corner) -> List[Part]:
    y = 0.1 * at.side
    return [
        _box((0.006, 0.30, 0.20), (at.wall, y, 0.34), (0.80, 0.86, 0.90)),
        _box((0.005, 0.32, 0.22), (at.wall + 0.004, y, 0.34), _WOOD),
    ]


def _towel(at: _Corner) -> List[Part]:
    return [_box((0.012, 0.09, 0.14), (at.wall - 0.02, -0.45 * at.side, 0.16), mixed(at.colour, _WHITE, 0.4))]


def _sofa(at: _Corner) -> List[Part]:
    return [
        _box((0.25, 0.80, 0.16), (1.35, at.y, 0.14), mixed(at.colour, (0.50, 0.48, 0.45), 0.6)),
        _box((0.08, 0.80, 0.22), (1.55, at.y, 0.42), mixed(at.colour, (0.45, 0.43, 0.40), 0.6)),
    ]


def _toy_chest(at: _Corner) -> List[Part]:
    y = -1.6 * at.y
    return [
        _box((0.12, 0.20, 0.12), (0.85, y, 0.12), at.colour),
        _box((0.122, 0.202, 0.015), (0.85, y, 0.24), mixed(at.colour, _WHITE, 0.5)),
    ]


def _shelves(at: _Corner) -> List[Part]:
    boards = [_box((0.10, 0.40, 0.01), (1.45, at.y, 0.12 + 0.22 * index), _WOOD) for index in range(3)]
    places = [(1.42, at.y - 0.30 + 0.12 * index, 0.21 + 0.22 * (index % 2)) for index in range(6)]
    return boards + [_box((0.06, 0.03, 0.08), place, at.another()) for place in places]


def _vase(at: _Corner) -> List[Part]:
    return [
        _can(0.025, 0.06, (at.x, at.y, 0.06), mixed(at.colour, _WHITE, 0.5)),
        _blob((0.025, 0.025, 0.025), (at.x, at.y + 0.01, 0.17), COLOURS["red"]),
        _blob((0.022, 0.022, 0.022), (at.x + 0.01, at.y - 0.03, 0.16), COLOURS["yellow"]),
    ]


def _chair(at: _Corner) -> List[Part]:
    return [_box((0.02, 0.22, 0.30), (0.95, -at.y, 0.05), _WOOD)]


_GROUPS: Dict[str, Callable[[_Corner], List[Part]]] = {
    "screen": _screen,
    "lamp": _lamp,
    "papers": _papers,
    "vice": _vice,
    "tins": _tins,
    "hung_tools": _hung_tools,
    "plants": _plants,
    "watering_can": _watering_can,
    "taps": _taps,
    "mirror": _mirror,
    "towel": _towel,
    "sofa": _sofa,
    "toy_chest": _toy_chest,
    "shelves": _shelves,
    "vase": _vase,
    "chair": _chair,
}
