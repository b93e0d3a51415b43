"""A robot ready to be driven at the servo's rate: arm, servo and the clocks they go by."""

import time
from typing import Callable, Protocol

from robot_bridge.interface import Arm
from robot_bridge.safety import Limits
from robot_bridge.servo import PERIOD_S, Servo, ServoStatus


class Rig(Protocol):
    """What the bridge drives, real or simulated."""

    servo: Servo

    def step(self) -> ServoStatus:
        """One servo period: tick, and in simulation the physics of that period."""

    def now_s(self) -> float:
        """The robot's clock [s]: ROS time, or simulated time."""

    def wall_period_s(self) -> float:
        """Wall time between two steps [s]."""

    def close(self) -> None:
        """Let go of the arm without moving it."""


class RealRig:
    """A real arm under the servo; ``stamp_clock`` is ROS time, timeouts go by the monotonic clock."""

    def __init__(self, arm: Arm, limits: Limits, stamp_clock: Callable[[], float]) -> None:
        self._arm = arm
        self.now_s = stamp_clock
        self.servo = Servo(arm, limits, time.monotonic, stamp_clock)

    def step(self) -> ServoStatus:
        """One servo period."""
        return self.servo.tick()

    def wall_period_s(self) -> float:
        """The servo's period [s]."""
        return PERIOD_S

    def close(self) -> None:
        """Let go of the arm without moving it."""
        self._arm.close()
