"""Settings of a camera from raw values (ROS parameters), checked and cast, and the camera they describe."""

import difflib
import logging
import math
import time
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Callable, Dict, Tuple, Union

from robot_bridge.live_camera import LiveCamera, Source

_log = logging.getLogger(__name__)
CAMERAS = ("realsense", "webcam", "video", "sim")
_DEFAULT_FORMATS = {
    "realsense": (640, 480, 30.0),
    "webcam": (640, 480, 30.0),
    "video": (0, 0, 5.0),
    "sim": (320, 240, 10.0),
}
"""Width and height [px] (0: as recorded) and rate [Hz] of each camera."""


@dataclass(frozen=True)
class CameraSettings:
    """What a camera node is asked to run; width, height and rate of 0 take the camera's own default."""

    camera: str = "sim"
    device: str = ""
    """Webcam: index or path (default 0). RealSense and video: the same as serial and frames."""
    serial: str = ""
    """RealSense: serial number; empty takes the only one."""
    frames: str = ""
    """Video: folder of im_0.jpg ... or a video file. RealSense: a .bag or .db3 recording instead of a camera."""
    loop: bool = True
    """Recordings: start again at the end."""
    width: int = 0
    height: int = 0
    """Size of the picture [px]; a recording keeps its own."""
    rate: float = 0.0
    """Pictures per second (of simulated time for the simulated camera)."""
    jpeg_quality: int = 95
    frame_id: str = "camera_color_optical_frame"
    start_timeout_s: float = 10.0
    """How long the first picture may take before the node gives up."""


def settings_from(raw: Dict[str, Any]) -> CameraSettings:
    """Settings of raw values as a parameter server gives them; raises ValueError that says what was expected."""
    kinds = {item.name: item.type for item in fields(CameraSettings)}
    for name in raw:
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, 1)
            hint = f", did you mean {near[0]}" if near else ""
            raise ValueError(f"unknown camera parameter {name}{hint}? Known are {', '.join(kinds)}")
    given = {name: _CASTS[kinds[name]](name, value) for name, value in raw.items()}
    return _checked(_with_defaults(CameraSettings(**given)))


def open_camera(
    settings: CameraSettings, stamp_clock: Callable[[], float] = time.time, report: Callable[[str], None] = _log.warning
) -> LiveCamera:
    """Start the real or recorded camera that the settings describe; its first picture may still be on its way."""
    name, open_source = _source(settings)
    return LiveCamera(open_source, name, stamp_clock, report=report)


def _source(settings: CameraSettings) -> Tuple[str, Callable[[], Source]]:
    """The camera's name and what opens it; each library is imported only where its camera is used."""
    path, size = Path(settings.frames).expanduser(), (settings.width, settings.height)
    if settings.camera == "video":
        from robot_bridge.video import VideoSource

        return f"video {path}", lambda: VideoSource(path, settings.rate, settings.loop)
    if settings.camera == "webcam":
        from robot_bridge.webcam import WebcamSource

        device: Union[int, str] = int(settings.device) if settings.device.isdigit() else settings.device
        return f"webcam {settings.device}", lambda: WebcamSource(device, size, settings.rate)
    if settings.camera == "realsense":
        from robot_bridge.realsense import RealSenseRecording, RealSenseSource

        if settings.frames:
            return f"realsense {path}", lambda: RealSenseRecording(path, settings.loop)
        name = f"realsense {settings.serial}".strip()
        return name, lambda: RealSenseSource(settings.serial, size, round(settings.rate))
    raise ValueError("the simulated camera draws the states of /sim/state, there is no device to open")


def _with_defaults(settings: CameraSettings) -> CameraSettings:
    if settings.camera not in CAMERAS:
        raise ValueError(f"camera is one of {', '.join(CAMERAS)}, got {settings.camera!r}")
    if bool(settings.width) != bool(settings.height):
        raise ValueError(f"give width and height together, got {settings.width} x {settings.height}")
    width, height, rate = _DEFAULT_FORMATS[settings.camera]
    return replace(
        settings,
        width=settings.width or width,
        height=settings.height or height,
        rate=settings.rate or rate,
        device=settings.device or ("0" if settings.camera == "webcam" else ""),
        serial=settings.serial or (settings.device if settings.camera == "realsense" else ""),
        frames=settings.frames or (settings.device if settings.camera == "video" else ""),
    )


def _checked(settings: CameraSettings) -> CameraSettings:
    _check_range("width", settings.width, 0, 4096)
    _check_range("height", settings.height, 0, 4096)
    _check_range("rate", settings.rate, 1.0, 120.0)
    _check_range("jpeg_quality", settings.jpeg_quality, 1, 100)
    _check_range("start_timeout_s", settings.start_timeout_s, 0.1, 600.0)
    if settings.camera == "video" and not settings.frames:
        raise ValueError("camera video needs frames: a folder of im_0.jpg ... or a video file")
    return settings


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must lie within {low}..{high}, got {value}")


def _as_text(name: str, value: Any) -> str:
    """Text; a whole number is accepted too, for a parameter server turns the text 0 into one."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"{name} must be text, got {value!r}")
    return str(value).strip()


def _as_number(name: str, value: Any) -> float:
    """A finite number; text such as 1e-3 is accepted, for a parameter server takes that for a string."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a number, got {value!r}")
    return number


def _as_whole_number(name: str, value: Any) -> int:
    number = _as_number(name, value)
    if number != int(number):
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    return int(number)


def _as_truth(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in ("true", "false", "1", "0"):
        raise ValueError(f"{name} must be true or false, got {value!r}")
    return str(value).lower() in ("true", "1")


_CASTS: Dict[Any, Callable[[str, Any], Any]] = {
    str: _as_text,
    int: _as_whole_number,
    float: _as_number,
    bool: _as_truth,
}
