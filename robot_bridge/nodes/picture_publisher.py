"""Publishes the pictures of a camera, raw and JPEG, and how it runs."""

import time
from typing import Mapping

import numpy as np
import rospy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from robot_bridge.images import encode_jpeg, to_fields

RAW_TOPIC = "/camera/color/image_raw"
DIAGNOSTICS_PERIOD_S = 1.0


class PicturePublisher:
    """Publishes on /camera/color/image_raw, its /compressed topic and /diagnostics."""

    def __init__(self, frame_id: str, jpeg_quality: int):
        self._frame_id = frame_id
        self._jpeg_quality = jpeg_quality
        self._raw = rospy.Publisher(RAW_TOPIC, Image, queue_size=1)
        self._jpeg = rospy.Publisher(RAW_TOPIC + "/compressed", CompressedImage, queue_size=1)
        self._diagnostics = rospy.Publisher("/diagnostics", DiagnosticArray, queue_size=1)
        self._next_diagnosis_s = time.monotonic()

    def publish(self, image: np.ndarray, stamp: rospy.Time) -> None:
        """Publish an RGB uint8 (H, W, 3) picture captured at ``stamp``; what nobody listens to is not made."""
        header = Header(stamp=stamp, frame_id=self._frame_id)
        if self._raw.get_num_connections():
            fields = to_fields(image)
            self._raw.publish(Image(header=header, **fields._asdict()))
        if self._jpeg.get_num_connections():
            data = encode_jpeg(image, self._jpeg_quality)
            self._jpeg.publish(CompressedImage(header=header, format="rgb8; jpeg compressed bgr8", data=data))

    def diagnosis_due(self) -> bool:
        """Whether the next diagnosis should go out now (wall clock, whatever the simulated time does)."""
        return time.monotonic() >= self._next_diagnosis_s

    def diagnose(self, name: str, level: int, message: str, values: Mapping[str, object]) -> None:
        """Publish how the camera runs."""
        self._next_diagnosis_s = time.monotonic() + DIAGNOSTICS_PERIOD_S
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        status = DiagnosticStatus(
            level=level, name=f"{rospy.get_name()}: {name}", message=message, hardware_id=name, values=pairs
        )
        self._diagnostics.publish(DiagnosticArray(header=Header(stamp=rospy.Time.now()), status=[status]))
