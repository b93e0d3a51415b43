"""The real arm: a WidowX 250 over Interbotix's own Python package.

``interbotix_xs_modules`` is on no package index: a robot workstation has it from Interbotix's installer, so it is
imported only when an arm is opened. What the package does not check itself, this module does:

* Limits are checked against the *previous* profile: the profile is set before the positions, and only when it changes,
  because each change is a service call and two register writes.
* Velocity checks start from the last *commanded* joints: they are captured anew whenever the torque comes on.
* The constructor exits the process when there is no driver and spins forever when a driver's publisher has died: it
  runs in a thread of its own, under a time-out.
* ``publish_positions``, home and sleep check nothing, and switching operating modes drops the arm: none is used.
"""

import importlib
import logging
import threading
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from robot_bridge.interface import JointReading
from robot_bridge.kinematics import JOINT_NAMES
from robot_bridge.pwm_gripper import PwmGripper, opening_of

MODULE = "interbotix_xs_modules.arm"

STREAM_S = 0.1
"""Duration of the time profile of a streamed target [s].

The servo sends a target every 0.02 s, and the motors re-plan on each: the profile only shapes how they approach a
target that moves on. Bridge used 0.25 s at 5 Hz. At 50 Hz that would lag about 0.2 s, 5 cm at full speed and twice
the leash; 0.1 s lags about half of it, still spans five targets (so a lost one does not show) and keeps the package's
velocity check meaningful: a single target may be at most 0.31 rad away. The simulated driver jumps to targets of
0.3 s and less at its next tick, so it follows the stream too.
"""

FAR_RAD, FAR_SPEED_RAD_S = 0.25, 1.0
"""A target further than this from the last one is approached at this speed: it is not of a stream.

The servo sends one when it re-captures the joints of a blocked arm. The package would refuse it in the profile of the
stream, and a refusal there would leave the arm pressing on.
"""

REST_PROFILE_S = (2.0, 0.3)
"""The shipped moving and acceleration times [s], left behind on closing: a short one makes the next move violent."""

FINGER = "left_finger"

log = logging.getLogger(__name__)


class DriverMissing(RuntimeError):
    """Interbotix's Python package is not installed."""


class DriverSilent(RuntimeError):
    """Interbotix's driver node does not answer, refuses, or is not set up as its shipped configuration."""


def find_driver() -> Any:
    """The class InterbotixManipulatorXS; raises DriverMissing, at once and in words, where it is not installed."""
    try:
        return importlib.import_module(MODULE).InterbotixManipulatorXS
    except ImportError as error:
        raise DriverMissing(
            f"the Python package 'interbotix_xs_modules' cannot be imported ({error}). The real arm needs Interbotix's "
            "X-series software for ROS noetic: run its install script, xsarm_amd64_install.sh -d noetic, from "
            "https://github.com/Interbotix/interbotix_ros_manipulators, source its workspace and try again; "
            "or choose robot:=sim."
        ) from error


def _wrong_mode(robot: Any) -> Optional[DriverSilent]:
    """What is wrong with the operating modes: the package logs it and goes on, and a PWM of 350 would be 350 rad."""
    for kind, name, mode in (("group", "arm", "position"), ("single", "gripper", "pwm")):
        found = getattr(robot.dxl.robot_get_robot_info(kind, name), "mode", mode)
        if found != mode:
            return DriverSilent(f"the {name} is in mode '{found}', expected '{mode}': correct the driver's mode file")
    return None


