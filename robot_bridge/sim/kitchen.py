"""Two toy kitchens as MJCF: counter, stove, sink, tiled back wall, cabinet or microwave, in cheerful colours."""

from dataclasses import dataclass
from typing import Dict, List, Tuple

from robot_bridge.sim.shapes import Colour, numbers

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


def _geom(shape: str, size: Tuple[float, ...], pos: Tuple[float, ...], look: str, turn: str = "") -> str:
    """A picture geom; ``look`` is a material's name or numbers of a colour."""
    paint = f'material="{look}"' if look[0].isalpha() else f'rgba="{look}"'
    quat = f'quat="{turn}"' if turn else ""
    return f'<geom class="kitchen" type="{shape}" size="{numbers(size)}" pos="{numbers(pos)}" {quat} {paint}/>'


def _paint(colour: Colour) -> str:
    return numbers(colour) + " 1"


FACING = "0.7071068 0 0.7071068 0"
"""Turns a cylinder's axis along x: knobs on a front."""

_DARK, _STEEL, _WATER = (0.13, 0.13, 0.15), (0.76, 0.79, 0.82), (0.52, 0.80, 0.93)


def kitchen_bodies(kitchen: int) -> str:
    """MJCF of everything that does not move: the robot's table, the counter and what stands on it."""
    palette = KITCHENS[kitchen]
    parts: List[str] = ['<geom name="counter" class="ground" type="plane" size="2 2 .1"/>']
    parts += _room(palette) + _stove(palette) + _sink(palette) + _back(palette)
    return "".join(parts)


def _room(palette: Palette) -> List[str]:
    """The table the robot stands on, the counter, the tiled wall and the floor behind it."""
    depth = (EDGE_M - FRONT_M) / 2
    return [
        _geom("box", (0.17, 0.60, 0.02), (-0.075, 0, -0.0215), "table"),
        _geom("box", (depth, HALF_WIDTH_M, 0.03), (FRONT_M + depth, 0, -0.030), palette.counter),
        _geom("box", (0.006, HALF_WIDTH_M, 0.0305), (FRONT_M - 0.004, 0, -0.030), _paint(palette.front)),
        _geom("box", (0.01, HALF_WIDTH_M + 0.02, 0.24), (WALL_M, 0, 0.19), palette.tiles),
        _geom("box", (2.0, 2.0, 0.01), (0.6, 0, -0.55), "room"),
        _geom("box", (0.01, 2.0, 1.0), (1.6, 0, 0.40), "room"),
    ]


def _stove(palette: Palette) -> List[str]:
    """Two burners on a hob plate, an oven panel with knobs against the wall."""
    y = palette.stove_y
    parts = [
        _geom("box", (0.060, 0.125, 0.003), (0.525, y, 0.003), _paint(palette.appliance)),
        _geom("box", (0.012, 0.125, 0.040), (0.592, y, 0.040), _paint(palette.appliance)),
    ]
    for offset in (-0.062, 0.062):
        parts += [
            _geom("cylinder", (0.047, 0.0015), (0.522, y + offset, 0.0070), _paint(_DARK)),
            _geom("cylinder", (0.037, 0.0015), (0.522, y + offset, 0.0085), _paint(palette.accent)),
            _geom("cylinder", (0.025, 0.0015), (0.522, y + offset, 0.0100), _paint(_DARK)),
            _geom("cylinder", (0.012, 0.0015), (0.522, y + offset, 0.0115), _paint(palette.accent)),
        ]
    for offset in (-0.090, -0.030, 0.030, 0.090):
        parts.append(_geom("cylinder", (0.014, 0.006), (0.577, y + offset, 0.050), _paint(palette.accent), FACING))
    return parts


