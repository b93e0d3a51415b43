"""Primitive parts, and the kinds of things built from them, as MJCF."""

from dataclasses import dataclass
from typing import Optional, Tuple

Colour = Tuple[float, float, float]


GRASP_M = 0.019
"""Least height of ee_gripper above what the object lies on [m]; the finger tips are 14 mm lower."""


@dataclass(frozen=True)
class Part:
    """One primitive geom in the frame of its thing [m]: ``ends`` gives a capsule or cylinder by its two end points.

    ``solid`` parts collide, the others only show. ``quat`` is (w, x, y, z).
    """

    shape: str
    size: Tuple[float, ...]
    colour: Colour
    pos: Tuple[float, float, float] = (0.0, 0.0, 0.0)
    ends: Optional[Tuple[float, ...]] = None
    quat: Tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    solid: bool = True
    weight: float = 1.0

    def solid_geom(self, mass_kg: float, name: str) -> str:
        """The MJCF collision geom, which is not shown."""
        place = (
            f'fromto="{numbers(self.ends)}"' if self.ends else f'pos="{numbers(self.pos)}" quat="{numbers(self.quat)}"'
        )
        return (
            f'<geom name="{name}" class="thing" mass="{mass_kg:.6f}" type="{self.shape}"'
            f' size="{numbers(self.size)}" {place}/>'
        )


def bar(radius: float, start: float, end: float, colour: Colour, z: float = 0.0, **more: float) -> Part:
    """A capsule along x between the centres of its end caps."""
    return Part("capsule", (radius,), colour, ends=(start, 0, z, end, 0, z), **more)  # type: ignore[arg-type]


def ball(radius: float, colour: Colour, x: float = 0, y: float = 0, z: float = 0, solid: bool = True) -> Part:
    """A sphere."""
    return Part("sphere", (radius,), colour, pos=(x, y, z), solid=solid)


@dataclass(frozen=True)
class Thing:
    """A kind of movable object.

    Its frame's origin is where a gripper closes on it, its x axis the long one. ``rest_m`` is the origin's height
    above what it lies on, ``half_m`` its half extents along x and y.
    """

    name: str
    parts: Tuple[Part, ...]
    rest_m: float
    half_m: Tuple[float, float]
    mass_kg: float = 0.04

    @property
    def grasp_z_m(self) -> float:
        """Height of the grasp above the origin: low things are held a little higher, so that no finger digs in."""
        return max(0.0, GRASP_M - self.rest_m)

    def solids(self, name: str) -> str:
        """MJCF of the collision geoms of a body of this kind."""
        parts = [part for part in self.parts if part.solid]
        total = sum(part.weight for part in parts)
        return "".join(
            part.solid_geom(self.mass_kg * part.weight / total, f"{name}_{index}") for index, part in enumerate(parts)
        )


def numbers(values: Tuple[float, ...]) -> str:
    """Numbers as MJCF writes them, to a tenth of a micrometre."""
    return " ".join(f"{value:.7g}" for value in values)


THING_DEFAULTS = """
<default class="thing">
  <geom contype="1" conaffinity="1" condim="4" friction="1 0.02 0.0005" solref="0.01 1" solimp="0.95 0.99 0.001"
        group="3"/>
</default>
<default class="picture"><geom contype="0" conaffinity="0" group="2"/></default>
<default class="vessel">
  <geom contype="1" conaffinity="1" condim="3" friction="0.8" solref="0.01 1" solimp="0.95 0.99 0.001" group="3"/>
</default>"""
