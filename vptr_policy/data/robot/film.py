"""Pictures of demonstrations as one H.264 film."""

from fractions import Fraction
from pathlib import Path
from typing import Any, Optional

import av
import numpy as np

KEYFRAMES = 2
"""Every second picture can be decoded by itself or from the one before: training picks single frames."""


class Film:
    """Encodes RGB uint8 pictures of one size at a fixed rate; the file is whole after ``close``."""

    def __init__(self, path: Path, rate: int) -> None:
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._rate = rate
        self._stream: Optional[Any] = None
        self._frames = 0

    @property
    def seconds(self) -> float:
        """How long it is so far."""
        return self._frames / self._rate

    def add(self, image: np.ndarray) -> None:
        """Append a picture; its sides must be even."""
        height, width = image.shape[:2]
        if self._stream is None:
            if height % 2 or width % 2:
                raise ValueError(f"pictures of {width} x {height}: a film wants even sides")
            self._stream = self._container.add_stream("libx264", rate=self._rate)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
            self._stream.time_base = Fraction(1, 12800)
            self._stream.codec_context.gop_size = KEYFRAMES
            self._stream.options = {"crf": "20", "preset": "veryfast", "bf": "0", "threads": "1"}
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._frames, Fraction(1, self._rate)
        self._container.mux(self._stream.encode(frame))
        self._frames += 1

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
