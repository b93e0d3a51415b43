"""Tiny clips that the tests of training share."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vptr_policy.data.video.shards import ClipWriter, shard_name
from vptr_policy.training.presets import options_class


def write_clips(folder: Path, seed: int) -> Path:
    """Four clips of 6 frames of noise."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(seed)
    with ClipWriter(folder / shard_name(0)) as clips:
        for number in range(4):
            frames = random.integers(0, 256, (6, 32, 32, 3), np.uint8)
            jpegs = [bytes(cv2.imencode(".jpg", frame)[1]) for frame in frames]
            clips.add(f"clip{number}", jpegs, {"source": "noise", "text": ""})
    return folder


def video_options(folder: Path, out: Path, preset: str = "icvf", **changes: Any) -> Any:
    """The options of a tiny pre-training."""
    tiny = {"steps": 2, "batch": 4, "warm_up": 1, "log_every": 1, "threads": 1, "width": 8}
    return options_class(preset)(video=(folder,), out=out, **{**tiny, **changes})  # type: ignore[call-arg]
