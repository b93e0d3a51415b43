"""Publishes the pictures of the simulated world, rendered from the states that the simulation publishes."""

import time
from typing import Callable, Optional

import numpy as np
import rospy
from diagnostic_msgs.msg import DiagnosticStatus
from vptr_widowx.msg import SimState

from robot_bridge.camera_health import MAX_AGE_S, RateMeter
from robot_bridge.camera_settings import CameraSettings
from robot_bridge.nodes.picture_publisher import PicturePublisher
from robot_bridge.state_view import SceneView, StateSlot, WorldState

STATE_TOPIC = "/sim/state"
_WAIT_S = 0.2


class SimulatedCamera:
    """Renders the newest state as soon as it is due in simulated time, stamped as the state is."""

    def __init__(self, settings: CameraSettings, publisher: PicturePublisher):
        self._publisher = publisher
        self._slot = StateSlot(settings.rate)
        self._view = SceneView(settings.width, settings.height)
        self._meter = RateMeter()
        self._problem = ""
        self._last_s: Optional[float] = None
        self._render_s = 0.0
        rospy.Subscriber(STATE_TOPIC, SimState, self._receive, queue_size=1, buff_size=2**24, tcp_nodelay=True)

    def run(self, over: Callable[[], bool]) -> None:
        """Render and publish until ``over``."""
        try:
            while not over():
                state = self._slot.wait_due(_WAIT_S)
                if state is not None:
                    self._show(state)
                if self._publisher.diagnosis_due():
                    self._diagnose()
        finally:
            self._view.close()

    def _receive(self, message: SimState) -> None:
        self._slot.offer(WorldState(message.scene, np.array(message.qpos), message.header.stamp.to_nsec()))

    def _show(self, state: WorldState) -> None:
        """Publish the picture of a state; a state that cannot be drawn is reported, and the next one tried."""
        start_s = time.monotonic()
        try:
            image = self._view.render(state)
        except Exception as error:
            self._problem = f"cannot draw the state of /sim/state: {error}"
            rospy.logerr_throttle(5.0, self._problem)
            return
        self._problem = ""
        self._publisher.publish(image, rospy.Time(*divmod(state.stamp_ns, 10**9)))
        self._last_s = time.monotonic()
        self._render_s = self._last_s - start_s
        self._meter.tick(self._last_s)

    def _diagnose(self) -> None:
        now_s = time.monotonic()
        age_s = None if self._last_s is None else now_s - self._last_s
        level, message = DiagnosticStatus.OK, "pictures come"
        if age_s is None or age_s > MAX_AGE_S:
            level, message = DiagnosticStatus.ERROR, f"no new state on {STATE_TOPIC}; is the bridge node running?"
        if self._problem:
            level, message = DiagnosticStatus.ERROR, self._problem
        values = {
            "rate_hz": f"{self._meter.rate_hz(now_s):.1f}",
            "age_s": "none" if age_s is None else f"{age_s:.3f}",
            "render_s": f"{self._render_s:.4f}",
        }
        self._publisher.diagnose("sim", level, message, values)
