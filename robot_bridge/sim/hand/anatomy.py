"""A human right or left hand as MJCF: palm, five fingers of capsules on hinges, wrist, forearm and sleeve.

The hand's frame has its origin in the wrist, x along the fingers, y towards the thumb of a right hand, z out of the
back. All is written for the right hand; the left one is its mirror image. Lengths and radii are about an adult's,
times ``Person.scale``.
"""

from dataclasses import dataclass
from math import cos, sin
from typing import Iterator, List, Optional, Tuple

from robot_bridge.sim.mesh import mesh_asset, turned
from robot_bridge.sim.shapes import Colour, numbers

Vector = Tuple[float, float, float]

BASE_JOINTS = ("hand_x", "hand_y", "hand_z", "hand_yaw", "hand_pitch", "hand_roll")
"""Where the wrist is [m] and how the hand is turned [rad]: yaw about z, then pitch about y, then roll about x."""

FINGERS = ("index", "middle", "ring", "little")
FINGER_JOINTS = tuple(f"{finger}_{joint}" for finger in FINGERS for joint in ("knuckle", "middle", "end"))
THUMB_JOINTS = ("thumb_oppose", "thumb_flex", "thumb_knuckle", "thumb_end")
DIGIT_JOINTS = FINGER_JOINTS + THUMB_JOINTS

FOREARM_M = 0.46
NAIL_SHARE = 0.62
"""Width of a nail, in radii of its finger tip."""


@dataclass(frozen=True)
class Person:
    """Whose hand it is: right or left, its size, the colours of skin and sleeve, and what the wrist wears.

    ``sleeve_m`` is how far from the wrist the sleeve begins; None: a bare arm. ``glove`` colours the whole hand,
    ``band`` the strap of a watch.
    """

    left: bool
    scale: float
    skin: Colour
    sleeve: Colour
    sleeve_m: Optional[float] = 0.06
    glove: Optional[Colour] = None
    band: Optional[Colour] = None
    girth: float = 1.0

    @property
    def side(self) -> float:
        """1 for a right hand, -1 for a left one, whose y, yaw and roll are the mirror image."""
        return -1.0 if self.left else 1.0

    @property
    def hand_colour(self) -> Colour:
        """What the hand shows: skin or glove."""
        return self.glove or self.skin


@dataclass(frozen=True)
class Digit:
    """A finger: where it begins, its direction in the plane of the palm, lengths and radii of its phalanges [m]."""

    name: str
    knuckle: Vector
    splay_rad: float
    lengths: Vector
    radii: Vector


_DIGITS = (
    Digit("index", (0.090, 0.026, 0.000), 0.07, (0.042, 0.025, 0.017), (0.0098, 0.0087, 0.0080)),
    Digit("middle", (0.094, 0.004, 0.002), 0.01, (0.047, 0.029, 0.018), (0.0098, 0.0088, 0.0081)),
    Digit("ring", (0.089, -0.017, 0.001), -0.05, (0.043, 0.028, 0.018), (0.0093, 0.0083, 0.0076)),
    Digit("little", (0.080, -0.036, -0.002), -0.13, (0.033, 0.020, 0.016), (0.0083, 0.0074, 0.0068)),
)
_THUMB = Digit("thumb", (0.020, 0.022, -0.008), 0.85, (0.043, 0.034, 0.021), (0.0135, 0.0108, 0.0097))

_KNUCKLE, _MIDDLE, _END = (-0.35, 1.6), (0.0, 1.9), (-0.1, 1.4)
_THUMB_RANGES = ((-0.2, 1.7), (-0.6, 1.0), (-0.2, 1.2), (-0.2, 1.3))

HAND_DEFAULTS = """
<default class="wrist"><joint armature="0.02" damping="0.02"/></default>
<default class="travel"><joint type="slide" armature="0.5" damping="1"/></default>
<default class="digit">
  <joint type="hinge" armature="0.0006" damping="0.012"/>
  <position kp="1.6" dampratio="1" forcerange="-0.45 0.45"/>
</default>
<default class="skin">
  <geom contype="2" conaffinity="1" condim="4" friction="1.1 0.02 0.0005" priority="2" solref="0.01 1"
        solimp="0.9 0.98 0.002" group="2" density="900"/>
</default>
<default class="worn"><geom contype="0" conaffinity="0" group="2" mass="0"/></default>"""


