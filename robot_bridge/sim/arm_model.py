"""MJCF of the wx250s made of primitives, with the published kinematics, limits and link masses (Interbotix URDF)."""

from dataclasses import dataclass
from typing import Dict, List, Tuple

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
  <geom contype="0" conaffinity="0" group="1"/>
</default>
<default class="gripper_solid"><geom contype="2" conaffinity="1" group="1" friction="0.6" condim="3"/></default>
<default class="pad">
  <geom type="box" contype="2" conaffinity="1" group="1" condim="4" friction="1.2 0.02 0.0005" priority="1"
        solref="0.01 1" solimp="0.95 0.99 0.001"/>
</default>"""


@dataclass(frozen=True)
class Link:
    """One moving link: origin from its parent [m], joint axis, range [rad], and the geoms that show and weigh it."""

    name: str
    joint: str
    origin: Tuple[float, float, float]
    axis: Tuple[int, int, int]
    range_rad: Tuple[float, float]
    geoms: str


def _mass(link: str) -> str:
    return f'mass="{LINK_MASSES_KG[link]}"'


def _links() -> List[Link]:
    """The six links from the waist to the wrist; the first geom of each carries its mass."""
    y_axis, x_axis, z_axis = (0, 1, 0), (1, 0, 0), (0, 0, 1)
    full = (-3.14158, 3.14158)
    return [
        Link(
            "shoulder",
            "waist",
            (0, 0, 0.072),
            z_axis,
            full,
            f'<geom type="box" size=".032 .040 .026" pos="0 0 .012" material="arm" {_mass("shoulder")}/>'
            '<geom type="cylinder" size=".036 .008" pos="0 0 -.016" material="arm_metal" mass="0"/>'
            '<geom type="cylinder" size=".024 .048" pos="0 0 .03865" quat=".7071 .7071 0 0" material="arm" mass="0"/>',
        ),
        Link(
            "upper_arm",
            "shoulder",
            (0, 0, 0.03865),
            y_axis,
            (-1.88496, 1.98968),
            f'<geom type="box" size=".014 .026 .105" pos=".004 0 .125" material="arm" {_mass("upper_arm")}/>'
            '<geom type="box" size=".016 .028 .030" pos=".004 0 .06" material="arm_metal" mass="0"/>'
            '<geom type="box" size=".034 .020 .014" pos=".026 0 .243" material="arm" mass="0"/>'
            '<geom type="cylinder" size=".021 .032" pos=".04975 0 .25" quat=".7071 .7071 0 0" material="arm_metal"'
            ' mass="0"/>',
        ),
        Link(
            "upper_forearm",
            "elbow",
            (0.04975, 0, 0.25),
            y_axis,
            (-2.14675, 1.60570),
            f'<geom type="box" size=".080 .021 .016" pos=".085 0 0" material="arm" {_mass("upper_forearm")}/>'
            '<geom type="box" size=".022 .023 .018" pos=".125 0 0" material="arm_metal" mass="0"/>',
        ),
        Link(
            "lower_forearm",
            "forearm_roll",
            (0.175, 0, 0),
            x_axis,
            full,
            f'<geom type="cylinder" size=".019 .028" pos=".028 0 0" quat=".7071 0 .7071 0" material="arm"'
            f" {_mass('lower_forearm')}/>"
            '<geom type="cylinder" size=".018 .028" pos=".075 0 0" quat=".7071 .7071 0 0" material="arm_metal"'
            ' mass="0"/>',
        ),
        Link(
            "wrist",
            "wrist_angle",
            (0.075, 0, 0),
            y_axis,
            (-1.74533, 2.14675),
            f'<geom type="box" size=".028 .016 .015" pos=".026 0 0" material="arm" {_mass("wrist")}/>',
        ),
        Link(
            "gripper",
            "wrist_rotate",
            (0.065, 0, 0),
            x_axis,
            full,
            f'<geom class="gripper_solid" type="box" size=".022 .024 .018" pos=".010 0 0" material="arm"'
            f" {_mass('gripper')}/>"
            f'<geom class="gripper_solid" type="box" size=".007 .055 .011" pos=".043 0 0" material="arm_metal"'
            f" {_mass('gripper_bar')}/>",
        ),
    ]


def _finger(side: str, sign: int) -> str:
    """A finger sliding along y; its pad's inner face lies at the slide's own value, the tip 14 mm past ee_gripper."""
    return f"""
<body name="{side}_finger" pos=".066 0 0">
  <joint name="{side}_finger" type="slide" axis="0 {sign} 0" range="0 {FINGER_OPEN_M}" armature="0.05" damping="2"/>
  <geom class="gripper_solid" type="box" size=".009 .006 .008" pos="-.007 {sign * 0.009} 0" material="arm"
        {_mass(side + "_finger")}/>
  <geom name="{side}_pad" class="pad" size=".021 .004 .010" pos=".0205 {sign * 0.004} 0" material="finger" mass="0"/>
</body>"""


def _chain() -> str:
    """The nested bodies from the shoulder to the fingers."""
    hand = _finger("left", 1) + _finger("right", -1) + '<site name="ee_gripper" pos=".093575 0 0" group="4"/>'
    inner = hand
    for link in reversed(_links()):
        x, y, z = link.origin
        inner = (
            f'<body name="{link.name}" pos="{x} {y} {z}" gravcomp="1">'
            f'<joint name="{link.joint}" axis="{link.axis[0]} {link.axis[1]} {link.axis[2]}"'
            f' range="{link.range_rad[0]} {link.range_rad[1]}"/>{link.geoms}{inner}</body>'
        )
    return inner


def arm_bodies() -> str:
    """MJCF of the arm; its base frame is base_link, the origin of the world."""
    return f"""
<body name="base" childclass="arm">
  <geom type="box" size=".055 .055 .012" pos="-.005 0 .012" material="arm" {_mass("base")}/>
  <geom type="box" size=".040 .036 .018" pos="-.005 0 .040" material="arm_metal" mass="0"/>
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
