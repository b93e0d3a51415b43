"""Containers with real walls: a turned (or boxy) picture mesh over a ring of collision boxes, as MJCF."""

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin
from typing import Dict, List, Tuple

from robot_bridge.sim.mesh import joined, mesh_asset, turned
from robot_bridge.sim.shapes import Colour, Part, numbers

WALL_M = 0.004
SEGMENTS = 32
"""Segments of a turned mesh."""
FOOT_M = 0.0022
"""Radius of the feet a vessel stands on [m]; its floor and wall begin above the counter."""

STAVES = 14
"""Collision boxes around a wall."""

Profile = Tuple[Tuple[float, float], ...]


@dataclass(frozen=True)
class Container:
    """A vessel standing upright on its origin.

    ``inside`` is the inner profile (radius, height) [m] from the centre of the floor to the rim; ``square`` vessels
    have it along x and y and straight corners. ``extras`` are handles and the like.
    """

    name: str
    inside: Profile
    colour: Colour
    mass_kg: float = 0.35
    square: bool = False
    extras: Tuple[Part, ...] = ()

    @property
    def rim_m(self) -> float:
        """Height of the rim above the counter."""
        return self.inside[-1][1]

    @property
    def floor_m(self) -> float:
        """Height of the inner floor above the counter."""
        return self.inside[0][1]

    @property
    def radius_m(self) -> float:
        """Inner radius at the rim; for a square vessel half its inner side."""
        return self.inside[-1][0]

    @property
    def outer_m(self) -> float:
        """Radius that clears the vessel and its walls, without handles."""
        return (self.radius_m + WALL_M) * (2**0.5 if self.square else 1.0)

    def look(self, name: str) -> Tuple[str, str]:
        """MJCF of the mesh assets of a body of this kind, and of the geoms that show them."""
        sides, offset = (4, pi / 4) if self.square else (SEGMENTS, 0.0)
        stretch = 2**0.5 if self.square else 1.0
        points, faces = turned([(stretch * r, z) for r, z in _outline(self.inside)], sides, offset)
        assets, geoms = joined(name, self.extras)
        shell = f'<geom class="picture" type="mesh" mesh="{name}_shell" mass="0" rgba="{numbers(self.colour)} 1"/>'
        return mesh_asset(f"{name}_shell", points, faces, not self.square) + assets, shell + geoms

    def solids(self, name: str) -> str:
        """MJCF of the collision geoms of a body of this kind."""
        solids = _floor(self) + _walls(self)
        mass = self.mass_kg / len(solids)
        return "".join(
            f'<geom name="{name}_{index}" class="vessel" type="{shape}" mass="{mass:.6f}" {where}/>'
            for index, (shape, where) in enumerate(solids)
        )


def _outline(inside: Profile) -> Profile:
    """Closed section of the vessel: outer wall from the axis up, over the rim, and the inner wall back to the axis."""
    outer = [(0.0, 0.0), (inside[1][0] + WALL_M * 0.6, 0.0)]
    outer += [(radius + WALL_M, height) for radius, height in inside[2:]]
    return tuple(outer + list(reversed(inside)))


def _floor(container: Container) -> List[Tuple[str, str]]:
    """A box that is the floor and four round feet under it: things rest calmly on a box, and few contacts are quick.

    In a round vessel the box's corners end under the wall, and its sides leave slivers that the wall's foot fills.
    """
    side = container.inside[1][0] * (1.0 if container.square else 0.8)
    half = (container.floor_m - FOOT_M / 2) / 2
    solids = [("box", f'size="{side:.6g} {side:.6g} {half:.6g}" pos="0 0 {container.floor_m - half:.6g}"')]
    for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        stand = 0.85 * side
        solids.append(("sphere", f'size="{FOOT_M:.6g}" pos="{x * stand:.6g} {y * stand:.6g} {FOOT_M:.6g}"'))
    return solids


def _walls(container: Container) -> List[Tuple[str, str]]:
    """Boxes that line the wall: one ring of staves from the edge of the floor to the rim."""
    (low_r, low_z), (high_r, high_z) = container.inside[1], container.inside[-1]
    length, lean = hypot(high_r - low_r, high_z - low_z), atan2(high_r - low_r, high_z - low_z)
    count = 4 if container.square else STAVES
    middle = ((low_r + high_r) / 2 + WALL_M / 2 * cos(lean), (low_z + high_z) / 2 - WALL_M / 2 * sin(lean))
    half_width = high_r + WALL_M if container.square else (high_r + WALL_M) * pi / count * 1.02
    walls = []
    for index in range(count):
        turn = 2 * pi * index / count
        quat = _product((cos(turn / 2), 0, 0, sin(turn / 2)), (cos(lean / 2), 0, sin(lean / 2), 0))
        pos = (middle[0] * cos(turn), middle[0] * sin(turn), middle[1])
        size = (WALL_M / 2, half_width, length / 2)
        walls.append(("box", f'size="{numbers(size)}" pos="{numbers(pos)}" quat="{numbers(quat)}"'))
    return walls


