"""The rhythm of the control loop in ROS time, wall clock or simulated."""

import threading
import time

import rospy
from rospy import rostime

from robot_bridge.interface import STEP_S

WALL_PATIENCE_S = 1.0
"""How long simulated time may stand still before the loop goes on, to find out what died [s, wall clock]."""
_POLL_S = 0.05


class RosPace:
    """Steps at fixed distances in ROS time: a late step does not shift the next ones, missed ones are left out."""

    def __init__(self, stop: threading.Event, period_s: float = STEP_S) -> None:
        self._stop = stop
        self._period_s = period_s
        self._due_s = 0.0

    def now(self) -> float:
        """ROS time [s]."""
        return rospy.get_time()

    def start(self) -> None:
        """The first step is due now."""
        self._due_s = self.now()

    def wait(self) -> None:
        """Return when the next step is due, when the episode is to stop, or when time itself stands still."""
        self._due_s += self._period_s
        late_s = self.now() - self._due_s
        if late_s > 0.0:
            self._due_s += self._period_s * (late_s // self._period_s)
        seen_s, seen_wall_s = self.now(), time.monotonic()
        while self.now() < self._due_s and not self._stop.is_set() and not rospy.is_shutdown():
            self._rest(self._due_s - self.now())
            if self.now() != seen_s:
                seen_s, seen_wall_s = self.now(), time.monotonic()
            elif time.monotonic() - seen_wall_s > WALL_PATIENCE_S:
                return

    def _rest(self, remaining_s: float) -> None:
        if rostime.is_wallclock():
            self._stop.wait(max(0.0, min(remaining_s, _POLL_S)))
            return
        ticked = rostime.get_rostime_cond()  # notified by each message on /clock
        with ticked:
            if self.now() < self._due_s:
                ticked.wait(_POLL_S)
