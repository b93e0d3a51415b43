"""Publishes a real or recorded camera."""

import time
from typing import Callable, Optional

import rospy
from diagnostic_msgs.msg import DiagnosticStatus

from robot_bridge.camera_health import MAX_AGE_S, CameraHealth
from robot_bridge.camera_settings import CameraSettings, open_camera
from robot_bridge.live_camera import CameraError, LiveCamera, SourceEnded
from robot_bridge.nodes.picture_publisher import PicturePublisher

_WAIT_S = 0.2


def run_live(settings: CameraSettings, publisher: PicturePublisher, over: Callable[[], bool]) -> None:
    """Publish each new picture until ``over``; raises CameraError when there is none at the start."""
    camera = open_camera(settings, rospy.get_time, rospy.logwarn)
    try:
        _wait_first(camera, settings.start_timeout_s, over)
        index = 0
        while not over():
            frame = camera.wait_next(index, _WAIT_S)
            if frame is not None:
                index = frame.index
                if frame.stamp_s > 0:
                    publisher.publish(frame.image, rospy.Time.from_sec(frame.stamp_s))
            if publisher.diagnosis_due():
                _diagnose(camera.health(), publisher)
    finally:
        camera.close()


def _wait_first(camera: LiveCamera, timeout_s: float, over: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + timeout_s
    failure: Optional[CameraError] = None
    while time.monotonic() < deadline_s and not over():
        try:
            camera.wait_ready(_WAIT_S)
            return
        except SourceEnded:
            raise
        except CameraError as error:
            failure = error
    if failure is not None and not over():
        raise failure


def _diagnose(health: CameraHealth, publisher: PicturePublisher) -> None:
    stale = health.age_s is None or health.age_s > MAX_AGE_S
    level, message = DiagnosticStatus.OK, "pictures come"
    if rospy.get_time() <= 0.0:
        level, message = DiagnosticStatus.ERROR, "no ROS time (use_sim_time without /clock): nothing is published"
    if stale or health.frozen:
        level, message = DiagnosticStatus.ERROR, health.problem or ("frozen" if health.frozen else "no new picture")
    values = {
        "rate_hz": f"{health.rate_hz:.1f}",
        "age_s": "none" if health.age_s is None else f"{health.age_s:.3f}",
        "frozen": health.frozen,
        "reconnects": health.reconnects,
        "pictures": health.pictures,
    }
    publisher.diagnose(health.name, level, message, values)
