"""A thing with a joint that stands on its own, and its MJCF; primitive geoms that only show."""

from dataclasses import dataclass
from typing import Optional, Tuple

from robot_bridge.sim.shapes import Part, numbers

Vector = Tuple[float, float, float]


@dataclass(frozen=True)
class Fixture:
    """A thing with one moving part.

    ``still`` and ``moving`` are its parts, in a frame with the origin on the ground, x away from the person; the moving
    part turns about ``axis`` through ``anchor`` or slides along it, over ``limits`` [rad or m], 0 being closed.
    ``handle`` is where the hand takes hold of it at 0; ``pitch_rad`` how the hand is then turned. The ``lamp``
    lights up while the moving part is beyond half of its way.
    """

    name: str
    noun: str
    still: Tuple[Part, ...]
    moving: Tuple[Part, ...]
    joint: str
    axis: Vector
    anchor: Vector
    limits: Tuple[float, float]
    handle: Vector
    half_m: Tuple[float, float]
    pitch_rad: float = 0.4
    friction: float = 0.02
    damping: float = 0.02
    spring: float = 0.0
    mass_kg: float = 0.12
    lamp: Optional[Part] = None


def fixture_body(name: str, fixture: Fixture, place: str) -> str:
    """MJCF of a fixture and its moving part, whose joint is called ``name``."""
    still = _solids(fixture.still, "vessel") + pictures(fixture.still)
    if fixture.lamp is not None:
        still += _picture(fixture.lamp, f'name="{lamp_name(name)}"')
    inertial = _solids(fixture.moving, "vessel", fixture.mass_kg) + pictures(fixture.moving)
    low, high = fixture.limits
    joint = (
        f'<joint name="{name}" type="{fixture.joint}" axis="{numbers(fixture.axis)}" pos="{numbers(fixture.anchor)}"'
        f' range="{low:g} {high:g}" frictionloss="{fixture.friction:g}" damping="{fixture.damping:g}"'
        f' stiffness="{fixture.spring:g}" armature="0.0005"/>'
    )
    return f'<body name="{name}_still" {place}>{still}<body name="{name}">{joint}{inertial}</body></body>'


def lamp_name(name: str) -> str:
    """What the geom of a fixture's lamp is called."""
    return f"{name}_lamp"


def _solids(parts: Tuple[Part, ...], kind: str, mass_kg: float = 0.0) -> str:
    """MJCF of collision geoms that share a mass by their volumes."""
    solid = [part for part in parts if part.solid]
    total = sum(_volume(part) for part in solid)
    return "".join(
        f'<geom class="{kind}" type="{part.shape}" size="{numbers(part.size)}" {_place(part)}'
        f' mass="{mass_kg * _volume(part) / total:.6f}"/>'
        for part in solid
    )


def _place(part: Part) -> str:
    return f'fromto="{numbers(part.ends)}"' if part.ends else f'pos="{numbers(part.pos)}" quat="{numbers(part.quat)}"'


def _volume(part: Part) -> float:
    """About how large a part is, for its share of the mass."""
    product = 1.0
    for value in part.size:
        product *= value
    return product if len(part.size) == 3 else product * 0.02


def pictures(parts: Tuple[Part, ...]) -> str:
    """MJCF of primitive geoms that show the parts and do nothing else."""
    return "".join(_picture(part) for part in parts)


def _picture(part: Part, name: str = "") -> str:
    return (
        f'<geom {name} class="picture" mass="0" type="{part.shape}" size="{numbers(part.size)}" {_place(part)}'
        f' rgba="{numbers(part.colour)} 1"/>'
    )
