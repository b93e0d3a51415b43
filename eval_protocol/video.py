"""A trial's video: H.264 mp4, written beside its final name and renamed when it is complete."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Optional

import numpy as np

MAX_WIDTH = 320
TIME_BASE = Fraction(1, 1000)
PART = ".part"


class VideoWriter:
    """Encodes frames as they come; only ``close`` makes the file appear, so that a killed process leaves no half one.

    Frames nearer than ``period_s`` to the last one are dropped; wide ones are scaled to ``max_width`` pixels.
    """

    def __init__(self, path: Path, period_s: float = 0.2, max_width: int = MAX_WIDTH) -> None:
        self.path = Path(path)
        self._part = self.path.with_name(self.path.name + PART)
        self._period_s, self._max_width = period_s, max_width
        self._container: Any = None
        self._stream: Any = None
        self._start_s = self._last_s = 0.0
        self.frames = 0

    def wants(self, stamp_s: float) -> bool:
        """Whether a frame of this stamp would be kept; ask before decoding it."""
        return self.frames == 0 or stamp_s - self._last_s >= self._period_s - 1e-3

    def add(self, image: np.ndarray, stamp_s: float) -> None:
        """Encode an RGB uint8 (H, W, 3) frame captured at ``stamp_s`` (the robot's clock)."""
        if not self.wants(stamp_s):
            return
        import av

        if self._container is None:
            self._open(image, stamp_s)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame = frame.reformat(width=self._stream.width, height=self._stream.height, format="yuv420p")
        frame.pts = round((stamp_s - self._start_s) / TIME_BASE)
        frame.time_base = TIME_BASE
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self._last_s = stamp_s
        self.frames += 1

    def close(self) -> Optional[Path]:
        """Finish the file and give it its name; returns None where there was no frame."""
        if self._container is None:
            return None
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        self._container = None
        with open(self._part, "rb") as part:
            os.fsync(part.fileno())
        os.replace(self._part, self.path)
        return self.path

    def discard(self) -> None:
        """Give up the file."""
        if self._container is not None:
            self._container.close()
            self._container = None
            if self._part.exists():  # the encoder opens it with its first packet
                self._part.unlink()

    def _open(self, image: np.ndarray, stamp_s: float) -> None:
        import av

        height, width = image.shape[:2]
        scale = min(1.0, self._max_width / width)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(self._part), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=round(1 / self._period_s))
        self._stream.width, self._stream.height = _even(width * scale), _even(height * scale)
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = TIME_BASE
        self._stream.codec_context.time_base = TIME_BASE
        self._stream.options = {"preset": "veryfast", "crf": "28", "threads": "1"}
        self._start_s = stamp_s


def remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left in the folder."""
    for part in Path(folder).glob("*" + PART):
        part.unlink()


def _even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))
