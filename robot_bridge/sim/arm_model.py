"""MJCF of the wx250s made of primitives, with the published kinematics, limits and link masses (Interbotix URDF)."""

from dataclasses import dataclass
from typing import Dict, Sequence, Tuple

from robot_bridge.sim.mesh import joined
from robot_bridge.sim.shapes import Colour, Part, numbers

Quat = Tuple[float, float, float, float]

JOINTS = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate")
FINGER_OPEN_M = 0.037
"""Slide of each finger when the gripper is open [m] (URDF upper limit); the pads meet at 0.

The URDF's lower limit, 0.015, is that of the bare carriages; on them sit fingers whose rubber closes the rest.
"""

LINK_MASSES_KG: Dict[str, float] = {
    "base": 0.538736,
    "shoulder": 0.480879,
    "upper_arm": 0.430811,
    "upper_forearm": 0.234589,
    "lower_forearm": 0.220991,
    "wrist": 0.084957,
    "gripper": 0.072885,
    "gripper_bar": 0.034199,
    "left_finger": 0.016246,
    "right_finger": 0.016246,
}

JOINT_DEFAULTS = """
<default class="arm">
  <joint armature="0.03" frictionloss="0.1" damping="0.1"/>
  <position kp="400" dampratio="1" forcerange="-35 35"/>
  <geom contype="0" conaffinity="0" group="3"/>
</default>
<default class="hand"><geom type="box" contype="2" conaffinity="1" group="3" friction="0.6" condim="3"/></default>
<default class="pad">
  <geom type="box" contype="2" conaffinity="1" group="3" condim="4" friction="1.2 0.02 0.0005" priority="1"
        solref="0.01 1" solimp="0.95 0.99 0.001"/>
</default>"""

_BLACK, _GREY, _RUBBER = (0.15, 0.15, 0.16), (0.30, 0.30, 0.33), (0.08, 0.08, 0.09)
_ACROSS = (0.7071068, 0.7071068, 0.0, 0.0)
"""Turns a cylinder's axis along y: the servo of a joint."""

_ALONG = (0.7071068, 0.0, 0.7071068, 0.0)


def _box(size: Tuple[float, ...], pos: Tuple[float, float, float], colour: Colour = _BLACK) -> Part:
    return Part("box", size, colour, pos=pos)


def _servo(size: Tuple[float, ...], pos: Tuple[float, float, float], turn: Quat, colour: Colour = _BLACK) -> Part:
    return Part("cylinder", size, colour, pos=pos, quat=turn)


@dataclass(frozen=True)
class Link:
    """One moving link: origin from its parent [m], joint, axis, range [rad], looks; the first part has its mass."""

    name: str
    joint: str
    origin: Tuple[float, float, float]
    axis: Tuple[int, int, int]
    range_rad: Tuple[float, float]
    parts: Tuple[Part, ...]
    collides: bool = False


_X, _Y, _Z = (1, 0, 0), (0, 1, 0), (0, 0, 1)
_FULL = (-3.14158, 3.14158)
_UPRIGHT = (1.0, 0.0, 0.0, 0.0)

BASE_PARTS = (
    _box((0.055, 0.055, 0.012), (-0.005, 0, 0.012)),
    _box((0.040, 0.036, 0.018), (-0.005, 0, 0.040), _GREY),
)

LINKS = (
    Link("shoulder", "waist", (0, 0, 0.072), _Z, _FULL, (
        _box((0.032, 0.040, 0.026), (0, 0, 0.012)),
        _servo((0.036, 0.008), (0, 0, -0.016), _UPRIGHT, _GREY),
        _servo((0.024, 0.048), (0, 0, 0.03865), _ACROSS),
    )),
    Link("upper_arm", "shoulder", (0, 0, 0.03865), _Y, (-1.88496, 1.98968), (
        _box((0.014, 0.026, 0.105), (0.004, 0, 0.125)),
        _box((0.016, 0.028, 0.030), (0.004, 0, 0.06), _GREY),
        _box((0.034, 0.020, 0.014), (0.026, 0, 0.243)),
        _servo((0.021, 0.032), (0.04975, 0, 0.25), _ACROSS, _GREY),
    )),
    Link("upper_forearm", "elbow", (0.04975, 0, 0.25), _Y, (-2.14675, 1.60570), (
        _box((0.086, 0.021, 0.016), (0.091, 0, 0)),
        _box((0.022, 0.023, 0.018), (0.125, 0, 0), _GREY),
    )),
    Link("lower_forearm", "forearm_roll", (0.175, 0, 0), _X, _FULL, (
        _servo((0.019, 0.034), (0.032, 0, 0), _ALONG),
        _servo((0.018, 0.028), (0.075, 0, 0), _ACROSS, _GREY),
    )),
    Link("wrist", "wrist_angle", (0.075, 0, 0), _Y, (-1.74533, 2.14675), (_box((0.028, 0.016, 0.015), (0.026, 0, 0)),)),
    Link("gripper", "wrist_rotate", (0.065, 0, 0), _X, _FULL, (
        _box((0.022, 0.024, 0.018), (0.010, 0, 0)),
        _box((0.007, 0.055, 0.011), (0.043, 0, 0), _GREY),
    ), collides=True),
)  # fmt: skip