def _sink(palette: Palette) -> List[str]:
    """A steel basin filled with water to the brim, with a tap."""
    y = palette.sink_y
    return [
        _geom("box", (0.060, 0.100, 0.004), (0.520, y, 0.002), _paint(_STEEL)),
        _geom("box", (0.048, 0.086, 0.001), (0.518, y, 0.0056), _paint((0.45, 0.50, 0.55))),
        _geom("box", (0.042, 0.078, 0.001), (0.516, y, 0.0066), _paint(_WATER)),
        _geom("cylinder", (0.009, 0.055), (0.585, y, 0.055), _paint(_STEEL)),
        _geom("capsule", (0.008, 0.030), (0.560, y, 0.110), _paint(_STEEL), FACING),
        _geom("capsule", (0.008, 0.012), (0.532, y, 0.098), _paint(_STEEL)),
        _geom("sphere", (0.012,), (0.585, y + 0.035, 0.022), _paint((0.88, 0.20, 0.20))),
        _geom("sphere", (0.012,), (0.585, y - 0.035, 0.022), _paint((0.20, 0.40, 0.88))),
    ]


def _back(palette: Palette) -> List[str]:
    """Above the stove a microwave with its door, above the sink a cupboard with two doors, a shelf between."""
    y, z = palette.stove_y, 0.255
    parts = [
        _geom("box", (0.050, 0.120, 0.065), (0.560, y, z), _paint(palette.appliance)),
        _geom("box", (0.003, 0.072, 0.046), (0.508, y + 0.035, z), _paint((0.16, 0.20, 0.25))),
        _geom("box", (0.004, 0.005, 0.046), (0.505, y - 0.050, z), _paint(_STEEL)),
        _geom("box", (0.003, 0.022, 0.010), (0.508, y - 0.085, z + 0.035), _paint((0.40, 0.95, 0.60))),
        _geom("cylinder", (0.013, 0.005), (0.506, y - 0.085, z), _paint(palette.accent), FACING),
        _geom("cylinder", (0.013, 0.005), (0.506, y - 0.085, z - 0.035), _paint(palette.accent), FACING),
    ]
    y = palette.sink_y
    parts.append(_geom("box", (0.050, 0.120, 0.075), (0.560, y, 0.285), _paint(palette.shelf)))
    for offset in (-0.059, 0.059):
        parts.append(_geom("box", (0.004, 0.054, 0.067), (0.508, y + offset, 0.285), _paint(palette.front)))
        parts.append(_geom("sphere", (0.008,), (0.500, y + offset * 0.35, 0.265), _paint(palette.accent)))
    return parts


KITCHEN_DEFAULTS = """
<default class="kitchen"><geom contype="0" conaffinity="0" group="0"/></default>
<default class="ground"><geom contype="1" conaffinity="1" condim="3" friction="1 0.02 0.0005" group="4"
  solref="0.01 1" solimp="0.95 0.99 0.001"/></default>"""

MATERIALS: Dict[str, str] = {
    "arm": 'rgba="0.13 0.13 0.14 1" specular="0.5" shininess="0.5"',
    "arm_metal": 'rgba="0.24 0.24 0.26 1" specular="0.6" shininess="0.6"',
    "finger": 'rgba="0.08 0.08 0.09 1" specular="0.2"',
    "table": 'texture="oak" texrepeat="2 4" rgba="1 1 1 1"',
    "room": 'rgba="0.86 0.88 0.86 1"',
    "counter_wood": 'texture="beech" texrepeat="2 3" rgba="1 1 1 1"',
    "counter_mint": 'texture="terrazzo" texrepeat="3 4" rgba="1 1 1 1"',
    "tiles_blue": 'texture="tiles_blue" texrepeat="14 8" rgba="1 1 1 1"',
    "tiles_pink": 'texture="tiles_pink" texrepeat="14 8" rgba="1 1 1 1"',
}
"""Every material, in every scene in the same order, so that one rendering context serves all scenes."""


def materials() -> str:
    """MJCF of the materials."""
    return "".join(f'<material name="{name}" {look}/>' for name, look in MATERIALS.items())
