"""Two toy kitchens as MJCF: counter, stove, sink, tiled back wall, cabinet or microwave, in cheerful colours."""

from dataclasses import dataclass
from typing import Dict, List, Tuple

from robot_bridge.sim.mesh import joined
from robot_bridge.sim.shapes import Colour, Part, numbers

FRONT_M, EDGE_M, WALL_M = 0.10, 0.60, 0.62
"""Where the kitchen's counter begins, where it ends and where its back wall stands [m from the robot]."""

HALF_WIDTH_M = 0.42


@dataclass(frozen=True)
class Palette:
    """Colours of a kitchen, and where along y its stove and its sink stand [m]."""

    counter: str
    tiles: str
    front: Colour
    appliance: Colour
    accent: Colour
    shelf: Colour
    stove_y: float
    sink_y: float


KITCHENS: Tuple[Palette, ...] = (
    Palette("counter_wood", "tiles_blue", (0.93, 0.96, 0.97), (0.95, 0.95, 0.94), (0.90, 0.32, 0.28),
            (0.98, 0.80, 0.30), stove_y=0.13, sink_y=-0.20),
    Palette("counter_mint", "tiles_pink", (0.98, 0.88, 0.62), (0.30, 0.34, 0.40), (0.24, 0.62, 0.80),
            (0.96, 0.55, 0.48), stove_y=-0.16, sink_y=0.20),
)  # fmt: skip
"""The kitchens, by ``SceneSpec.kitchen``."""


FACING = (0.7071068, 0.0, 0.7071068, 0.0)
"""Turns a cylinder's axis along x: knobs on a front."""

_DARK, _STEEL, _WATER = (0.13, 0.13, 0.15), (0.76, 0.79, 0.82), (0.45, 0.74, 0.90)
_BASIN, _GLASS, _CLOCK, _ROOM = (0.45, 0.50, 0.55), (0.16, 0.20, 0.25), (0.40, 0.95, 0.60), (0.93, 0.92, 0.86)
_FLOOR = (0.70, 0.66, 0.60)
_HOT, _COLD = (0.88, 0.20, 0.20), (0.20, 0.40, 0.88)


def kitchen_assets(kitchen: int) -> str:
    """MJCF of the kitchen's picture meshes."""
    return joined("kitchen", _furniture(KITCHENS[kitchen]))[0]


def kitchen_bodies(kitchen: int) -> str:
    """MJCF of everything that does not move: the robot's table, the counter and what stands on it."""
    palette = KITCHENS[kitchen]
    ground = '<geom name="counter" class="ground" type="plane" size="2 2 .1"/>'
    return ground + _surfaces(palette) + joined("kitchen", _furniture(palette))[1]


def _surfaces(palette: Palette) -> str:
    """The textured boxes: the table the robot stands on, the counter, the tiled wall."""
    depth = (EDGE_M - FRONT_M) / 2
    boxes = (
        ("table", (0.17, 0.70, 0.02), (-0.075, 0, -0.0215)),
        (palette.counter, (depth, HALF_WIDTH_M, 0.03), (FRONT_M + depth, 0, -0.030)),
        (palette.tiles, (0.01, HALF_WIDTH_M + 0.02, 0.20), (WALL_M, 0, 0.15)),
    )
    return "".join(
        f'<geom class="picture" type="box" size="{numbers(size)}" pos="{numbers(pos)}" material="{material}"/>'
        for material, size, pos in boxes
    )


def _part(shape: str, size: Tuple[float, ...], pos: Tuple[float, float, float], colour: Colour) -> Part:
    return Part(shape, size, colour, pos=pos, solid=False)


def _facing(shape: str, size: Tuple[float, ...], pos: Tuple[float, float, float], colour: Colour) -> Part:
    return Part(shape, size, colour, pos=pos, quat=FACING, solid=False)


def _furniture(palette: Palette) -> List[Part]:
    return _room(palette) + _stove(palette) + _sink(palette) + _microwave(palette) + _cupboard(palette)


def _room(palette: Palette) -> List[Part]:
    """The counter's front edge, and the room behind."""
    return [
        _part("box", (0.006, HALF_WIDTH_M, 0.0305), (FRONT_M - 0.004, 0, -0.030), palette.front),
        _part("box", (1.6, 0.60, 0.01), (0.9, -1.15, -0.55), _FLOOR),
        _part("box", (0.01, 0.90, 0.9), (2.0, -1.10, 0.40), _ROOM),
        _part("box", (1.4, 0.01, 0.9), (0.6, -1.65, 0.40), _ROOM),
    ]


