"""The servo's view of the arm: its latest measurement, and what is wrong with it."""

from dataclasses import replace
from math import isfinite
from typing import Callable, Optional

import numpy as np

from robot_bridge import kinematics, safety
from robot_bridge.interface import Arm, JointReading
from robot_bridge.safety import Limits


class ArmMonitor:
    """Reads an arm and judges the measurement.

    ``reading`` and ``pose`` (4, 4) are None while the arm cannot be read or what it says cannot be trusted.
    """

    def __init__(self, arm: Arm, limits: Limits, stamp_clock: Callable[[], float]) -> None:
        self._arm, self._limits, self._stamp_clock = arm, limits, stamp_clock
        self.reading: Optional[JointReading] = None
        self.pose: Optional[np.ndarray] = None
        self._excess_since_s: Optional[float] = None

    def read(self) -> str:
        """Read the arm; returns what is wrong, in words, or an empty string. Other threads see the last until then."""
        try:
            reading = _of_arrays(self._arm.read())
            age = self._stamp_clock() - reading.stamp_s  # after the reading: another thread may move the clock
        except Exception as error:  # whatever a driver raises, the arm cannot be trusted
            self.reading = self.pose = None
            return f"the arm cannot be read: {error}"
        problem = self._objection(reading, age)
        if problem:
            self.reading = self.pose = None
        else:
            self.reading, self.pose = reading, kinematics.forward(reading.positions_rad)
        return problem

    def _objection(self, reading: JointReading, age: float) -> str:
        """Why a measurement that is ``age`` [s] old cannot be trusted, in words."""
        if not -self._limits.future_tolerance_s <= age <= self._limits.reading_age_s:
            return f"measurement is {age:.3f} s old, at most {self._limits.reading_age_s:.3f} s allowed"
        if reading.positions_rad.shape != (6,) or not np.isfinite(reading.positions_rad).all():
            return f"measured joints are not six finite numbers: {reading.positions_rad}"
        if not isfinite(reading.gripper):
            return f"measured gripper opening is no finite number: {reading.gripper}"
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


def _of_arrays(reading: JointReading) -> JointReading:
    """``reading`` with arrays where a driver gave lists; raises what numpy does where it gave no numbers."""
    given = (reading.positions_rad, reading.velocities_rad_s, reading.efforts)
    positions, velocities, efforts = (None if value is None else np.asarray(value, np.float64) for value in given)
    if positions is None:
        raise ValueError("it measured no joints")
    gripper, stamp_s = float(reading.gripper), float(reading.stamp_s)
    if positions is given[0] and velocities is given[1] and efforts is given[2]:
        return reading
    return replace(
        reading,
        positions_rad=positions,
        gripper=gripper,
        stamp_s=stamp_s,
        velocities_rad_s=velocities,
        efforts=efforts,
    )