class _Sculptor:
    """Writes the MJCF of one person's hand: mirrors, scales, colours."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.hand = f'rgba="{numbers(person.hand_colour)} 1"'
        nail = person.glove or tuple(0.55 * c + 0.45 * pink for c, pink in zip(person.skin, (0.98, 0.80, 0.76)))
        self.nail = f'rgba="{numbers(nail)} 1"'

    def at(self, point: Vector) -> str:
        x, y, z = point
        scale = self.person.scale
        return numbers((x * scale, y * scale * self.person.side, z * scale))

    def axis(self, axis: Vector) -> str:
        x, y, z = axis
        return numbers((x * self.person.side, y, z * self.person.side))

    def capsule(self, start: Vector, end: Vector, radius: float) -> str:
        size = radius * self.person.scale * self.person.girth
        ends = f"{self.at(start)} {self.at(end)}"
        return f'<geom class="skin" type="capsule" fromto="{ends}" size="{size:.6g}" {self.hand}/>'

    def ellipsoid(self, pos: Vector, size: Vector, look: str, kind: str = "skin") -> str:
        sizes = numbers(tuple(value * self.person.scale for value in size))
        return f'<geom class="{kind}" type="ellipsoid" pos="{self.at(pos)}" size="{sizes}" {look}/>'

    def hinge(self, name: str, axis: Vector, limits: Tuple[float, float]) -> str:
        return f'<joint name="{name}" class="digit" axis="{self.axis(axis)}" range="{numbers(limits)}"/>'


def hand_bodies(person: Person) -> str:
    """MJCF of the hand, and of the forearm, a mocap body with its origin in the wrist and its x axis along the arm."""
    sculptor = _Sculptor(person)
    joints = "".join(
        f'<joint name="{name}" class="travel" axis="{axis}"/>'
        for name, axis in zip(BASE_JOINTS, ("1 0 0", "0 1 0", "0 0 1"))
    ) + "".join(
        f'<joint name="{name}" class="wrist" axis="{axis}"/>'
        for name, axis in zip(BASE_JOINTS[3:], ("0 0 1", "0 1 0", "1 0 0"))
    )
    digits = "".join(_finger(sculptor, digit) for digit in _DIGITS) + _thumb(sculptor)
    palm = f'<body name="hand" gravcomp="1">{joints}{_palm(sculptor)}{digits}</body>'
    return palm + f'<body name="forearm" mocap="true">{_forearm(sculptor)}</body>'


def hand_assets(person: Person) -> str:
    """MJCF of the meshes of forearm and sleeve."""
    scale = person.scale
    arm = (
        (0.0, -0.006),
        (0.021, -0.002),
        (0.0235, 0.02),
        (0.026, 0.06),
        (0.034, 0.16),
        (0.042, 0.26),
        (0.044, FOREARM_M),
        (0.0, FOREARM_M),
    )
    pieces = [_sheath("arm", arm, scale, 0.80)]
    if person.sleeve_m is not None:
        start = person.sleeve_m
        sleeve = (
            (0.0, start), (0.034, start), (0.0355, start + 0.004), (0.0345, start + 0.018), (0.039, start + 0.03),
            (0.045, start + 0.10), (0.052, FOREARM_M + 0.01), (0.0, FOREARM_M + 0.01),
        )  # fmt: skip
        pieces.append(_sheath("sleeve", sleeve, scale, 0.88))
    return "".join(pieces)


def hand_actuation() -> str:
    """MJCF of the actuators: what ``ctrl`` holds, in the order of BASE_JOINTS and DIGIT_JOINTS."""
    travel = "".join(
        f'<position name="{name}" joint="{name}" kp="900" dampratio="1" forcerange="-40 40"/>'
        for name in BASE_JOINTS[:3]
    )
    turn = "".join(
        f'<position name="{name}" joint="{name}" kp="24" dampratio="1" forcerange="-6 6"/>' for name in BASE_JOINTS[3:]
    )
    digits = "".join(f'<position name="{name}" joint="{name}" class="digit"/>' for name in DIGIT_JOINTS)
    return travel + turn + digits


def _sheath(name: str, outline: Tuple[Tuple[float, float], ...], scale: float, flat: float) -> str:
    """A mesh turned about the arm's axis, along -x, flatter than it is wide."""
    points, faces = turned([(r * scale, z * scale) for r, z in outline], 18)
    laid = points[:, [2, 1, 0]] * (-1.0, 1.0, flat)
    return mesh_asset(name, laid, faces, smooth=True)


def _palm(sculptor: _Sculptor) -> str:
    """Four metacarpals under one skin, the ball of the thumb, the edge of the hand and the wrist."""
    parts = []
    for digit in _DIGITS:
        x, y, z = digit.knuckle
        parts.append(sculptor.capsule((0.014, 0.50 * y, -0.001), (x - 0.004, y, z), 0.0112))
    parts.append(sculptor.ellipsoid((0.052, -0.004, -0.004), (0.046, 0.036, 0.0135), sculptor.hand))
    parts.append(sculptor.capsule((0.016, -0.020, -0.007), (0.062, -0.030, -0.006), 0.0125))
    parts.append(sculptor.ellipsoid((0.038, 0.020, -0.010), (0.026, 0.014, 0.012), sculptor.hand))
    parts.append(sculptor.ellipsoid((0.002, 0.0, -0.002), (0.026, 0.0265, 0.0185), sculptor.hand))
    return "".join(parts) + _site("palm_centre", sculptor.at((0.065, 0.0, -0.014)))


