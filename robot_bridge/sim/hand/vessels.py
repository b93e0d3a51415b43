"""What things are put into, taken out of and put on: vessels with real walls, flat mats."""

from dataclasses import dataclass
from typing import Callable, Dict, Tuple

from robot_bridge.sim.containers import Container
from robot_bridge.sim.hand.props import mixed, shaded
from robot_bridge.sim.shapes import Colour, Part

_WHITE, _WOOD, _CARDBOARD = (0.95, 0.95, 0.93), (0.66, 0.46, 0.26), (0.72, 0.58, 0.42)

MAT_M = 0.003
"""Half the thickness of a mat."""


@dataclass(frozen=True)
class VesselKind:
    """A class of vessels: the noun for it, and how one of a colour is made; ``tinted`` ones are named by it."""

    noun: str
    make: Callable[[Colour], Container]
    tinted: bool = True


@dataclass(frozen=True)
class MatKind:
    """A flat thing that things are put on: the noun, its half extents [m], whether it is round, and its pattern."""

    noun: str
    half_m: Tuple[float, float]
    round: bool

    def parts(self, colour: Colour) -> Tuple[Part, ...]:
        """The mat and its border or rings, with the origin on the ground."""
        light, half = mixed(colour, _WHITE, 0.5), MAT_M
        if self.round:
            radius = self.half_m[0]
            return (
                Part("cylinder", (radius, half), colour, pos=(0, 0, half)),
                Part("cylinder", (0.80 * radius, 0.0004), light, pos=(0, 0, 2 * half), solid=False),
                Part("cylinder", (0.68 * radius, 0.0006), colour, pos=(0, 0, 2 * half), solid=False),
            )
        x, y = self.half_m
        return (
            Part("box", (x, y, half), colour, pos=(0, 0, half)),
            Part("box", (0.88 * x, 0.86 * y, 0.0004), light, pos=(0, 0, 2 * half), solid=False),
            Part("box", (0.80 * x, 0.76 * y, 0.0006), shaded(colour, 0.95), pos=(0, 0, 2 * half), solid=False),
        )


MATS: Dict[str, MatKind] = {
    "coaster": MatKind("coaster", (0.060, 0.060), True),
    "felt_mat": MatKind("felt mat", (0.085, 0.070), False),
    "place_mat": MatKind("place mat", (0.100, 0.080), False),
    "doily": MatKind("doily", (0.080, 0.080), True),
}
"""Mats by name."""


def _slats(half: float, height: float, colour: Colour) -> Tuple[Part, ...]:
    """Horizontal stripes around a square vessel."""
    sides = (
        ((half, 0.001), (0.0, half)),
        ((half, 0.001), (0.0, -half)),
        ((0.001, half), (half, 0.0)),
        ((0.001, half), (-half, 0.0)),
    )
    return tuple(
        Part("box", (*size, 0.003), colour, pos=(*pos, share * height), solid=False)
        for share in (0.35, 0.75)
        for size, pos in sides
    )


def _crate(colour: Colour) -> Container:
    wood = mixed(_WOOD, colour, 0.25)
    profile = ((0, 0.006), (0.074, 0.006), (0.075, 0.025), (0.075, 0.044))
    return Container("crate", profile, wood, 0.6, square=True, extras=_slats(0.0795, 0.044, shaded(wood, 0.6)))


def _shoe_box(colour: Colour) -> Container:
    profile = ((0, 0.005), (0.080, 0.005), (0.080, 0.030), (0.081, 0.056))
    return Container("shoe_box", profile, mixed(colour, _CARDBOARD, 0.3), 0.5, square=True)


def _bucket(colour: Colour) -> Container:
    return Container("bucket", ((0, 0.006), (0.052, 0.006), (0.064, 0.035), (0.074, 0.066)), colour, 0.5)


def _wash_basin(colour: Colour) -> Container:
    profile = ((0, 0.005), (0.076, 0.005), (0.090, 0.025), (0.098, 0.040))
    return Container("wash_basin", profile, mixed(colour, _WHITE, 0.35), 0.6)


def _sieve(colour: Colour) -> Container:
    profile = ((0, 0.006), (0.084, 0.006), (0.085, 0.020), (0.085, 0.034))
    return Container("sieve", profile, mixed(_WOOD, colour, 0.2), 0.6)


def beaker(colour: Colour) -> Container:
    """A slim cup that one hand pours from."""
    profile = ((0, 0.004), (0.026, 0.004), (0.030, 0.040), (0.033, 0.088))
    return Container("beaker", profile, mixed(colour, _WHITE, 0.25), 0.12)


VESSELS: Dict[str, VesselKind] = {
    "crate": VesselKind("wooden crate", _crate, tinted=False),
    "shoe_box": VesselKind("shoe box", _shoe_box),
    "bucket": VesselKind("bucket", _bucket),
    "wash_basin": VesselKind("basin", _wash_basin),
    "sieve": VesselKind("sieve", _sieve, tinted=False),
}
"""Vessels by name."""