def open_manipulator(robot_model: str, robot_name: Optional[str], timeout_s: float) -> Any:
    """Construct InterbotixManipulatorXS, or raise DriverMissing or, at the latest after ``timeout_s``, DriverSilent."""
    driver = find_driver()
    outcome: List[Any] = []

    def construct() -> None:
        moving_s, accel_s = REST_PROFILE_S
        try:
            robot = driver(
                robot_model,
                group_name="arm",
                gripper_name="gripper",
                robot_name=robot_name,
                moving_time=moving_s,
                accel_time=accel_s,
                init_node=False,
            )
            outcome.append(_wrong_mode(robot) or robot)
        except (Exception, SystemExit) as error:
            outcome.append(DriverSilent(f"Interbotix's driver could not be reached ({error!r}): is xsarm_control up?"))

    thread = threading.Thread(target=construct, name="interbotix-constructor", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not outcome:
        raise DriverSilent(
            f"Interbotix's driver published no joint states within {timeout_s:.0f} s: its publisher may have died. "
            "Restart xsarm_control, then this node."
        )
    if isinstance(outcome[0], DriverSilent):
        raise outcome[0]
    return outcome[0]


def _finite_or_none(values: Tuple[float, ...], indices: List[int]) -> Optional[np.ndarray]:
    """The (6,) values of the arm's joints, or None where the driver reports none (the simulated one) or no numbers."""
    if len(values) <= max(indices):
        return None
    array = np.array([values[index] for index in indices], dtype=np.float64)
    return array if np.isfinite(array).all() else None


class InterbotixArm:
    """The Arm of ``robot_bridge.interface`` over Interbotix's package, inside a node that exists already.

    Opening it moves nothing and switches no torque. Raises DriverMissing or DriverSilent.
    """

    def __init__(self, robot_model: str = "wx250s", robot_name: Optional[str] = None, timeout_s: float = 10.0) -> None:
        self._robot = open_manipulator(robot_model, robot_name, timeout_s)
        self._profile = REST_PROFILE_S
        self._commanded: Optional[np.ndarray] = None
        self._indices: Dict[str, int] = {}
        self._gripper = PwmGripper(self._finger, self._drive_gripper)
        self._gripper.start()

    def read(self) -> JointReading:
        """The latest joint states; velocities and efforts [mA] are None where the driver reports none."""
        message = self._states()
        arm = [self._indices[name] for name in JOINT_NAMES]
        return JointReading(
            positions_rad=np.array([message.position[index] for index in arm], dtype=np.float64),
            gripper=opening_of(message.position[self._indices[FINGER]]),
            stamp_s=message.header.stamp.to_sec(),
            velocities_rad_s=_finite_or_none(message.velocity, arm),
            efforts=_finite_or_none(message.effort, arm),
        )

    def send_joints(self, positions_rad: np.ndarray, duration_s: float) -> None:
        """Send (6,) joint targets; raises ValueError on what is no number and DriverSilent when they are refused."""
        positions = np.asarray(positions_rad, dtype=np.float64)
        if positions.shape != (6,) or not np.isfinite(positions).all():
            raise ValueError(f"expected six finite joint positions, got {positions.tolist()}")
        moving_s = max(STREAM_S, duration_s)
        step = 0.0 if self._commanded is None else float(np.max(np.abs(positions - self._commanded)))
        if step > FAR_RAD:
            moving_s = max(moving_s, step / FAR_SPEED_RAD_S)
        self._set_profile(moving_s, min(moving_s / 2.0, REST_PROFILE_S[1]))
        moving_s, accel_s = self._profile
        sent = self._robot.arm.set_joint_positions(
            positions.tolist(), moving_time=moving_s, accel_time=accel_s, blocking=False
        )
        if sent is False:  # some releases return None where they mean True
            raise DriverSilent(f"Interbotix refused joints {np.round(positions, 3).tolist()}: beyond its limits")
        self._commanded = positions

    def set_gripper(self, opening: float) -> None:
        """Drive the gripper to ``opening`` 0..1 (1 open) and hold it there."""
        if not np.isfinite(opening):
            raise ValueError(f"expected a gripper opening 0..1, got {opening}")
        self._gripper.set_opening(opening)

    def set_torque(self, enabled: bool) -> None:
        """Switch the torque of arm and gripper. Off, the arm drops. On, it holds where it is measured to be."""
        if not enabled:
            self._gripper.release()
        self._robot.dxl.robot_torque_enable("group", "arm", enabled)
        self._robot.dxl.robot_torque_enable("single", "gripper", enabled)
        if enabled:
            self._robot.arm.capture_joint_positions()
            self._commanded = self.read().positions_rad
            self._rewrite_profile()

    def close(self) -> None:
        """Stop driving the gripper and leave the slow profile behind; the torque stays as it is."""
        try:
            self._gripper.close()
            self._set_profile(*REST_PROFILE_S)
        except Exception as error:  # a driver that is gone must not keep the node from ending
            log.warning("closing the arm: %s", error)

    def _states(self) -> Any:
        """The latest JointState with every joint this arm has."""
        message = self._robot.dxl.robot_get_joint_states()
        if message is None:
            raise DriverSilent("Interbotix's driver has published no joint states yet")
        if not self._indices or len(message.name) <= max(self._indices.values()):
            missing = [name for name in (*JOINT_NAMES, FINGER) if name not in message.name]
            if missing:
                raise DriverSilent(f"joint states lack {', '.join(missing)}: is robot_model wx250s?")
            self._indices = {name: message.name.index(name) for name in (*JOINT_NAMES, FINGER)}
        if len(message.position) <= max(self._indices.values()):
            raise DriverSilent(f"joint states hold {len(message.position)} positions for {len(message.name)} names")
        return message

    def _finger(self) -> Optional[Tuple[float, float]]:
        message = self._states()
        return message.header.stamp.to_sec(), float(message.position[self._indices[FINGER]])

    def _drive_gripper(self, pwm: float) -> None:
        self._robot.dxl.robot_write_joint_command("gripper", pwm)

    def _set_profile(self, moving_s: float, accel_s: float) -> None:
        if self._profile != (moving_s, accel_s):
            self._robot.arm.set_trajectory_time(moving_s, accel_s)
            self._profile = (moving_s, accel_s)

    def _rewrite_profile(self) -> None:
        """Write the profile though the package believes it written: a driver that restarted has lost it."""
        self._robot.arm.set_trajectory_time(*REST_PROFILE_S)
        self._profile = REST_PROFILE_S
        self._set_profile(STREAM_S, STREAM_S / 2.0)
