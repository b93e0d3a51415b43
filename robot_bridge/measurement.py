"""The servo's view of the arm: its latest measurement, and what is wrong with it."""

from typing import Optional

import numpy as np

from robot_bridge import kinematics, safety
from robot_bridge.interface import Arm, JointReading
from robot_bridge.safety import Limits


class ArmMonitor:
    """Reads an arm and judges the measurement.

    ``reading`` and ``pose`` (4, 4) are None while the arm cannot be read or what it says cannot be trusted.
    """

    def __init__(self, arm: Arm, limits: Limits) -> None:
        self._arm, self._limits = arm, limits
        self.reading: Optional[JointReading] = None
        self.pose: Optional[np.ndarray] = None
        self._excess_since_s: Optional[float] = None

    def read(self, stamp_s: float) -> str:
        """Read the arm at ``stamp_s`` on the robot's clock; returns what is wrong, in words, or an empty string."""
        self.reading = self.pose = None
        try:
            reading = self._arm.read()
        except Exception as error:  # whatever a driver raises, the arm cannot be trusted
            return f"the arm cannot be read: {error}"
        age = stamp_s - reading.stamp_s
        if not -self._limits.future_tolerance_s <= age <= self._limits.reading_age_s:
            return f"measurement is {age:.3f} s old, at most {self._limits.reading_age_s:.3f} s allowed"
        if reading.positions_rad.shape != (6,) or not np.isfinite(reading.positions_rad).all():
            return f"measured joints are not six finite numbers: {reading.positions_rad}"
        self.reading, self.pose = reading, kinematics.forward(reading.positions_rad)
        return ""

    def watch_effort(self, now_s: float) -> str:
        """Which joint's effort has been over its limit for the whole window at ``now_s``, in words."""
        if self.reading is None:
            return ""
        text = safety.excessive_effort(self.reading.efforts, self._limits)
        if not text:
            self._excess_since_s = None
            return ""
        if self._excess_since_s is None:
            self._excess_since_s = now_s
        lasting = now_s - self._excess_since_s
        return f"{text}, for {lasting:.2f} s" if lasting >= self._limits.effort_window_s - 1e-9 else ""

    def forget_effort(self) -> None:
        """Begin a new window."""
        self._excess_since_s = None
