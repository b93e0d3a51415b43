"""RealSense cameras (colour stream only) through pyrealsense2, live or from a recording."""

import time
from pathlib import Path
from typing import List, Optional, Tuple

import numpy as np
import pyrealsense2 as rs

from robot_bridge.capture_time import DeviceClock, plausible
from robot_bridge.live_camera import CameraError, Capture, SourceEnded

_PATIENCE_MS = 1000


def connected_serials() -> List[str]:
    """Serial numbers of the RealSense cameras that are plugged in."""
    return [device.get_info(rs.camera_info.serial_number) for device in rs.context().query_devices()]


def choose_serial(wanted: str, connected: List[str]) -> str:
    """The connected serial number that is ``wanted`` (leading zeros aside); the only one when none is wanted."""
    if not connected:
        raise CameraError("no RealSense camera is connected; plug it into a USB 3 port and check its cable")
    if not wanted and len(connected) > 1:
        raise CameraError(f"several RealSense cameras are connected, name one by its serial number: {connected}")
    for serial in connected:
        if not wanted or serial.lstrip("0") == wanted.lstrip("0"):
            return serial
    raise CameraError(f"no RealSense camera with serial number {wanted} is connected; connected are {connected}")


class RealSenseSource:
    """The running colour stream of a RealSense camera.

    The library is asked for its devices first: starting without one would block for 15 s.

    Args:
        serial: of the camera; empty takes the only one.
        size: (width, height) of the colour stream.
        rate_hz: frames per second, one that the camera offers (15, 30, 60).
    """

    def __init__(self, serial: str, size: Tuple[int, int], rate_hz: int):
        serial = choose_serial(serial, connected_serials())
        self._name = f"RealSense {serial}"
        config = rs.config()
        config.enable_device(serial)
        config.enable_stream(rs.stream.color, size[0], size[1], rs.format.rgb8, rate_hz)
        self._stream = _ColorStream(config, f"{self._name} at {size[0]}x{size[1]} {rate_hz} Hz")

    def read(self) -> Capture:
        """Wait for the next picture."""
        capture = self._stream.next()
        if capture is None:
            raise CameraError(f"{self._name} gave no picture for {_PATIENCE_MS / 1000:.0f} s; check its cable")
        return capture

    def close(self) -> None:
        """Stop the stream."""
        self._stream.stop()


class RealSenseRecording:
    """A recording of the RealSense library (.bag, .db3), played in real time or as fast as it can be read."""

    def __init__(self, path: Path, loop: bool = False, real_time: bool = True):
        if not path.is_file():
            raise CameraError(f"there is no RealSense recording {path}")
        self._path = path
        config = rs.config()
        rs.config.enable_device_from_file(config, str(path), repeat_playback=loop)
        self._stream = _ColorStream(config, f"recording {path}")
        self._playback = self._stream.device.as_playback()
        self._playback.set_real_time(real_time)

    def read(self) -> Capture:
        """Wait for the next picture."""
        capture = self._stream.next()
        if capture is not None:
            return capture
        if self._playback.current_status() == rs.playback_status.stopped:
            raise SourceEnded(f"the RealSense recording {self._path} has ended")
        raise CameraError(f"the RealSense recording {self._path} gave no picture for {_PATIENCE_MS / 1000:.0f} s")

    def close(self) -> None:
        """Close the file."""
        self._stream.stop()


class _ColorStream:
    """A started pipeline and its colour pictures with their capture times."""

    def __init__(self, config: rs.config, what: str):
        self._pipeline = rs.pipeline()
        self._clock = DeviceClock()
        try:
            self.device = self._pipeline.start(config).get_device()
        except RuntimeError as error:
            raise CameraError(f"cannot start {what}: {error}; is another program using it?") from error

    def next(self) -> Optional[Capture]:
        """The next picture, None when none came in time."""
        arrived, frames = self._pipeline.try_wait_for_frames(_PATIENCE_MS)
        color = frames.get_color_frame() if arrived else None
        if not color:
            return None
        image = np.array(color.get_data(), dtype=np.uint8)
        return Capture(_as_rgb(image, color.profile.format()), self._capture_time(color))

    def stop(self) -> None:
        """Stop the pipeline."""
        self._pipeline.stop()

    def _capture_time(self, color: rs.video_frame) -> float:
        stamp_s = color.get_timestamp() / 1000.0
        now_s = time.monotonic()
        if color.get_frame_timestamp_domain() != rs.timestamp_domain.hardware_clock:
            captured_s = now_s - (time.time() - stamp_s)
            if plausible(captured_s, now_s):
                return captured_s
        return self._clock.capture_time(stamp_s, now_s)


def _as_rgb(image: np.ndarray, form: rs.format) -> np.ndarray:
    if form == rs.format.rgb8:
        return image
    if form == rs.format.bgr8:
        return np.ascontiguousarray(image[..., ::-1])
    raise CameraError(f"the colour stream is {form}; record it as rgb8")