def _finger(sculptor: _Sculptor, digit: Digit) -> str:
    """Three phalanges that bend towards the palm."""
    direction = (cos(digit.splay_rad), sin(digit.splay_rad), 0.0)
    axis = (-direction[1], direction[0], 0.0)
    hinges = [
        sculptor.hinge(f"{digit.name}_{joint}", axis, limits)
        for joint, limits in (("knuckle", _KNUCKLE), ("middle", _MIDDLE), ("end", _END))
    ]
    return _chain(sculptor, digit, direction, (0.0, 0.0, -1.0), hinges)


def _thumb(sculptor: _Sculptor) -> str:
    """The thumb turns about the hand's x axis to oppose the fingers, and bends towards them."""
    digit = _THUMB
    direction = (cos(digit.splay_rad), sin(digit.splay_rad), 0.0)
    axes = ((-1.0, 0.0, 0.0), *[(0.0, 0.0, -1.0)] * 3)
    hinges = [sculptor.hinge(*row) for row in zip(THUMB_JOINTS, axes, _THUMB_RANGES)]
    pad = (direction[1], -direction[0], 0.0)
    return _chain(sculptor, digit, direction, pad, [hinges[0] + hinges[1], *hinges[2:]])


def _chain(sculptor: _Sculptor, digit: Digit, direction: Vector, pad: Vector, hinges: List[str]) -> str:
    """Nested bodies of a digit; ``pad`` is the direction its finger print faces, away from its nail."""
    opened = ""
    origin = digit.knuckle
    for index, (length, radius, joints) in enumerate(zip(digit.lengths, digit.radii, hinges)):
        end: Vector = _along(direction, length)
        geom = sculptor.capsule((0.0, 0.0, 0.0), end, radius)
        opened += f'<body name="{digit.name}{index}" pos="{sculptor.at(origin)}" gravcomp="1">{joints}{geom}'
        origin = end
    radius, length = digit.radii[2], digit.lengths[2]
    tip = tuple(length * d + 0.55 * radius * p for d, p in zip(direction, pad))
    opened += _nail(sculptor, digit, direction, pad) + _site(f"{digit.name}_tip", sculptor.at((tip[0], tip[1], tip[2])))
    return opened + "</body>" * 3


def _nail(sculptor: _Sculptor, digit: Digit, direction: Vector, pad: Vector) -> str:
    radius, length = digit.radii[2], digit.lengths[2]
    place = tuple((length + 0.15 * radius) * d - 0.62 * radius * p for d, p in zip(direction, pad))
    width, half = NAIL_SHARE * radius, 0.75 * radius
    size = (half, width, 0.42 * radius) if abs(pad[2]) > 0.5 else (half * 0.8, half * 0.8, width)
    return sculptor.ellipsoid((place[0], place[1], place[2]), size, sculptor.nail, "worn")


def _forearm(sculptor: _Sculptor) -> str:
    person = sculptor.person
    skin = f'rgba="{numbers(person.skin)} 1"'
    return "".join(_worn_pieces(person, skin))


def _worn_pieces(person: Person, skin: str) -> Iterator[str]:
    yield f'<geom class="worn" type="mesh" mesh="arm" {skin}/>'
    if person.sleeve_m is not None:
        yield f'<geom class="worn" type="mesh" mesh="sleeve" rgba="{numbers(person.sleeve)} 1"/>'
    if person.glove is not None:
        colour = f'rgba="{numbers(person.glove)} 1"'
        yield f'<geom class="worn" type="ellipsoid" size="0.045 0.034 0.027" pos="-0.012 0 0" {colour}/>'
    if person.band is not None:
        colour = f'rgba="{numbers(person.band)} 1"'
        yield f'<geom class="worn" type="ellipsoid" size="0.011 0.0305 0.0245" pos="-0.040 0 0" {colour}/>'
        yield '<geom class="worn" type="cylinder" size="0.014 0.003" pos="-0.040 0 0.0245" rgba=".85 .86 .88 1"/>'


def _along(direction: Vector, length: float) -> Vector:
    return (direction[0] * length, direction[1] * length, direction[2] * length)


def _site(name: str, where: str) -> str:
    return f'<site name="{name}" pos="{where}" size="0.003" group="5"/>'
