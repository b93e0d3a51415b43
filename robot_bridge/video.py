"""Recorded pictures played as a camera: a folder of frames (im_0.jpg, im_1.jpg, ...) or a video file."""

import re
import time
from pathlib import Path
from typing import Iterator, List, Optional

import av
import numpy as np

from robot_bridge.images import decode_image
from robot_bridge.live_camera import CameraError, Capture, SourceEnded

_PICTURES = (".jpg", ".jpeg", ".png")


def frame_files(folder: Path) -> List[Path]:
    """The pictures of a folder in the order of the number in their names: im_2.jpg stands before im_10.jpg."""
    files = [path for path in folder.iterdir() if path.suffix.lower() in _PICTURES]
    if not files:
        raise CameraError(f"no pictures in {folder}: expected im_0.jpg, im_1.jpg, ...")
    return sorted(files, key=lambda path: ([int(digits) for digits in re.findall(r"\d+", path.stem)], path.name))


def read_frames(path: Path) -> Iterator[np.ndarray]:
    """The pictures of a folder or video file, RGB uint8 (H, W, 3), one by one."""
    if not path.exists():
        raise CameraError(f"recording {path} does not exist; give a folder of im_0.jpg ... or a video file")
    return _folder_frames(path) if path.is_dir() else _file_frames(path)


def _folder_frames(folder: Path) -> Iterator[np.ndarray]:
    for path in frame_files(folder):
        try:
            yield decode_image(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CameraError(f"cannot read {path}: {error}") from error


def _file_frames(path: Path) -> Iterator[np.ndarray]:
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise CameraError(f"{path} holds no video stream")
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")
    except (OSError, av.error.FFmpegError) as error:
        raise CameraError(f"cannot play {path}: {error}; give a folder of im_0.jpg ... or a video file") from error


class VideoSource:
    """Plays a recording at ``rate_hz``; at its end it starts again when ``loop``, or raises SourceEnded."""

    def __init__(self, path: Path, rate_hz: float, loop: bool):
        self._path = path
        self._period_s = 1.0 / rate_hz
        self._loop = loop
        self._frames = read_frames(path)
        self._due_s: Optional[float] = None

    def read(self) -> Capture:
        """Wait until the next picture is due."""
        image = self._next_image()
        now_s = time.monotonic()
        late = self._due_s is None or now_s > self._due_s + self._period_s
        due_s = now_s if late or self._due_s is None else self._due_s
        time.sleep(max(0.0, due_s - now_s))
        self._due_s = due_s + self._period_s
        return Capture(image, due_s)

    def close(self) -> None:
        """Close the file."""
        self._frames = iter(())

    def _next_image(self) -> np.ndarray:
        image = next(self._frames, None)
        if image is None and self._loop:
            self._frames = read_frames(self._path)
            image = next(self._frames, None)
        if image is None:
            raise SourceEnded(f"the recording {self._path} has ended; play it with loop to go on")
        return image
