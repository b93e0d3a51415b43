"""The cache of decoded demonstrations."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np
import pytest
from demonstrations import Demonstration, make, make_cache
from disk import full_disk

from vptr_policy.data.demonstrations import fingerprint, open_cache
from vptr_policy.resize import resize


def test_rows_frames_and_tasks_belong_together(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, count=4, steps=5)
    assert cache.tasks == ("cucumber_in_bowl", "knife_in_pot")
    assert cache.frames.shape == (24, 128, 128, 3) and cache.rows["state"].shape == (24, 7)
    demonstration = make(2)
    first = 2 * 6
    for step, jpeg in enumerate(demonstration.jpegs):
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.array_equal(cache.frames[first + step], decoded)
        assert np.array_equal(cache.rows["state"][first + step], demonstration.state[step])
    assert np.array_equal(cache.rows["label"][first : first + 5], demonstration.label)
    assert cache.rows["valid"].tolist() == ([True] * 5 + [False]) * 4
    assert cache.rows["task"].tolist() == [1] * 6 + [0] * 6 + [1] * 6 + [0] * 6


def test_it_is_made_once(tmp_path: Path) -> None:
    make_cache(tmp_path)

    def never() -> Iterator[Demonstration]:
        raise AssertionError("read again")
        yield  # the function is a generator

    assert len(open_cache(tmp_path, never(), "mark").frames) == 24


def test_of_two_that_make_it_at_the_same_time_the_later_takes_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly() -> Iterator[Demonstration]:
        yield make(0, 3)
        with monkeypatch.context() as other:
            other.setattr(os, "getpid", lambda: 1)
            open_cache(tmp_path, [make(0, 3)], "mark")  # it is done first

    cache = open_cache(tmp_path, slowly(), "mark")
    assert len(cache.rows["valid"]) == 4 and [path.name for path in tmp_path.iterdir()] == ["mark"]


def test_interrupted_making_leaves_nothing_that_is_taken_for_whole(tmp_path: Path) -> None:
    def broken() -> Iterator[Demonstration]:
        yield make(0)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        open_cache(tmp_path, broken(), "mark")
    assert len(open_cache(tmp_path, [make(0)], "mark").frames) == 6


def test_a_full_disk_is_told_with_the_folder_and_nothing_is_left(tmp_path: Path) -> None:
    for limit in (100_000, 6 * 128 * 128 * 3 - 1):
        with full_disk(limit), pytest.raises(OSError, match=r"mark cannot be written .*too large.*: make room on the"):
            open_cache(tmp_path, [make(0)], "mark")
    assert list(tmp_path.iterdir()) == []
    assert len(open_cache(tmp_path, [make(0)], "mark").frames) == 6


KILLED = """
import sys, time
from pathlib import Path
from demonstrations import make
from vptr_policy.data.demonstrations import open_cache

def slowly():
    yield make(0)
    print("decoding", flush=True)
    time.sleep(60)

