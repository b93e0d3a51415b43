"""Raw videos as a source of clips, decoded with PyAV."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List

import numpy as np

from robot_bridge.recording.format import PREVIEW
from vptr_policy.data.video.jpeg import encode, fit
from vptr_policy.data.video.sources import Found, PictureOptions, Piece, Skip, Source

ENDINGS = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".3gp")
EXPANSION = 4
"""Stored frames take roughly so many times the bytes of the video."""
EARLY_S = 1e-3
"""A frame may come that much before its time."""


@dataclass(frozen=True)
class VideoFile:
    """A video, its frames taken at a fixed rate."""

    name: str
    path: str
    bytes: int
    text: str = ""

    @property
    def weight(self) -> int:
        """Bytes that its clips will take, roughly."""
        return EXPANSION * self.bytes

    def files(self) -> Iterator[str]:
        """The video."""
        yield self.path

    def pieces(self, options: PictureOptions) -> Iterator[Piece]:
        """Its frames in order; what cannot be decoded is named, and what comes before it is kept."""
        import av

        done = 0
        try:
            with av.open(self.path) as container:
                if not container.streams.video:
                    yield Skip("unreadable video", self.name, "it has no pictures")
                    return
                for piece in _sampled(container, self.name, options):
                    done += isinstance(piece, bytes)
                    yield piece
            if not done:
                yield Skip("empty video", self.name, "it has no frame")
        except (av.FFmpegError, OSError, ValueError) as error:
            kind = "damaged video" if done else "unreadable video"
            yield Skip(kind, self.name, f"after {done} frames: {getattr(error, 'strerror', None) or error}")


def video_files(source: Path) -> Found:
    """A video, or the videos in a folder and the folders in it, by name."""
    source = Path(source)
    if source.is_file():
        paths, base = [source], source.parent
    else:
        paths, base = sorted(path for path in source.rglob("*") if path.suffix.lower() in ENDINGS), source
    files: List[Source] = []
    skips: List[Skip] = []
    for path in paths:
        name = str(path.relative_to(base))
        size = os.stat(path).st_size if path.is_file() else 0
        if size:
            files.append(VideoFile(name, str(path), size))
        else:
            skips.append(Skip("unreadable video", name, "the file is empty" if path.is_file() else "it is no file"))
    return files, skips


def is_video(source: Path) -> bool:
    """Whether a path is a video, or a folder with videos in it or in folders in it; previews of episodes are none."""
    if source.is_file():
        return source.suffix.lower() in ENDINGS
    return any(path.suffix.lower() in ENDINGS and path.name != PREVIEW for path in source.rglob("*"))


def _sampled(container: Any, name: str, options: PictureOptions) -> Iterator[Piece]:
    """The first frame at or after each multiple of 1/fps; a slower video gives all of its frames.

    Where times go back (recordings that were joined, a frame with a wrong time) the video is cut, and counted anew.
    """
    stream = container.streams.video[0]
    rate = float(stream.average_rate or 30)
    start, last = None, 0.0
    due, before = 0, 0.0
    newest = float("-inf")
    for number, frame in enumerate(container.decode(stream)):
        time = number / rate if frame.time is None else float(frame.time)
        if start is not None and time < newest - 1.0 / rate:
            yield Skip("time jump", name, f"from {newest:.2f} s back to {time:.2f} s: cut there")
            start, due, before, newest = time, 0, last, time
        start, newest = time if start is None else start, max(time, newest)
        last = before + time - start + 1.0 / rate
        if (time - start + EARLY_S) * options.fps < due:
            continue
        due = int((time - start + EARLY_S) * options.fps) + 1
        if frame.is_corrupt:
            yield Skip("corrupt frame", name, f"at {time:.2f} s")
        else:
            yield encode(fit(_upright(frame), options.size, options.fit), options.quality)

    told = _duration_s(container, stream)
    if last < told - max(1.0, 0.05 * told):
        yield Skip("damaged video", name, f"it ends after {last:.1f} of {told:.1f} s")


def _duration_s(container: Any, stream: Any) -> float:
    """What the file says of its length [s], 0 if nothing."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / 1e6


def _upright(frame: Any) -> np.ndarray:
    """The RGB picture of a frame, turned as the file says (telephones write it)."""
    turns = round(getattr(frame, "rotation", 0) / 90)
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns))
