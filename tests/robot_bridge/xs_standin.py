"""A recording stand-in for ``interbotix_xs_modules`` with its documented signatures, checks and return values."""

import sys
import time
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar, Dict, List, Optional, Tuple

import pytest

from robot_bridge.kinematics import HOME_JOINTS, JOINT_LOWER, JOINT_UPPER

NAMES = ["waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate"]
NAMES += ["gripper", "left_finger", "right_finger"]


class Stamp:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def to_sec(self) -> float:
        return self.seconds


class Core:
    """``.dxl``: joint states, torque, single joint commands."""

    def __init__(self, record: List[Tuple[Any, ...]], robot_model: str, robot_name: Optional[str], init_node: bool):
        self.record = record
        self.record.append(("core", robot_model, robot_name, init_node))
        self.modes = {"arm": "position", "gripper": "pwm"}
        self.stamp_s = 12.5
        self.positions = [*HOME_JOINTS.tolist(), 0.4, 0.0225, -0.0225]
        self.velocities = [0.1 * index for index in range(9)]
        self.efforts = [10.0 * index for index in range(9)]
        self.names = list(NAMES)
        self.silent = False

    def robot_get_joint_states(self) -> Optional[SimpleNamespace]:
        if self.silent:
            return None
        return SimpleNamespace(
            header=SimpleNamespace(stamp=Stamp(self.stamp_s)),
            name=list(self.names),
            position=tuple(self.positions),
            velocity=tuple(self.velocities),
            effort=tuple(self.efforts),
        )

    def robot_torque_enable(self, cmd_type: str, name: str, enable: bool) -> None:
        self.record.append(("torque", cmd_type, name, enable))

    def robot_write_joint_command(self, joint_name: str, command: float) -> None:
        self.record.append(("single", joint_name, command))

    def robot_get_robot_info(self, cmd_type: str, name: str) -> SimpleNamespace:
        return SimpleNamespace(mode=self.modes[name], profile_type="time")

    def robot_set_operating_modes(self, *arguments: Any, **settings: Any) -> None:
        raise AssertionError("switching the operating mode drops a real arm")


class Arm:
    """``.arm``: limit checks against the sticky moving time and the last commanded joints, as in the package."""

    def __init__(self, core: Core, moving_time: float, accel_time: float) -> None:
        self.core, self.record = core, core.record
        self.moving_time: Optional[float] = None
        self.accel_time: Optional[float] = None
        self.joint_commands = core.positions[:6]
        self.set_trajectory_time(moving_time, accel_time)

    def set_trajectory_time(self, moving_time: Optional[float] = None, accel_time: Optional[float] = None) -> None:
        if moving_time is not None and moving_time != self.moving_time:
            self.moving_time = moving_time
            self.record.append(("register", "Profile_Velocity", int(moving_time * 1000)))
        if accel_time is not None and accel_time != self.accel_time:
            self.accel_time = accel_time
            self.record.append(("register", "Profile_Acceleration", int(accel_time * 1000)))

    def capture_joint_positions(self) -> None:
        self.joint_commands = list(self.core.positions[:6])
        self.record.append(("capture",))

    def set_joint_positions(
        self,
        joint_positions: List[float],
        moving_time: Optional[float] = None,
        accel_time: Optional[float] = None,
        blocking: bool = True,
    ) -> bool:
        rounded = [int(position * 1000) / 1000.0 for position in joint_positions]
        for position, last, low, high in zip(rounded, self.joint_commands, JOINT_LOWER, JOINT_UPPER):
            if not low <= position <= high or abs(position - last) / float(self.moving_time or 0.0) > 3.14159:
                return False
        self.set_trajectory_time(moving_time, accel_time)
        self.joint_commands = list(joint_positions)
        self.record.append(("positions", list(joint_positions), self.moving_time, self.accel_time, blocking))
        return True

    def publish_positions(self, *arguments: Any, **settings: Any) -> None:
        raise AssertionError("publish_positions checks nothing")


class Manipulator:
    """InterbotixManipulatorXS; ``behaviour`` is what its constructor does wrong, ``modes`` what it finds set."""

    behaviour = ""
    modes: ClassVar[Dict[str, str]] = {}
    last: "Manipulator"

    def __init__(
        self,
        robot_model: str,
        group_name: str = "arm",
        gripper_name: str = "gripper",
        robot_name: Optional[str] = None,
        moving_time: float = 2.0,
        accel_time: float = 0.3,
        gripper_pressure: float = 0.5,
        gripper_pressure_lower_limit: int = 150,
        gripper_pressure_upper_limit: int = 350,
        init_node: bool = True,
    ) -> None:
        if self.behaviour == "exits":
            sys.exit(1)
        while self.behaviour == "spins":
            time.sleep(0.01)
        if self.behaviour == "raises":
            raise OSError("unable to contact the service")
        assert (group_name, gripper_name) == ("arm", "gripper")
        self.record: List[Tuple[Any, ...]] = []
        self.dxl = Core(self.record, robot_model, robot_name, init_node)
        self.dxl.modes.update(self.modes)
        self.arm = Arm(self.dxl, moving_time, accel_time)
        Manipulator.last = self

    def calls(self, kind: str) -> List[Tuple[Any, ...]]:
        return [entry for entry in list(self.record) if entry[0] == kind]


def install(monkeypatch: pytest.MonkeyPatch, behaviour: str = "", **modes: str) -> None:
    """Make ``interbotix_xs_modules.arm`` importable."""
    package, module = ModuleType("interbotix_xs_modules"), ModuleType("interbotix_xs_modules.arm")
    module.InterbotixManipulatorXS = Manipulator  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "interbotix_xs_modules", package)
    monkeypatch.setitem(sys.modules, "interbotix_xs_modules.arm", module)
    monkeypatch.setattr(Manipulator, "behaviour", behaviour)
    monkeypatch.setattr(Manipulator, "modes", modes)