open_cache(Path(sys.argv[1]), slowly(), "before")
"""


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    assert process.stdout is not None and process.stdout.readline() == b"decoding\n"
    (left,) = tmp_path.iterdir()
    make_cache(tmp_path)
    assert left.is_dir(), "it is at work"
    process.kill()
    process.communicate()
    foreign = [tmp_path / f".film.partial-{process.pid}", tmp_path / "film.partial"]
    for folder in foreign:
        folder.mkdir()
    elsewhere = tmp_path / f".other.partial-{process.pid}"
    elsewhere.mkdir()
    with open(str(elsewhere / "frames.u8"), "wb") as frames:
        fcntl.flock(frames, fcntl.LOCK_EX)  # as a process on another machine does, whose number says nothing here
        make_cache(tmp_path)
    assert set(tmp_path.iterdir()) == {tmp_path / "mark", elsewhere, *foreign}
    make_cache(tmp_path)
    assert set(tmp_path.iterdir()) == {tmp_path / "mark", *foreign}


@pytest.mark.parametrize(
    "name, length, message",
    [
        ("state.npy", 0, r"state\.npy is damaged \(.*\)"),
        ("state.npy", 400, r"state\.npy is damaged \(.*\)"),
        ("valid.npy", 130, r"valid\.npy is damaged \(.*\)"),
        ("meta.json", 0, r"meta\.json is not JSON \(.*\): expected an object {\.\.\.}"),
    ],
)
def test_a_cache_cut_anywhere_is_named_with_what_to_do(tmp_path: Path, name: str, length: int, message: str) -> None:
    make_cache(tmp_path)
    os.truncate(str(tmp_path / "mark" / name), length)
    with pytest.raises(ValueError, match=message + "; delete .*mark and start again"):
        make_cache(tmp_path)


def test_a_cache_whose_rows_do_not_fit_together_is_named(tmp_path: Path) -> None:
    rows = make_cache(tmp_path).rows["state"]
    np.save(str(tmp_path / "mark" / "state.npy"), rows[:20])
    with pytest.raises(ValueError, match=r"state\.npy has the shape \(20, 7\), expected \(24, 7\); delete .*mark and"):
        make_cache(tmp_path)
    (tmp_path / "mark" / "state.npy").unlink()
    with pytest.raises(ValueError, match=r"state\.npy is damaged \(.*\); delete .*mark and start again"):
        make_cache(tmp_path)


def test_a_damaged_cache_is_noticed(tmp_path: Path) -> None:
    make_cache(tmp_path)
    os.truncate(str(tmp_path / "mark" / "frames.u8"), 1000)
    with pytest.raises(ValueError, match=r"has not the size of 24 frames; delete .*mark and start again"):
        make_cache(tmp_path)
    (tmp_path / "mark" / "frames.u8").unlink()
    with pytest.raises(ValueError, match=r"has not the size of 24 frames; delete .*mark and start again"):
        make_cache(tmp_path)


def test_rows_say_which_demonstration_they_are_of_and_how_far_it_still_goes(tmp_path: Path) -> None:
    spoken = make(1, 3)
    spoken.info["language"] = "put it in"
    cache = open_cache(tmp_path, [make(0, 2, success=False), spoken], "mark")
    assert cache.rows["trajectory"].tolist() == [0] * 3 + [1] * 4
    assert cache.rows["remaining"].tolist() == [2, 1, 0, 3, 2, 1, 0]
    assert cache.rows["success"].tolist() == [False] * 3 + [True] * 4
    assert cache.texts == ("knife in pot", "put it in") and cache.rows["text"].tolist() == [0] * 3 + [1] * 4
    assert all(cache.rows[name].dtype == np.int64 for name in ("task", "text", "trajectory", "remaining"))


def test_frames_of_any_size_and_of_png_are_decoded(tmp_path: Path) -> None:
    large = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    one = make(0, 1)
    one.jpegs[1] = bytes(cv2.imencode(".png", large[..., ::-1])[1])
    cache = open_cache(tmp_path, [one], "mark")
    assert np.array_equal(cache.frames[1], resize(large))


def test_what_does_not_fit_together_is_named(tmp_path: Path) -> None:
    good = make(0)
    short = Demonstration("d9", good.info, good.state[:-1], good.action, good.executed, good.label, good.jpegs)
    with pytest.raises(ValueError, match="demonstration d9: 5 actions, 5 states and 6 frames"):
        open_cache(tmp_path, [short], "a")
    with pytest.raises(ValueError, match="hold no demonstration"):
        open_cache(tmp_path, [], "b")


JPEG = bytes(cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))[1])
HOLED = JPEG[:3000] + bytes(400) + JPEG[3400:]
SIDES = JPEG.index(b"\xff\xc0") + 5
HUGE = JPEG[:SIDES] + b"\xff\xdc\xff\xdc" + JPEG[SIDES + 4 :]


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff", HOLED, HUGE])
def test_a_damaged_picture_is_named(tmp_path: Path, data: bytes) -> None:
    bad = make(7)
    bad.jpegs[3] = data
    with pytest.raises(ValueError, match=r"demonstration d007: picture 3: .*`vptr data import --format shards`"):
        open_cache(tmp_path, [make(0), bad], "mark")


def test_the_fingerprint_follows_the_files(tmp_path: Path) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    for path in files:
        path.write_text("x")
    before = fingerprint(files)
    assert fingerprint(list(reversed(files))) == before
    files[1].write_text("xy")
    assert fingerprint(files) != before