def _product(a: Tuple[float, ...], b: Tuple[float, ...]) -> Tuple[float, ...]:
    """Product of two quaternions (w, x, y, z)."""
    return (
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    )


def _ears(radius: float, height: float, colour: Colour) -> Tuple[Part, ...]:
    """Two loop handles, on the left and the right of a round vessel."""
    loops = []
    for sign in (1, -1):
        inner, outer = sign * radius, sign * (radius + 0.018)
        for ends in (
            (-0.018, inner, height, -0.014, outer, height),
            (-0.014, outer, height, 0.014, outer, height),
            (0.014, outer, height, 0.018, inner, height),
        ):
            loops.append(Part("capsule", (0.0042,), colour, ends=ends, solid=False))
    return tuple(loops)


def _holes(container_radius: float, top_radius: float, height: float, colour: Colour) -> Tuple[Part, ...]:
    """A ring of dark holes in the wall of a colander, showing on both sides."""
    dots = []
    for index in range(14):
        angle = 2 * pi * index / 14
        share = 0.45 if index % 2 else 0.72
        radius = container_radius + share * (top_radius - container_radius) + WALL_M / 2
        pos = (radius * cos(angle), radius * sin(angle), share * height)
        dots.append(Part("ellipsoid", (0.0055, 0.0055, 0.0055), colour, pos=pos, solid=False))
    return tuple(dots)


def _brim(half: float, height: float, colour: Colour) -> Tuple[Part, ...]:
    """Four rounded edges on the rim of a square vessel."""
    corners = ((half, half), (-half, half), (-half, -half), (half, -half), (half, half))
    return tuple(
        Part("capsule", (0.004,), colour, ends=(*start, height, *end, height), solid=False)
        for start, end in zip(corners, corners[1:])
    )


_STEEL, _WOOD = (0.78, 0.80, 0.83), (0.66, 0.44, 0.22)

_CONTAINERS = (
    Container(
        "colander",
        ((0, 0.005), (0.054, 0.005), (0.066, 0.020), (0.075, 0.040)),
        (0.95, 0.95, 0.92),
        extras=_ears(0.078, 0.037, (0.95, 0.95, 0.92)) + _holes(0.056, 0.076, 0.040, (0.25, 0.27, 0.30)),
    ),
    Container("plate", ((0, 0.005), (0.062, 0.005), (0.076, 0.010), (0.088, 0.016)), (0.35, 0.62, 0.86)),
    Container(
        "pot",
        ((0, 0.005), (0.074, 0.005), (0.077, 0.025), (0.078, 0.045)),
        (0.80, 0.16, 0.16),
        mass_kg=0.5,
        extras=_ears(0.082, 0.036, (0.15, 0.15, 0.17)),
    ),
    Container("bowl", ((0, 0.005), (0.050, 0.005), (0.070, 0.020), (0.082, 0.042)), (0.98, 0.78, 0.25)),
    Container(
        "frying_pan",
        ((0, 0.005), (0.074, 0.005), (0.080, 0.015), (0.086, 0.028)),
        (0.20, 0.20, 0.22),
        mass_kg=0.5,
        extras=(Part("capsule", (0.007,), (0.10, 0.10, 0.10), ends=(0.088, 0, 0.024, 0.150, 0, 0.034), solid=False),),
    ),
    Container(
        "basket",
        ((0, 0.006), (0.068, 0.006), (0.074, 0.024), (0.080, 0.042)),
        (0.78, 0.58, 0.32),
        extras=tuple(
            Part(
                "capsule",
                (0.004,),
                (0.60, 0.40, 0.18),
                pos=(0, 0, 0),
                solid=False,
                ends=(0.0825 * cos(a), 0.0825 * sin(a), 0.040, 0.0825 * cos(b), 0.0825 * sin(b), 0.040),
            )
            for a, b in ((2 * pi * i / 12, 2 * pi * (i + 1) / 12) for i in range(12))
        ),
    ),
    Container(
        "glass_dish", ((0, 0.005), (0.070, 0.005), (0.073, 0.020), (0.076, 0.036)), (0.62, 0.85, 0.83), square=True
    ),
    Container("salad_bowl", ((0, 0.005), (0.056, 0.005), (0.078, 0.024), (0.090, 0.050)), (0.56, 0.74, 0.30)),
    Container(
        "bin",
        ((0, 0.005), (0.062, 0.005), (0.065, 0.025), (0.068, 0.046)),
        (0.45, 0.50, 0.60),
        mass_kg=0.5,
        square=True,
        extras=_brim(0.070, 0.046, (0.30, 0.34, 0.44)),
    ),
    Container("cake_tin", ((0, 0.005), (0.070, 0.005), (0.073, 0.018), (0.076, 0.034)), (0.88, 0.46, 0.62)),
    Container("tray", ((0, 0.005), (0.076, 0.005), (0.079, 0.012), (0.082, 0.020)), _WOOD, square=True),
)

CONTAINERS: Dict[str, Container] = {container.name: container for container in _CONTAINERS}
"""Every container by name."""
