"""Primitive parts joined into one picture mesh per colour: far fewer things to draw than one geom a part."""

from math import ceil
from typing import Dict, List, Sequence, Tuple

import numpy as np

from robot_bridge.sim.shapes import Colour, Part, numbers

SIDES = 12
"""Sides of round parts; small ones get fewer."""

Surface = Tuple[np.ndarray, np.ndarray]


def surface(part: Part) -> Surface:
    """Vertices (N, 3) [m] in the frame of the thing, and triangles (M, 3), of a part."""
    points, faces = _SURFACES[part.shape](part)
    if part.ends is not None:
        start, end = np.array(part.ends[:3]), np.array(part.ends[3:])
        return points @ _frame_along(end - start).T + (start + end) / 2, faces
    return points @ _rotation(part.quat).T + np.array(part.pos), faces


def joined(name: str, parts: Sequence[Part]) -> Tuple[str, str]:
    """MJCF of the mesh assets of ``parts``, one a colour, and of the picture geoms that show them."""
    groups: Dict[Colour, List[Part]] = {}
    for part in parts:
        groups.setdefault(part.colour, []).append(part)
    assets, geoms = [], []
    for index, (colour, group) in enumerate(groups.items()):
        assets.append(mesh_asset(f"{name}_{index}", *_stack([surface(part) for part in group])))
        geoms.append(f'<geom class="picture" type="mesh" mesh="{name}_{index}" mass="0" rgba="{numbers(colour)} 1"/>')
    return "".join(assets), "".join(geoms)


def mesh_asset(name: str, points: np.ndarray, faces: np.ndarray, smooth: bool = False) -> str:
    """MJCF of one mesh asset."""
    corners = " ".join(f"{value:.6g}" for value in points.ravel().tolist())
    triangles = " ".join(map(str, faces.ravel().tolist()))
    kind = "true" if smooth else "false"
    return f'<mesh name="{name}" vertex="{corners}" face="{triangles}" smoothnormal="{kind}" inertia="shell"/>'


def _stack(surfaces: Sequence[Surface]) -> Surface:
    offsets = np.cumsum([0] + [len(points) for points, _ in surfaces])
    faces = [triangles + offset for (_, triangles), offset in zip(surfaces, offsets)]
    return np.concatenate([points for points, _ in surfaces]), np.concatenate(faces)


def _box(part: Part) -> Surface:
    """Eight corners, shared: the compiler keeps their edges sharp."""
    signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    faces = [triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))]
    return signs * np.array(part.size), np.array(faces)


def turned(outline: Sequence[Tuple[float, float]], sides: int, offset_rad: float = 0.0) -> Surface:
    """The surface of an outline of (radius, height) turned about z, outside to the right of its direction."""
    angles = offset_rad + 2 * np.pi * np.arange(sides) / sides
    points = np.array(
        [(radius * np.cos(angle), radius * np.sin(angle), height) for radius, height in outline for angle in angles]
    )
    faces = []
    for ring in range(len(outline) - 1):
        for index in range(sides):
            a, b = ring * sides + index, ring * sides + (index + 1) % sides
            if outline[ring][0] > 0:
                faces.append((a, b, a + sides))
            if outline[ring + 1][0] > 0:
                faces.append((b, b + sides, a + sides))
    used, numbering = np.unique(np.array(faces), return_inverse=True)
    return points[used], numbering.reshape(-1, 3)


def _sides(radius: float) -> int:
    return SIDES if radius > 0.015 else max(6, ceil(SIDES * 0.6))


def _round(radius: float, half: float, shoulders: int) -> Surface:
    """A capsule about z; a sphere has no half length."""
    quarter = np.linspace(0.0, np.pi / 2, shoulders + 1)
    outline = [(radius * np.sin(a), -half - radius * np.cos(a)) for a in quarter]
    outline += [(radius * np.cos(a), half + radius * np.sin(a)) for a in quarter[(0 if half else 1) :]]
    return turned([(0.0 if r < 1e-9 else float(r), float(z)) for r, z in outline], _sides(radius))


def _cylinder(part: Part) -> Surface:
    radius, half = part.size[0], _half_length(part)
    return turned([(0.0, -half), (radius, -half), (radius, half), (0.0, half)], _sides(radius))


def _capsule(part: Part) -> Surface:
    return _round(part.size[0], _half_length(part), 3)


def _sphere(part: Part) -> Surface:
    return _round(part.size[0], 0.0, 4)


def _ellipsoid(part: Part) -> Surface:
    points, faces = _round(1.0, 0.0, 4)
    return points * np.array(part.size), faces


def _half_length(part: Part) -> float:
    if part.ends is None:
        return part.size[1]
    return float(np.linalg.norm(np.array(part.ends[3:]) - np.array(part.ends[:3]))) / 2


def _frame_along(axis: np.ndarray) -> np.ndarray:
    """A rotation whose z axis points along ``axis``."""
    z = axis / np.linalg.norm(axis)
    x = np.cross((0.0, 1.0, 0.0) if abs(z[1]) < 0.9 else (1.0, 0.0, 0.0), z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _rotation(quat: Sequence[float]) -> np.ndarray:
    w, x, y, z = np.array(quat) / np.linalg.norm(quat)
    return np.array(
        [
            (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        ]
    )


_SURFACES = {"box": _box, "cylinder": _cylinder, "capsule": _capsule, "sphere": _sphere, "ellipsoid": _ellipsoid}
