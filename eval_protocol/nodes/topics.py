"""What a session hears: the arm's state, the camera, and what became of each command."""

import io
import threading
import time
from typing import Optional

import av  # noqa: F401 - loaded now: within a trial it would hold up the keepalive
import numpy as np
import rospy
from PIL import Image
from sensor_msgs.msg import CompressedImage
from vptr_widowx.msg import EndEffectorState, ExecutedCommand

from eval_protocol.commands import CommandLog
from eval_protocol.video import VideoWriter

IMAGE_BUFFER = 2**24


class Topics:
    """Keeps the newest state and picture, and records an episode's video and commands between start and stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._video: Optional[VideoWriter] = None
        self._log: Optional[CommandLog] = None
        self._since = rospy.Time(0)
        self.state: Optional[EndEffectorState] = None
        self.image_stamp: Optional[rospy.Time] = None
        self.picture = b""  # the newest, as the camera node encoded it
        self._state_s = float("-inf")
        rospy.Subscriber("/widowx/state", EndEffectorState, self._hear_state, queue_size=1, tcp_nodelay=True)
        rospy.Subscriber("/widowx/executed", ExecutedCommand, self._hear_executed, queue_size=50)
        rospy.Subscriber(
            "/camera/color/image_raw/compressed",
            CompressedImage,
            self._hear_image,
            queue_size=1,
            buff_size=IMAGE_BUFFER,
        )

    def state_age_s(self) -> float:
        """Wall seconds since the bridge last said something."""
        return time.monotonic() - self._state_s

    def image_age_s(self) -> float:
        """Age of the newest picture on the robot's clock [s], infinite where there is none."""
        if self.image_stamp is None:
            return float("inf")
        return float((rospy.Time.now() - self.image_stamp).to_sec())

    def start(self, video: Optional[VideoWriter]) -> CommandLog:
        """Begin to record; returns the log that fills."""
        with self._lock:
            self._video, self._log, self._since = video, CommandLog(), rospy.Time.now()
            return self._log

    def stop(self) -> None:
        """End the recording; the video is left to be closed by who opened it."""
        with self._lock:
            self._video = self._log = None

    def _hear_state(self, message: EndEffectorState) -> None:
        self.state = message
        self._state_s = time.monotonic()

    def _hear_executed(self, message: ExecutedCommand) -> None:
        with self._lock:
            if self._log is not None and message.command_stamp >= self._since:
                self._log.add(
                    message.command_stamp.to_sec(),
                    message.observation_stamp.to_sec(),
                    message.accepted,
                    message.limits,
                    message.achieved[:3],
                )

    def _hear_image(self, message: CompressedImage) -> None:
        self.image_stamp, self.picture = message.header.stamp, message.data
        with self._lock:
            stamp_s = message.header.stamp.to_sec()
            if self._video is not None and self._video.wants(stamp_s):
                picture = Image.open(io.BytesIO(message.data)).convert("RGB")
                self._video.add(np.asarray(picture), stamp_s)
