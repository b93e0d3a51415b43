"""Counts, lengths and pictures of a folder of clips."""

from pathlib import Path

import numpy as np
from clip_fixture import damage, place, write_clips

from vptr_policy.data.video.index import open_clips
from vptr_policy.data.video.report import damage as damaged
from vptr_policy.data.video.report import describe, film_strips
from vptr_policy.data.video.shards import shard_name


def test_lengths_are_counted_in_tens(tmp_path: Path) -> None:
    report = describe(open_clips(write_clips(tmp_path, [3, 12, 19, 41])))
    assert (report["clips"], report["frames"], report["shards"], report["size"]) == (4, 75, 1, 32)
    counts = {(row["from"], row["to"]): row["clips"] for row in report["lengths"]}
    assert counts == {(0, 9): 1, (10, 19): 2, (20, 29): 0, (30, 39): 0, (40, 49): 1}


def test_long_clips_widen_the_steps(tmp_path: Path) -> None:
    rows = describe(open_clips(write_clips(tmp_path, [2, 450], size=8)))["lengths"]
    assert len(rows) <= 20 and sum(row["clips"] for row in rows) == 2 and rows[-1]["to"] >= 450


def test_damaged_frames_are_named_and_red_in_the_pictures(tmp_path: Path) -> None:
    index = open_clips(write_clips(tmp_path, [3, 4]))
    damage(tmp_path / shard_name(0), int(index.clips[1]["offset"]) + 5)
    (name,) = damaged(index)
    assert "clip c0001, frame 0" in name and "checksum" in name
    (first, whole), (second, broken) = film_strips(index, 8, 0)
    assert first == "clips-00000.tar: clip c0000, 3 frames" and second.endswith("c0001, 4 frames")
    assert [place(image) for image in whole] == [(0, 0), (0, 1), (0, 2)]
    assert (broken[0] == np.array([255, 0, 0])).all() and place(broken[3]) == (1, 3)
