"""Recorded pictures for the tests of this folder."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from vptr_policy.data.recorded import NEUTRAL_STATE


def _record(into: Path, count: int) -> Path:
    """Two episodes of so many pictures."""
    generator = np.random.default_rng(0)
    for name in ("one", "two"):
        folder = into / name
        folder.mkdir(parents=True)
        for number in range(count):
            picture = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f"im_{number}.png"), cv2.resize(picture, (64, 48)))
        states = np.tile(NEUTRAL_STATE, (count, 1)) + generator.normal(0.0, 0.05, (count, 7))
        (folder / "episode.json").write_text(json.dumps({"state": states.tolist()}))
    return into


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two episodes of two pictures."""
    return _record(tmp_path / "recorded", 2)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Two episodes of so many pictures that int8 can be judged by one of them."""
    return _record(tmp_path / "many", 50)
