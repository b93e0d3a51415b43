"""What is recorded is whole or absent: recorders are really killed, disks are really full."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np
import pytest
import recordings

from robot_bridge.recording.episode_writer import EpisodeWriter, RecordingError
from robot_bridge.recording.format import ABOUT, FRAMES, PENDING, STEPS
from robot_bridge.recording.log import read_about, read_lines
from robot_bridge.recording.store import EpisodeStore, whole_lines

ROOT = Path(__file__).resolve().parents[3]


def test_all_that_is_known_of_a_step_is_in_its_line(tmp_path: Path) -> None:
    folder = recordings.record(tmp_path / "e", 3)
    lines = read_lines(folder / STEPS)
    assert len(lines) == 4 and [line["step"] for line in lines] == [0, 1, 2, 3]
    line = lines[1]
    assert np.allclose(line["state"], recordings.state(1), atol=1e-9) and line["state"] == line["target"]
    assert line["joints"] == [0.1] * 6 and line["joint_speeds"] == [0.05] * 6 and line["efforts"] == [-0.1] * 6
    assert line["action"] == line["executed"] and np.allclose(line["achieved"][0], 0.009)
    assert (line["clutch"], line["tracked"], line["clamps"]) == (True, True, [])
    assert line["latencies_s"] == {"hand": 0.012} and line["stamp_s"] == 100.2 and line["image_stamps_s"] == [100.18]
    assert (folder / line["images"][0]).read_bytes() == recordings.jpeg(1)
    assert "action" not in lines[-1]
    assert [row["image"] for row in read_lines(folder / FRAMES)] == [f"images0/00000{n}.jpg" for n in range(4)]
    assert read_about(folder)["finished"] is True and not (folder / PENDING).exists()


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    writer = EpisodeWriter(tmp_path / "e", recordings.ABOUT, sync=False)
    with pytest.raises(ValueError, match=r"target is .*nan.* expected 7 finite numbers"):
        writer.begin_step(recordings.seen(writer, 0, target=np.full(7, np.nan)))
    with pytest.raises(ValueError, match="begin_step first"):
        writer.end_step(recordings.done(0))


@pytest.mark.parametrize("after_s", [0.15, 0.29, 0.42])
def test_a_killed_recorder_loses_the_step_in_flight_at_most(tmp_path: Path, after_s: float) -> None:
    store = tmp_path / "knife_in_pot"
    store.mkdir()
    folder = store / "episode-000000"
    command = [sys.executable, str(Path(recordings.__file__)), str(folder), "0.01"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _await(lambda: len(read_lines(folder / STEPS)) > 3)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = json.loads((folder / PENDING).read_text())["step"] if (folder / PENDING).exists() else None
    written = len(read_lines(folder / STEPS))
    assert begun in (written, written - 1) and written > 3
    with EpisodeStore(tmp_path) as episodes:
        (left,) = episodes.unfinished()
        assert left.task == "knife_in_pot" and left.steps >= written - 1
        about = episodes.keep(folder, success=True)
        assert episodes.unfinished() == []
    lines = read_lines(folder / STEPS)
    assert len(lines) == (written + 1 if begun == written else written)
    if begun == written:  # of all steps that were done, none is lost
        assert "action" not in lines[-1] and about["summary"]["steps"] == written
    for line in lines:
        data = (folder / line["images"][0]).read_bytes()
        assert data == recordings.jpeg(line["step"])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 KB, or a skip where this user may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_costs_the_step_in_flight_and_the_rest_is_kept(small_disk: Path) -> None:
    with EpisodeStore(small_disk, least_free_bytes=1000) as store:
        folder = store.new_folder("knife_in_pot")
        writer = EpisodeWriter(folder, recordings.ABOUT)
        ended = _until_it_fails(writer)
        lines = read_lines(folder / STEPS)
        assert (folder / STEPS).read_bytes().endswith(b"\n") and len(lines) == ended
        assert read_about(folder)["finished"] is False
        with pytest.raises(RecordingError, match=r"MB are free, expected .*; make room"):
            EpisodeStore(small_disk, least_free_bytes=10**9).new_folder("knife_in_pot")
        writer.close()
        (left,) = store.unfinished()
        assert left.steps >= ended - 1 > 5
        for picture in sorted((folder / "images0").iterdir())[-4:]:
            if picture.name not in {Path(line["images"][0]).name for line in whole_lines(folder)}:
                picture.unlink()
        (folder / FRAMES).unlink()  # the operator makes room
        assert store.keep(folder, success=False)["summary"]["steps"] == left.steps
        for line in whole_lines(folder):
            assert (folder / line["images"][0]).read_bytes() == recordings.jpeg(line["step"])


def test_a_file_that_may_not_grow_is_left_whole(tmp_path: Path) -> None:
    """The same without a mount: the log hits RLIMIT_FSIZE in the middle of a line."""
    script = (
        "import resource, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "import recordings; from robot_bridge.recording.episode_writer import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: recordings.record(Path(sys.argv[1]), 100)\n"
        "except RecordingError as error: print(error)\n"
    )
    folder = tmp_path / "knife_in_pot" / "episode-000000"
    command = [sys.executable, "-c", script, str(folder), str(Path(recordings.__file__).parent)]
    said = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert "cannot be written (File too large): what was recorded before is whole; make room" in said.stdout, (
        said.stderr
    )
    data = (folder / STEPS).read_bytes()
    assert data.endswith(b"\n") and 3000 < len(data) <= 5000
    with EpisodeStore(tmp_path) as store:
        (left,) = store.unfinished()
        assert left.steps == len(read_lines(folder / STEPS))  # the observation of the next step was in pending.json
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 5000


def _until_it_fails(writer: EpisodeWriter) -> int:
    """Record until the disk is full; returns the number of steps that were ended."""
    for number in range(10000):
        try:
            writer.begin_step(recordings.seen(writer, number))
            writer.end_step(recordings.done(number))
        except RecordingError as error:
            assert "No space left on device" in str(error) and "keep or discard" in str(error)
            return writer.steps
    raise AssertionError("the disk took everything")


def _await(condition: Any) -> None:
    end = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < end, "nothing was recorded in 10 s"
        time.sleep(0.005)


def test_the_reader_takes_what_the_writer_wrote(tmp_path: Path) -> None:
    from vptr_policy.data.robot.episodes import read_episode

    trajectory = read_episode(recordings.record(tmp_path / "e", 4), 0)
    assert len(trajectory.action) == 4 and np.allclose(trajectory.state[:, 0], 0.2 + 0.01 * np.arange(5))
    assert trajectory.info["language"] == "put the knife in the pot"
    rows: List[Dict[str, Any]] = read_lines(tmp_path / "e" / STEPS)
    assert np.allclose(trajectory.executed, [row["executed"] for row in rows[:-1]])
    assert (tmp_path / "e" / ABOUT).exists()
