"""Clips whose pictures tell which frame of which clip they are, videos made of them, and ways to damage them."""

from pathlib import Path
from typing import Sequence, Tuple

import cv2
import numpy as np

from vptr_policy.data.video.jpeg import encode
from vptr_policy.data.video.shards import ClipWriter, shard_name, write_json

RED_STEP, GREEN_STEP = 20, 4


def picture(clip: int, frame: int, size: int = 32) -> np.ndarray:
    """A plain picture; its red tells the clip, up to 12, and its green the frame, up to 60."""
    return np.full((size, size, 3), (RED_STEP * clip, GREEN_STEP * frame, 60), np.uint8)


def place(image: np.ndarray) -> Tuple[int, int]:
    """The clip and frame of a plain picture, (H, W, 3) or (3, H, W)."""
    channels = image if image.shape[0] == 3 else np.moveaxis(image, 2, 0)
    red, green = channels[:2].reshape(2, -1).astype(float).mean(1)
    return round(red / RED_STEP), round(green / GREEN_STEP)


def noise(seed: int, size: int = 32) -> np.ndarray:
    """A picture with so much in it that damage to its file is sure to show."""
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def write_clips(folder: Path, lengths: Sequence[int], shards: int = 1, size: int = 32) -> Path:
    """A data folder with clips of plain pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for shard in range(shards):
        with ClipWriter(folder / shard_name(shard)) as writer:
            for clip in range(shard, len(lengths), shards):
                jpegs = [encode(picture(clip, frame, size), 95) for frame in range(lengths[clip])]
                writer.add(f"c{clip:04d}", jpegs, {"source": f"clip {clip}", "start": 0, "text": ""})
    write_json(folder / "index.json", {"complete": True, "size": size, "command": "test"})
    return folder


def write_frames(home: Path, numbers: Sequence[int], pattern: str = "{}.png", clip: int = 0) -> None:
    """Plain frames as files, frame i of the clip under the i-th number."""
    home.mkdir(parents=True, exist_ok=True)
    for frame, number in enumerate(numbers):
        assert cv2.imwrite(str(home / pattern.format(number)), picture(clip, frame)[..., ::-1])


def write_video(path: Path, frames: int, rate: int = 10, size: Tuple[int, int] = (64, 48)) -> None:
    """A video of plain frames: green tells the number."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(frames):
            image = np.full((size[1], size[0], 3), (40, GREEN_STEP * number % 256, 60), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def damage(path: Path, offset: int, count: int = 16) -> None:
    """Flip all bits of some bytes of a file."""
    with open(path, "r+b") as file:
        file.seek(offset)
        data = file.read(count)
        file.seek(offset)
        file.write(bytes(255 - value for value in data))
