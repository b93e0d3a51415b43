"""An import is resumable, names what it skips, and leaves shards that training reads."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

import bridge_fixture as fixture
import numpy as np
import pytest

from robot_bridge.sim.shard_folder import held
from robot_bridge.sim.shards import ShardWriter, count_trajectories, read_folder, read_index
from vptr_policy.data.demonstrations import fingerprint, open_cache
from vptr_policy.data.robot import bridge_raw
from vptr_policy.data.robot.bridge_raw import RawOptions
from vptr_policy.data.robot.conversion import convert, skipped
from vptr_policy.data.robot.restricted import ForbiddenGlobal
from vptr_policy.data.robot.shards import entries, parts, shard_paths
from vptr_policy.resize import resize

PLAN = {"format": "bridge-raw"}
REPOSITORY = Path(__file__).resolve().parents[4]


def write(root: Path, count: int, steps: int = 3) -> List[fixture.Recorded]:
    made = [fixture.made_up(number, steps, cameras=1) for number in range(count)]
    for number, one in enumerate(made):
        fixture.write(root, "ab"[number % 2] + "_task", number, one)
    return [*made[::2], *made[1::2]]  # in the order of folders


def imported(root: Path, out: Path, size: int = 2) -> Dict[str, Any]:
    return convert(bridge_raw.parts(root, RawOptions(), size), out, PLAN, ShardWriter)


def content(folder: Path) -> Dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def test_bridge_raw_becomes_shards_and_a_cache(tmp_path: Path) -> None:
    recorded = write(tmp_path / "raw", 5)
    index = imported(tmp_path / "raw", tmp_path / "out")
    assert (index["trajectories"], index["successes"], index["steps"], index["complete"]) == (5, 5, 15, True)
    assert index["tasks"]["a_task"] == {"trajectories": 3, "successes": 3, "steps": 9} and skipped(index) == []
    assert read_index(tmp_path / "out") == json.loads((tmp_path / "out" / "index.json").read_text())
    found = list(read_folder(tmp_path / "out"))
    for trajectory, one in zip(found, recorded):
        assert np.array_equal(trajectory.state, one.state.astype(np.float32))
        assert np.array_equal(trajectory.action, one.actions.astype(np.float32))
    cache = open_cache(tmp_path / "cache", read_folder(tmp_path / "out"), fingerprint(shard_paths(tmp_path / "out")))
    assert cache.tasks == ("a_task", "b_task") and len(cache.frames) == 20
    assert np.array_equal(cache.frames[5], resize(found[1].images()[1]))
    assert cache.rows["trajectory"].tolist() == np.repeat(range(5), 4).tolist()


def test_what_is_skipped_is_counted_and_named(tmp_path: Path) -> None:
    write(tmp_path / "raw", 4)
    victim = bridge_raw.find(tmp_path / "raw")[2]
    (victim / "policy_out.pkl").write_bytes(b"")
    index = imported(tmp_path / "raw", tmp_path / "out")
    assert (index["trajectories"], index["skipped"]) == (3, 1)
    (row,) = skipped(index)
    assert row["origin"] == str(victim.relative_to(tmp_path / "raw")) and "policy_out.pkl" in row["reason"]
    for path in bridge_raw.find(tmp_path / "raw"):
        (path / "policy_out.pkl").write_bytes(b"")
    with pytest.raises(ValueError, match=r"nothing could be imported: a_task.*traj0: .*policy_out\.pkl"):
        imported(tmp_path / "raw", tmp_path / "none")


def test_a_shard_of_nothing_but_damage_is_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path / "raw", 4)
    for victim in bridge_raw.find(tmp_path / "raw")[:2]:
        (victim / "obs_dict.pkl").unlink()
    imported(tmp_path / "raw", tmp_path / "out")
    assert count_trajectories(tmp_path / "out" / "shard-00000.tar")["trajectories"] == 0
    assert len(list(read_folder(tmp_path / "out"))) == len(list(entries(tmp_path / "out"))) == 2


def test_a_malicious_pickle_ends_the_import(tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'marker'}",)

    write(tmp_path / "raw", 4)
    victim = bridge_raw.find(tmp_path / "raw")[2]
    fixture._dump(victim / "policy_out.pkl", [Malicious()])
    with pytest.raises(ForbiddenGlobal, match=r"traj1/policy_out\.pkl: refused"):
        imported(tmp_path / "raw", tmp_path / "out")
    assert not (tmp_path / "marker").exists()
    assert sorted(content(tmp_path / "out")) == ["index.json", "shard-00000.tar"]
    assert read_index(tmp_path / "out")["complete"] is False


SLOW = """
import sys, time
from dataclasses import replace
from pathlib import Path
from robot_bridge.sim.shards import ShardWriter
from vptr_policy.data.robot.bridge_raw import RawOptions, parts
from vptr_policy.data.robot.conversion import convert

def slowly(read):
    for item in read():
        time.sleep(0.05)
        yield item

