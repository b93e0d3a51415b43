import dataclasses
import json

import pytest
from killed import killed_after_a_shard

from robot_bridge.sim.hand import videos
from robot_bridge.sim.hand.videos import VideoPlan
from robot_bridge.sim.shards import ShardError, read_index

SHORT = VideoPlan(clips=4, seed=3, size=32, activities=("press", "point"), shard_size=2)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("clips-*.tar"))}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    videos.record(SHORT, folder)
    return folder


def test_the_index_counts_what_is_there(recorded):
    index = read_index(recorded)
    assert index["complete"] and index["clips"] == 4 and index["size"] == 32
    assert sorted(index["shards"]) == ["clips-00000.tar", "clips-00001.tar"]
    assert index["frames"] == sum(shard["frames"] for shard in index["shards"].values()) > 40
    assert index["bytes"] == sum(shard["bytes"] for shard in index["shards"].values())
    rows = index["activities"]
    assert set(rows) <= {"press", "point"}
    assert index["attempted"] == sum(row["attempted"] for row in rows.values()) >= 4
    assert index["achieved"] == sum(row["achieved"] for row in rows.values())


def test_two_workers_write_the_same_bytes_as_one(recorded, tmp_path):
    seen = []
    videos.record(SHORT, tmp_path, workers=2, on_progress=seen.append)
    assert contents(tmp_path) == contents(recorded)
    assert (seen[-1].clips, seen[-1].kept) == (4, 0) and seen[-1].frames == read_index(recorded)["frames"]


def test_what_is_finished_is_kept_and_what_is_missing_is_made(recorded, tmp_path):
    wanted = contents(recorded)
    (tmp_path / "index.json").write_bytes((recorded / "index.json").read_bytes())
    (tmp_path / "clips-00000.tar").write_bytes(wanted["clips-00000.tar"])
    (tmp_path / "clips-00001.tar.partial").write_bytes(b"half")
    untouched = (tmp_path / "clips-00000.tar").stat().st_mtime_ns
    seen = []
    videos.record(SHORT, tmp_path, on_progress=seen.append)
    assert contents(tmp_path) == wanted and not list(tmp_path.glob("*.partial"))
    assert (tmp_path / "clips-00000.tar").stat().st_mtime_ns == untouched
    assert (seen[-1].clips, seen[-1].kept) == (2, 2)


def test_two_recordings_into_one_folder_do_not_meet(recorded, tmp_path):
    def record_another(_):
        with pytest.raises(ShardError, match="another process is writing there"):
            videos.record(SHORT, tmp_path)

    videos.record(SHORT, tmp_path, on_progress=record_another)
    assert contents(tmp_path) == contents(recorded)


def test_another_plan_is_refused_and_named(recorded):
    with pytest.raises(ShardError, match=r"seed: 3 there, 4 here.*another folder"):
        videos.record(dataclasses.replace(SHORT, seed=4), recorded)


def test_shards_without_an_index_and_damaged_ones_are_named(recorded, tmp_path):
    (tmp_path / "clips-00000.tar").write_bytes(contents(recorded)["clips-00000.tar"][:20000])
    with pytest.raises(ShardError, match="shards but no index"):
        videos.record(SHORT, tmp_path)
    index = read_index(recorded)
    index["shards"] = {}
    (tmp_path / "index.json").write_text(json.dumps(index))
    with pytest.raises(ShardError, match=r"clips-00000\.tar: not a whole shard"):
        videos.record(SHORT, tmp_path)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"clips": 0}, "at least 1 clip"),
        ({"size": 8}, "32 to 1024 px"),
        ({"activities": ("juggle",)}, "no activity juggle; known: place_on"),
    ],
)
def test_a_wrong_plan_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SHORT, **change)


def test_a_killed_recording_leaves_whole_shards_only_and_can_be_finished(tmp_path):
    plan = dataclasses.replace(SHORT, clips=6, shard_size=1)
    code = (
        "from pathlib import Path; from robot_bridge.sim.hand.videos import *;"
        f"record(VideoPlan(**{dataclasses.asdict(plan)!r}), Path({str(tmp_path)!r}))"
    )
    left = killed_after_a_shard(code, tmp_path, "clips-*.tar")
    assert 1 <= len(left) < plan.shards and not read_index(tmp_path)["complete"]
    assert all(videos.count_clips(path)["clips"] == 1 for path in left)
    index = videos.record(plan, tmp_path)
    assert index["complete"] and index["clips"] == 6 and not list(tmp_path.glob("*.partial"))