def _stove(palette: Palette) -> List[Part]:
    """Two burners on a hob plate, an oven panel with knobs against the wall."""
    y = palette.stove_y
    parts = [
        _part("box", (0.060, 0.125, 0.003), (0.525, y, 0.003), palette.appliance),
        _part("box", (0.012, 0.125, 0.040), (0.592, y, 0.040), palette.appliance),
    ]
    for offset in (-0.062, 0.062):
        rings = ((0.047, 0.0070, _DARK), (0.037, 0.0085, palette.accent), (0.025, 0.0100, _DARK))
        for radius, height, colour in (*rings, (0.012, 0.0115, palette.accent)):
            parts.append(_part("cylinder", (radius, 0.0015), (0.522, y + offset, height), colour))
    for offset in (-0.090, -0.030, 0.030, 0.090):
        parts.append(_facing("cylinder", (0.014, 0.006), (0.577, y + offset, 0.050), palette.accent))
    return parts


def _sink(palette: Palette) -> List[Part]:
    """A steel basin filled with water to the brim, with a tap."""
    y = palette.sink_y
    return [
        _part("box", (0.060, 0.100, 0.004), (0.520, y, 0.002), _STEEL),
        _part("box", (0.050, 0.088, 0.001), (0.518, y, 0.0056), _BASIN),
        _part("box", (0.043, 0.080, 0.001), (0.516, y, 0.0066), _WATER),
        _part("cylinder", (0.009, 0.055), (0.585, y, 0.055), _STEEL),
        _facing("capsule", (0.008, 0.030), (0.560, y, 0.110), _STEEL),
        _part("capsule", (0.008, 0.012), (0.532, y, 0.098), _STEEL),
        _part("sphere", (0.012,), (0.585, y + 0.035, 0.022), _HOT),
        _part("sphere", (0.012,), (0.585, y - 0.035, 0.022), _COLD),
    ]


def _microwave(palette: Palette) -> List[Part]:
    """Above the stove, with a window, a handle, a clock and two knobs."""
    y, z = palette.stove_y, 0.205
    return [
        _part("box", (0.050, 0.120, 0.065), (0.560, y, z), palette.appliance),
        _part("box", (0.003, 0.072, 0.046), (0.508, y + 0.035, z), _GLASS),
        _part("box", (0.004, 0.005, 0.046), (0.505, y - 0.050, z), _STEEL),
        _part("box", (0.003, 0.022, 0.010), (0.508, y - 0.085, z + 0.035), _CLOCK),
        _facing("cylinder", (0.013, 0.005), (0.506, y - 0.085, z), palette.accent),
        _facing("cylinder", (0.013, 0.005), (0.506, y - 0.085, z - 0.035), palette.accent),
    ]


def _cupboard(palette: Palette) -> List[Part]:
    """Above the sink, with two doors."""
    y, z = palette.sink_y, 0.235
    parts = [_part("box", (0.050, 0.120, 0.075), (0.560, y, z), palette.shelf)]
    for offset in (-0.059, 0.059):
        parts.append(_part("box", (0.004, 0.054, 0.067), (0.508, y + offset, z), palette.front))
        parts.append(_part("sphere", (0.008,), (0.500, y + offset * 0.35, z - 0.020), palette.accent))
    return parts


KITCHEN_DEFAULTS = """
<default class="ground"><geom contype="1" conaffinity="1" condim="3" friction="1 0.02 0.0005" group="4"
  solref="0.01 1" solimp="0.95 0.99 0.001"/></default>"""

MATERIALS: Dict[str, str] = {
    "table": 'texture="oak" texrepeat="2 4" rgba="1 1 1 1"',
    "counter_wood": 'texture="beech" texrepeat="2 3" rgba="1 1 1 1"',
    "counter_mint": 'texture="terrazzo" texrepeat="3 4" rgba="1 1 1 1"',
    "tiles_blue": 'texture="tiles_blue" texrepeat="14 8" rgba="1 1 1 1"',
    "tiles_pink": 'texture="tiles_pink" texrepeat="14 8" rgba="1 1 1 1"',
}
"""The textured materials."""


def materials() -> str:
    """MJCF of the materials."""
    return "".join(f'<material name="{name}" {look}/>' for name, look in MATERIALS.items())