source, out = map(Path, sys.argv[1:])
made = [replace(part, read=lambda part=part: slowly(part.read)) for part in parts(source, RawOptions(), 2)]
convert(made, out, {"format": "bridge-raw"}, ShardWriter)
"""


def test_a_killed_import_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "raw", 12, steps=1)
    out = tmp_path / "out"
    command = [sys.executable, "-c", SLOW, str(tmp_path / "raw"), str(out)]
    process = subprocess.Popen(command, cwd=str(REPOSITORY), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while process.poll() is None and not (out / "shard-00002.tar").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob("shard-0000[01].tar")}
    assert len(kept) == 2 and not (out / "shard-00005.tar").exists()
    imported(tmp_path / "raw", out)
    assert {name: (out / name).stat().st_mtime_ns for name in kept} == kept
    imported(tmp_path / "raw", tmp_path / "fresh")
    assert content(out) == content(tmp_path / "fresh")


def test_partial_files_of_others_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "raw", 2, steps=1)
    (tmp_path / "out").mkdir()
    for name in ("film.mkv.partial", "shard-00009.tar.partial", "index.json.partial"):
        (tmp_path / "out" / name).write_text("half")
    imported(tmp_path / "raw", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").glob("*.partial")] == ["film.mkv.partial"]


def test_two_imports_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    write(tmp_path / "raw", 2, steps=1)

    def open_meanwhile(path: Path) -> ShardWriter:
        with pytest.raises(ValueError, match="another process is writing there; wait until it has ended"):
            imported(tmp_path / "raw", tmp_path / "out")
        return ShardWriter(path)

    convert(bridge_raw.parts(tmp_path / "raw", RawOptions(), 2), tmp_path / "out", PLAN, open_meanwhile)
    assert imported(tmp_path / "raw", tmp_path / "out")["trajectories"] == 2


def test_an_import_keeps_out_of_a_folder_that_the_simulator_fills(tmp_path: Path) -> None:
    write(tmp_path / "raw", 2, steps=1)
    with held(tmp_path / "out"), pytest.raises(ValueError, match="another process is writing there"):
        imported(tmp_path / "raw", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


def test_a_folder_of_other_data_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "raw", 2, steps=1)
    imported(tmp_path / "raw", tmp_path / "out")
    before = content(tmp_path / "out")
    for other in (4, 1):
        with pytest.raises(ValueError, match="holds other data, or an import of another source or options"):
            write(tmp_path / f"raw{other}", other, steps=1)
            imported(tmp_path / f"raw{other}", tmp_path / "out")
    (tmp_path / "out" / "index.json").unlink()
    with pytest.raises(ValueError, match=r"holds shards but no index\.json"):
        imported(tmp_path / "raw", tmp_path / "out")
    assert {**content(tmp_path / "out"), "index.json": before["index.json"]} == before


def test_shards_are_written_again_with_the_same_content(tmp_path: Path) -> None:
    write(tmp_path / "raw", 5)
    imported(tmp_path / "raw", tmp_path / "one", size=2)
    index = convert(parts(tmp_path / "one", 4), tmp_path / "two", {"format": "shards"}, ShardWriter)
    assert sorted(index["shards"]) == ["shard-00000.tar", "shard-00001.tar"]
    for before, after in zip(read_folder(tmp_path / "one"), read_folder(tmp_path / "two")):
        assert (before.key, before.info, before.jpegs) == (after.key, after.info, after.jpegs)
        assert np.array_equal(before.executed, after.executed)


def test_shards_with_a_number_that_is_none_are_written_again_without_it(tmp_path: Path) -> None:
    write(tmp_path / "raw", 2)
    imported(tmp_path / "raw", tmp_path / "one")
    (path,) = shard_paths(tmp_path / "one")
    sound, damaged = read_folder(tmp_path / "one")
    content, number = path.read_bytes(), damaged.state[2:].tobytes()
    assert content.count(number) == 1
    path.write_bytes(content.replace(number, np.full_like(damaged.state[2:], np.nan).tobytes()))
    with pytest.raises(ValueError, match=r"is not finite at row 2, .*`vptr data import --format shards` writes"):
        list(read_folder(tmp_path / "one"))
    index = convert(parts(tmp_path / "one", 4), tmp_path / "two", {"format": "shards"}, ShardWriter)
    assert [row["origin"] for row in skipped(index)] == [f"{path.name}/{damaged.key}"]
    assert [trajectory.key for trajectory in read_folder(tmp_path / "two")] == [sound.key]


def test_a_shard_that_was_cut_is_named(tmp_path: Path) -> None:
    write(tmp_path / "raw", 2)
    imported(tmp_path / "raw", tmp_path / "out")
    path = tmp_path / "out" / "shard-00000.tar"
    whole = path.read_bytes()
    for length in (len(whole) // 2, whole.rindex(b"jpegs.bin") - 1, 100):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"shard-00000\.tar: not a whole shard"):
            list(entries(tmp_path / "out"))
