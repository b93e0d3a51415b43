"""What came lately: pictures, measurements of the arm, and what the teleoperator said of itself."""

import io
from collections import deque
from dataclasses import dataclass, field
from typing import Deque, Dict, List, Optional, Sequence, Tuple, TypeVar

import cv2
import numpy as np
from PIL import Image

from robot_bridge.images import decode_image, encode_jpeg
from robot_bridge.recording.episode_writer import RecordingError

WIDTH, HEIGHT, QUALITY = 640, 480, 95
KEPT_PICTURES, KEPT_MEASUREMENTS = 32, 64
"""A second of each, at 30 and 50 Hz."""
AHEAD_S = 0.2
"""A picture from further in the future is of another clock."""
SILENT_S = 1.0
"""What is older by the robot's clock says nothing of now."""
FRESH_S = 0.3
"""What is older when an episode begins would be called a dropped frame later."""
JPEG, JPEG_END = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True)
class Measured:
    """The arm at ``stamp_s``: Bridge state (7,), commanded pose (7,), joints (6,) and what else the driver tells."""

    state: np.ndarray
    stamp_s: float
    target: Optional[np.ndarray] = None
    joints: Optional[np.ndarray] = None
    joint_speeds: Optional[np.ndarray] = None
    efforts: Optional[np.ndarray] = None


@dataclass(frozen=True)
class Picture:
    """A JPEG file captured at ``stamp_s``."""

    jpeg: bytes
    stamp_s: float


@dataclass(frozen=True)
class Hand:
    """What the teleoperator last said of itself."""

    clutch: bool = False
    tracked: Optional[bool] = True
    """None: there is no hand to be tracked"""
    latencies_s: Dict[str, float] = field(default_factory=dict)


Stamped = TypeVar("Stamped", Measured, Picture)


class Inbox:
    """The newest of everything that arrives by itself, ``cameras`` cameras; all stamps are of the robot's clock."""

    def __init__(self, cameras: int = 1) -> None:
        self.pictures: List[Deque[Picture]] = [deque(maxlen=KEPT_PICTURES) for _ in range(cameras)]
        self._measured: Deque[Measured] = deque(maxlen=KEPT_MEASUREMENTS)
        self.hand = Hand()

    def add_picture(self, camera: int, picture: Picture) -> None:
        """A picture of a camera came."""
        self.pictures[camera].append(picture)

    def add_measured(self, measured: Measured) -> None:
        """A measurement came."""
        self._measured.append(measured)

    def missing(self) -> str:
        """What has not come yet, in words; empty where nothing is missing."""
        silent = [str(camera) for camera, came in enumerate(self.pictures) if not came]
        if silent:
            return "no picture has come yet from camera {}: is it running?".format(" and ".join(silent))
        return "" if self._measured else "the arm has not been measured yet: is the bridge running?"

    def silent(self, now_s: float, most_s: float = SILENT_S) -> str:
        """What has stopped coming, or has never come, in words; empty where all goes on."""
        if self.missing():
            return self.missing()
        for camera, came in enumerate(self.pictures):
            if now_s - came[-1].stamp_s > most_s:
                return f"camera {camera} has given no picture for {now_s - came[-1].stamp_s:.1f} s"
            if came[-1].stamp_s > now_s + AHEAD_S:
                ahead_s = came[-1].stamp_s - now_s
                return (
                    f"the clock of camera {camera} is {ahead_s:.1f} s ahead of the robot's: set both by the same (NTP)"
                )
        silent_s = now_s - self._measured[-1].stamp_s
        return f"the arm has not been measured for {silent_s:.1f} s" if silent_s > most_s else ""

    def at(self, stamp_s: float) -> Tuple[Measured, List[Picture]]:
        """What was newest at ``stamp_s``; raises RecordingError where something is missing altogether."""
        if self.missing():
            raise RecordingError(self.missing())
        return _newest(self._measured, stamp_s), [_newest(came, stamp_s) for came in self.pictures]


def fit_jpeg(data: bytes, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A picture file as a JPEG of 640 x 480; one that is so already is kept as it is.

    Raises ValueError where it is no picture.
    """
    if data[:2] == JPEG and not data.rstrip(b"\0").endswith(JPEG_END):
        raise ValueError(f"a JPEG cut off after {len(data)} bytes")
    if data[:2] == JPEG and _size(data) == (width, height):
        return data
    image = decode_image(data)
    smaller = image.shape[0] * image.shape[1] > width * height
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return encode_jpeg(cv2.resize(image, (width, height), interpolation=method), QUALITY)


def _size(data: bytes) -> Tuple[int, int]:
    """Width and height as the header says; decoding every picture would cost a tenth of a core."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # whatever damage makes of it
        raise ValueError(f"{len(data)} bytes are not a JPEG picture") from error


def _newest(came: Sequence[Stamped], stamp_s: float) -> Stamped:
    """The last that was stamped by then; the first of all where none was."""
    return next((item for item in reversed(came) if item.stamp_s <= stamp_s + 1e-9), came[0])
