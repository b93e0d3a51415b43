"""A servo on an arm of plain numbers, driven by a clock the test owns."""

from typing import Callable, List, Optional

import numpy as np

from robot_bridge import kinematics
from robot_bridge.command import Command, CommandReport, ServoStatus
from robot_bridge.interface import JointReading
from robot_bridge.safety import Limits
from robot_bridge.servo import PERIOD_S, Servo


class NumberArm:
    """Closes the share ``follow`` of the distance to its target in each period; can be blocked, muted or broken."""

    def __init__(self, clock: Callable[[], float], joints: np.ndarray, follow: float) -> None:
        self.clock, self.follow = clock, follow
        self.joints = np.array(joints, dtype=np.float64)
        self.gripper = 1.0
        self.goal: Optional[np.ndarray] = None
        self.sent: List[np.ndarray] = []
        self.grippers: List[float] = []
        self.torque: List[bool] = []
        self.efforts: Optional[np.ndarray] = None
        self.stamp_offset_s = 0.0
        self.read_error: Optional[Exception] = None
        self.send_error: Optional[Exception] = None

    def read(self) -> JointReading:
        if self.read_error is not None:
            raise self.read_error
        stamp = self.clock() + self.stamp_offset_s
        return JointReading(self.joints.copy(), self.gripper, stamp, efforts=self.efforts)

    def send_joints(self, positions_rad: np.ndarray, duration_s: float) -> None:
        if self.send_error is not None:
            raise self.send_error
        self.goal = np.array(positions_rad)
        self.sent.append(self.goal)

    def set_gripper(self, opening: float) -> None:
        self.grippers.append(opening)
        self.gripper = opening

    def set_torque(self, enabled: bool) -> None:
        self.torque.append(enabled)

    def close(self) -> None:
        self.goal = None

    def advance(self) -> None:
        if self.goal is not None:
            self.joints = self.joints + self.follow * (self.goal - self.joints)


class Rig:
    """Clock, arm and servo, with the steps tests are made of."""

    def __init__(
        self,
        limits: Optional[Limits] = None,
        follow: float = 1.0,
        joints: np.ndarray = kinematics.HOME_JOINTS,
        armed: bool = True,
    ) -> None:
        self.time_s = 100.0
        self.limits = limits or Limits()
        self.arm = NumberArm(lambda: self.time_s, joints, follow)
        self.servo = Servo(self.arm, self.limits, lambda: self.time_s)
        self.sequence = 0
        self.status: Optional[ServoStatus] = None
        if armed:
            self.servo.arm()

    def tick(self, count: int = 1) -> ServoStatus:
        for _ in range(count):
            self.status = self.servo.tick()
            self.arm.advance()
            self.time_s += PERIOD_S
        assert self.status is not None
        return self.status

    def run(self, seconds: float) -> ServoStatus:
        return self.tick(round(seconds / PERIOD_S))

    def command(self, action: np.ndarray, gripper: float = 1.0, **settings: float) -> Command:
        self.sequence += 1
        duration_s = settings.pop("duration_s", 0.2)
        values = {"sequence": self.sequence, "stamp_s": self.time_s, **settings}
        twist = np.asarray(action, dtype=np.float64) / duration_s
        return Command(twist=twist, gripper=gripper, duration_s=duration_s, **values)

    def step(self, action: np.ndarray, gripper: float = 1.0, ticks: int = 10) -> List[CommandReport]:
        """Submit one Bridge action, run its step and return the reports."""
        self.servo.submit(self.command(action, gripper))
        self.tick(ticks)
        return self.servo.take_reports()

    def refusal(self, command: Command) -> str:
        """Submit, tick once and return why it was refused."""
        self.servo.take_reports()
        self.servo.submit(command)
        self.tick()
        (report,) = [report for report in self.servo.take_reports() if report.command is command]
        assert not report.accepted
        assert np.array_equal(report.executed[:6], np.zeros(6))
        return report.reason
