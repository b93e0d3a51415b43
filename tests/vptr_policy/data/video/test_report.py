"""Counts, lengths and pictures of a folder of clips."""

from pathlib import Path
from typing import Any

import numpy as np
from clip_fixture import damage, place, write_clips

from vptr_cli.main import main
from vptr_policy.data.video.index import open_clips
from vptr_policy.data.video.report import damage as damaged
from vptr_policy.data.video.report import describe, film_strips, shortage
from vptr_policy.data.video.shards import shard_name, write_json


def test_lengths_are_counted_in_tens(tmp_path: Path) -> None:
    report = describe(open_clips(write_clips(tmp_path, [3, 12, 19, 41])))
    assert (report["clips"], report["frames"], report["shards"], report["size"]) == (4, 75, 1, 32)
    counts = {(row["from"], row["to"]): row["clips"] for row in report["lengths"]}
    assert counts == {(0, 9): 1, (10, 19): 2, (20, 29): 0, (30, 39): 0, (40, 49): 1}


def test_long_clips_widen_the_steps(tmp_path: Path) -> None:
    rows = describe(open_clips(write_clips(tmp_path, [2, 450], size=8)))["lengths"]
    assert len(rows) <= 20 and sum(row["clips"] for row in rows) == 2 and rows[-1]["to"] >= 450


def test_fewer_clips_than_were_made_are_told(tmp_path: Path, capsys: Any) -> None:
    folder = write_clips(tmp_path, [3, 3, 3, 3], shards=2)
    assert describe(open_clips(folder))["missing"] == 0 and shortage(open_clips(folder)) == ""
    write_json(folder / "index.json", {"complete": True, "clips": 4})
    assert shortage(open_clips(folder)) == ""
    (folder / shard_name(1)).unlink()
    assert describe(open_clips(folder))["missing"] == 2
    assert "2 of 4 clips cannot be used (its shards hold 2 clips, its index.json" in shortage(open_clips(folder))
    assert main(["data", "info", str(folder)]) == 0
    assert "missing: 2 clips" in capsys.readouterr().out


def test_of_clips_whose_number_is_not_known_the_least_is_told(tmp_path: Path) -> None:
    folder = write_clips(tmp_path, [3] * 10, shards=5)
    for number in range(1, 5):
        (folder / shard_name(number)).write_bytes(b"no archive")
    told = shortage(open_clips(folder))
    assert "at least 4 clips cannot be used (clips-00001.tar: damaged after its first 0 clips" in told
    assert "clips-00003.tar" in told and "; 1 more, which" in told


def test_damaged_frames_are_named_and_red_in_the_pictures(tmp_path: Path) -> None:
    index = open_clips(write_clips(tmp_path, [3, 4]))
    damage(tmp_path / shard_name(0), int(index.clips[1]["offset"]) + 5)
    (name,) = damaged(index)
    assert "clip c0001, frame 0" in name and "checksum" in name
    (first, whole), (second, broken) = film_strips(index, 8, 0)
    assert first == "clips-00000.tar: clip c0000, 3 frames" and second.endswith("c0001, 4 frames")
    assert [place(image) for image in whole] == [(0, 0), (0, 1), (0, 2)]
    assert (broken[0] == np.array([255, 0, 0])).all() and place(broken[3]) == (1, 3)