def _weighing(parts: Tuple[Part, ...], masses: Sequence[float], kind: str = "arm") -> str:
    """The parts that have the masses [kg], in this order, as MJCF geoms that are not shown."""
    return "".join(
        f'<geom class="{kind}" type="{part.shape}" size="{numbers(part.size)}" pos="{numbers(part.pos)}"'
        f' quat="{numbers(part.quat)}" mass="{mass}"/>'
        for part, mass in zip(parts, masses)
    )


def _finger_parts(sign: int) -> Tuple[Part, ...]:
    return (
        _box((0.009, 0.006, 0.008), (-0.007, sign * 0.009, 0)),
        _box((0.021, 0.004, 0.010), (0.0205, sign * 0.004, 0), _RUBBER),
    )


def _finger(side: str, sign: int) -> str:
    """A finger sliding along y; its pad's inner face lies at the slide's own value, the tip 14 mm past ee_gripper."""
    parts = _finger_parts(sign)
    pad = parts[1]
    return f"""
<body name="{side}_finger" pos=".066 0 0" gravcomp="1">
  <joint name="{side}_finger" type="slide" axis="0 {sign} 0" range="0 {FINGER_OPEN_M}" armature="0.05" damping="2"/>
  {_weighing(parts, [LINK_MASSES_KG[side + "_finger"]], "hand")}
  <geom name="{side}_pad" class="pad" size="{numbers(pad.size)}" pos="{numbers(pad.pos)}" mass="0"/>
  {joined(side + "_finger", parts)[1]}
</body>"""


def _chain() -> str:
    """The nested bodies from the shoulder to the fingers."""
    inner = _finger("left", 1) + _finger("right", -1) + '<site name="ee_gripper" pos=".093575 0 0" group="4"/>'
    for link in reversed(LINKS):
        masses = [LINK_MASSES_KG[link.name], LINK_MASSES_KG["gripper_bar"]][: 1 + link.collides]
        inner = (
            f'<body name="{link.name}" pos="{numbers(link.origin)}" gravcomp="1">'
            f'<joint name="{link.joint}" axis="{numbers(link.axis)}" range="{numbers(link.range_rad)}"/>'
            f"{_weighing(link.parts, masses, 'hand' if link.collides else 'arm')}{joined(link.name, link.parts)[1]}"
            f"{inner}</body>"
        )
    return inner


def arm_assets() -> str:
    """MJCF of the arm's picture meshes."""
    fingers = joined("left_finger", _finger_parts(1))[0] + joined("right_finger", _finger_parts(-1))[0]
    links = "".join(joined(link.name, link.parts)[0] for link in LINKS)
    return joined("base", BASE_PARTS)[0] + links + fingers


def arm_bodies() -> str:
    """MJCF of the arm; its base frame is base_link, the origin of the world."""
    return f"""
<body name="base" childclass="arm">
  {_weighing(BASE_PARTS, [LINK_MASSES_KG["base"]])}{joined("base", BASE_PARTS)[1]}
  {_chain()}
</body>"""


def arm_actuation() -> str:
    """MJCF of the actuators (group 1: the arm's six, group 2: the gripper) and of the fingers' coupling."""
    joints = "".join(
        f'<position class="arm" name="{name}" joint="{name}" kp="400" dampratio="1" group="1"/>' for name in JOINTS
    )
    return f"""
<actuator>
  {joints}
  <position name="gripper" joint="left_finger" kp="300" forcerange="-12 12" ctrlrange="0 {FINGER_OPEN_M}" group="2"/>
</actuator>
<equality>
  <joint joint1="right_finger" joint2="left_finger" polycoef="0 1 0 0 0" solref="0.004 1" solimp="0.99 0.999 0.001"/>
</equality>"""
