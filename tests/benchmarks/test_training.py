"""The benchmark of training measures what it says, at a size at which the figures mean nothing."""

import math
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from vptr_policy.data.video.shards import ClipWriter, shard_name

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import training


def _clips(folder: Path) -> None:
    folder.mkdir()
    with ClipWriter(folder / shard_name(0)) as clips:
        for number in range(4):
            frames = [bytes(cv2.imencode(".jpg", np.full((64, 64, 3), 9 * number, np.uint8))[1])] * 12
            clips.add(str(number), frames, {"source": "plain", "text": ""})


def test_steps_convolutions_and_waits_are_measured_beside_their_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "BATCH", 4)
    monkeypatch.setattr(training, "TRAJECTORIES", 3)
    monkeypatch.setattr(training, "STEPS", 5)
    monkeypatch.setattr(training, "synthetic_index", lambda folder, detail: _clips(folder))
    measures = training.training(rounds=1)
    assert [measure.name.split(",")[0] for measure in measures] == [
        "CQL step", "share of its time in convolutions",
        "CQL data wait share", "CQL data wait share", "ICVF data wait share", "ICVF data wait share",
    ]  # fmt: skip
    assert all(math.isfinite(value) and value >= 0.0 for m in measures for value in (m.value, m.baseline))
    assert measures[0].value > 0.0 and measures[0].baseline > 0.0
    assert all(0.0 <= measure.value <= 100.0 for measure in measures[1:])
