"""USB webcams through OpenCV (V4L2 on Linux)."""

import os
import time
from typing import Optional, Tuple, Union

import cv2

from robot_bridge.capture_time import plausible
from robot_bridge.live_camera import CameraError, Capture


class WebcamSource:
    """An open webcam.

    Args:
        device: index (0), device path (/dev/video0, /dev/v4l/by-id/...), or whatever else OpenCV opens.
        size: (width, height) asked of the camera and insisted on, since another aspect ratio would squash the
            picture a policy sees; None takes what comes.
        rate_hz: frames per second asked of the camera; None takes what comes.
    """

    def __init__(self, device: Union[int, str], size: Optional[Tuple[int, int]], rate_hz: Optional[float]):
        self._device = f"/dev/video{device}" if isinstance(device, int) else device
        self._size = size
        _check_present(self._device)
        self._v4l2 = os.path.realpath(self._device).startswith("/dev/video")
        self._capture = cv2.VideoCapture(self._device, cv2.CAP_V4L2 if self._v4l2 else cv2.CAP_ANY)
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraError(
                f"cannot open {self._device}: it is in use, not a camera, or this user may not read it "
                "(join the group video); `v4l2-ctl --list-devices` shows the cameras"
            )
        if self._v4l2:
            self._configure(rate_hz)

    def read(self) -> Capture:
        """Wait for the next picture."""
        done, image = self._capture.read()
        arrived_s = time.monotonic()
        if not done or image is None:
            raise CameraError(f"{self._device} gives no more pictures; check its cable and USB hub")
        height, width = image.shape[:2]
        if self._size is not None and (width, height) != self._size:
            raise CameraError(
                f"{self._device} gives {width}x{height}, asked for {self._size[0]}x{self._size[1]}; "
                "choose a size that `v4l2-ctl --list-formats-ext` lists"
            )
        return Capture(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), self._capture_time(arrived_s))

    def close(self) -> None:
        """Release the device."""
        self._capture.release()

    def _configure(self, rate_hz: Optional[float]) -> None:
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if self._size is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
        if rate_hz is not None:
            self._capture.set(cv2.CAP_PROP_FPS, rate_hz)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def _capture_time(self, arrived_s: float) -> float:
        """The V4L2 driver stamps its buffers on the monotonic clock; elsewhere the arrival must do."""
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0 if self._v4l2 else arrived_s
        return stamp_s if plausible(stamp_s, arrived_s) else arrived_s


def _check_present(device: str) -> None:
    if "://" not in device and not os.path.exists(device):
        raise CameraError(f"there is no {device}; plug the camera in, `v4l2-ctl --list-devices` shows the cameras")
