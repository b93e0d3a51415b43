"""Recorded streams: appended, torn, broken, and replayed at their pace."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from teleop_person import START, Person, pose

from robot_bridge.teleop.haptics import CLUTCH, PULSES
from robot_bridge.teleop.sample import Notice
from robot_bridge.teleop.settings import SMOOTH
from robot_bridge.teleop.stream import Replay, StreamError, StreamWriter, read_stream
from robot_bridge.teleop.teleoperator import RobotView, Teleoperator


@pytest.fixture
def recording(tmp_path: Path):
    """A person who moves the arm by some centimetres, and what they sent."""
    path, person = tmp_path / "stream.jsonl", Person(SMOOTH)
    writer, send = StreamWriter(path), person.send
    person.send = lambda **changes: writer.write(send(**changes))
    person.engage().run(1.0, lambda t: pose(0.05 * t, 0.02 * t))
    writer.close()
    return path, person


def test_what_was_written_is_read(recording) -> None:
    path, person = recording
    samples = list(read_stream(path))
    assert [sample.sequence for sample in samples] == list(range(1, person.sequence + 1))
    np.testing.assert_array_equal(
        samples[-1].right.pose[:3, 3], person.hand[:3, 3] + (1e-5 * (person.sequence % 2), 0, 0)
    )
    assert samples[-1].right.grip == 1.0 and samples[-1].stamp_s == samples[-1].received_s - 3.0


def test_a_torn_last_line_is_left_out_and_cut_off_before_anything_is_appended(recording) -> None:
    path, person = recording
    whole = path.read_bytes()
    for cut in (1, 30, 200):
        path.write_bytes(whole[:-cut])
        assert len(list(read_stream(path))) == person.sequence - 1
        writer = StreamWriter(path)
        writer.write(next(read_stream(path)))
        writer.close()
        assert len(list(read_stream(path))) == person.sequence


def test_a_full_disk_leaves_no_half_of_a_sample(recording) -> None:
    path, person = recording
    size = path.stat().st_size
    code = (
        "import resource, signal, sys; from pathlib import Path;"
        "from robot_bridge.teleop.stream import StreamWriter, read_stream; path = Path(sys.argv[1]);"
        "sample = next(read_stream(path)); signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2); StreamWriter(path).write(sample)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path), str(size + 100)], capture_output=True, text=True)
    assert done.returncode == 1 and "File too large" in done.stderr
    assert path.stat().st_size == size and len(list(read_stream(path))) == person.sequence


def test_a_recording_is_appended_to(recording) -> None:
    path, person = recording
    writer = StreamWriter(path)
    writer.write(next(read_stream(path)))
    writer.close()
    assert len(list(read_stream(path))) == person.sequence + 1


@pytest.mark.parametrize("line", [b"garbage\n", b"[]\n", b'{"received_s": 1.0, "synthetic": false, "sample": {}}\n'])
def test_a_broken_line_in_between_is_told(recording, line: bytes) -> None:
    path, _ = recording
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], line, *lines[3:]]))
    with pytest.raises(StreamError, match="line 4"):
        list(read_stream(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StreamError, match="cannot read"):
        list(read_stream(tmp_path / "none"))
    with pytest.raises(ValueError, match="speed"):
        Replay(tmp_path / "none", speed=0.0)


WRITER = """
import sys
from pathlib import Path
from robot_bridge.teleop.sample import ControllerSample
from robot_bridge.teleop.stream import StreamWriter
writer = StreamWriter(Path(sys.argv[1]))
for k in range(10**9):
    writer.write(ControllerSample(float(k), k))
    print(k, flush=True)
"""


def test_a_killed_recorder_loses_nothing_that_it_said_was_written(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
        for _ in range(50):
            said = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    assert len(list(read_stream(path))) > said


class Wall:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def play(replay: Replay, wall: Wall) -> tuple:
    items, times = [], []
    while not replay.ended:
        for item in replay.read(0.05):
            items.append(item)
            times.append(wall.now_s)
        wall.now_s += 1e-4
    return items, times


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_replay_keeps_the_pace(recording, speed: float) -> None:
    path, _ = recording
    wall = Wall()
    items, times = play(Replay(path, speed, wall.clock, wall.sleep), wall)
    original = list(read_stream(path))
    assert len(items) == len(original) + 1 and items[-1].kind == "closed"
    wanted = 1000.0 + (np.array([sample.received_s for sample in original]) - original[0].received_s) / speed
    np.testing.assert_allclose([sample.received_s for sample in items[:-1]], wanted, atol=1e-9)
    assert np.abs(np.array(times[:-1]) - wanted).max() < 0.003
    assert (items[0].stamp_s is None) == (speed != 1.0)


def test_replay_as_fast_as_possible_gives_all_and_then_nothing(recording) -> None:
    path, person = recording
    replay, begin = Replay(path, None), time.monotonic()
    items = []
    while not replay.ended:
        items += replay.read(1.0)
    assert len(items) == person.sequence + 1 and isinstance(items[-1], Notice)
    assert time.monotonic() - begin < 5.0
    assert replay.read(0.0) == [] and replay.problem() == "the recording is over"
    replay.pulse(PULSES[CLUTCH])
    replay.close()


def test_a_replayed_stream_moves_the_arm_as_the_person_did(recording) -> None:
    path, person = recording
    wall, teleop, robot = Wall(), Teleoperator(SMOOTH), RobotView(START, 1.0)
    replay, target = Replay(path, 1.0, wall.clock, wall.sleep), START
    while not replay.ended:
        due = wall.now_s + SMOOTH.tick_s
        while wall.now_s < due - 1e-9 and not replay.ended:
            for item in replay.read(due - wall.now_s):
                teleop.feed(item)
        step = teleop.tick(wall.now_s, robot)
        target = step.target if step.target is not None else target
        robot = RobotView(target, 1.0)
    np.testing.assert_allclose(target[:3, 3], person.robot.pose[:3, 3], atol=5e-3)
    assert np.linalg.norm(target[:3, 3] - START[:3, 3]) > 0.04
