"""The camera thread against sources that really stall, freeze, vanish and come back."""

import os
import threading
import time

import numpy as np
import pytest

from robot_bridge.camera_health import FrozenLimits
from robot_bridge.interface import StaleData
from robot_bridge.live_camera import CameraError, Capture, LiveCamera, SourceEnded, StreamLimits

QUICK = StreamLimits(
    frozen=FrozenLimits(pictures=10, duration_s=60.0), stall_s=0.25, open_s=0.5, first_delay_s=0.02, longest_delay_s=0.2
)


class Wire:
    """A device at the end of a pipe: one byte is one picture. What does not come, blocks its reader for ever."""

    def __init__(self):
        self.plugged = threading.Event()
        self.plugged.set()
        self.opened = 0
        self.closed = 0
        self._write_ends = []

    def open(self):
        if not self.plugged.is_set():
            raise CameraError("there is no camera at the wire")
        read_end, write_end = os.pipe()
        self._write_ends.append(write_end)
        self.opened += 1
        return WireSource(self, read_end)

    def send(self, value):
        os.write(self._write_ends[-1], bytes([value]))

    def cut(self):
        while self._write_ends:
            os.close(self._write_ends.pop())


class WireSource:
    def __init__(self, wire, read_end):
        self._wire = wire
        self._read_end = read_end

    def read(self):
        data = os.read(self._read_end, 1)
        if not data:
            raise CameraError("the wire is cut")
        return Capture(np.full((2, 3, 3), data[0], np.uint8), time.monotonic() - 0.01)

    def close(self):
        os.close(self._read_end)
        self._wire.closed += 1


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def camera(wire):
    reports = []
    camera = LiveCamera(
        wire.open, "test", stamp_clock=lambda: time.monotonic() + 1000.0, limits=QUICK, report=reports.append
    )
    camera.reports = reports
    until(lambda: wire.opened)
    yield camera
    wire.plugged.clear()
    wire.cut()
    camera.close()


def until(condition, timeout_s=3.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def recovered(camera, wire, value):
    """Send pictures until one arrives, as a device that works again does."""

    def arrived():
        wire.send(value)
        try:
            return camera.read_latest(0.2).image[0, 0, 0] == value
        except StaleData:
            return False

    return arrived


def test_the_newest_picture_with_its_capture_time(camera, wire):
    for value in (1, 2, 3):
        wire.send(value)
    until(lambda: camera.wait_next(2, 1.0) is not None)
    frame = camera.read_latest(1.0)
    assert frame.index == 3 and frame.image[0, 0, 0] == 3
    assert 0.01 <= time.monotonic() + 1000.0 - frame.stamp_s < 0.5


def test_before_the_first_picture_it_says_so(camera):
    with pytest.raises(StaleData, match="camera test: no picture yet"):
        camera.read_latest(1.0)
    assert camera.wait_next(0, 0.01) is None


def test_an_old_picture_is_refused_with_its_age(camera, wire):
    wire.send(1)
    camera.wait_ready(1.0)
    assert camera.read_latest(1.0).index == 1
    time.sleep(0.1)
    with pytest.raises(StaleData, match=r"camera test: newest picture is 0\.1\d s old, allowed are 0\.05 s"):
        camera.read_latest(0.05)


@pytest.mark.parametrize("age", [0.0, -1.0, float("nan")])
def test_a_senseless_age_is_refused(camera, age):
    with pytest.raises(ValueError, match="max_age_s"):
        camera.read_latest(age)


def test_a_source_that_blocks_for_ever_is_left_and_opened_again(camera, wire):
    wire.send(1)
    camera.wait_ready(1.0)
    until(lambda: wire.opened == 2)
    with pytest.raises(StaleData, match="the device blocks"):
        camera.read_latest(0.2)
    assert wire.closed == 0
    until(recovered(camera, wire, 9))
    health = camera.health()
    assert health.reconnects >= 1 and health.problem == ""
    assert any("blocks" in line and "reconnecting" in line for line in camera.reports)
    assert camera.reports[-1] == "camera test: pictures again"


def test_blocked_sources_do_not_pile_up(camera, wire):
    time.sleep(2.2)
    assert wire.opened == 3


def test_an_unplugged_camera_comes_back(camera, wire):
    wire.send(1)
    camera.wait_ready(1.0)
    wire.plugged.clear()
    wire.cut()
    until(lambda: camera.health().reconnects >= 3)
    with pytest.raises(StaleData, match="there is no camera at the wire"):
        time.sleep(0.1)
        camera.read_latest(0.1)
    assert wire.closed == 1
    wire.plugged.set()
    until(lambda: wire.opened == 2)
    until(recovered(camera, wire, 5))
    assert camera.health().problem == ""


def test_a_frozen_picture_is_refused_until_it_changes(camera, wire):
    for _ in range(11):
        wire.send(4)
    until(lambda: camera.health().frozen)
    with pytest.raises(StaleData, match="frozen, the last 11 pictures are identical"):
        camera.read_latest(10.0)
    until(lambda: wire.opened == 2)
    wire.send(4)
    until(lambda: wire.opened == 3)
    assert camera.health().frozen
    until(recovered(camera, wire, 5))
    assert not camera.health().frozen


def test_back_off_doubles_up_to_its_limit():
    times = []

    def refuse():
        times.append(time.monotonic())
        raise CameraError("refused")

    camera = LiveCamera(refuse, "test", limits=QUICK, report=lambda line: None)
    until(lambda: len(times) >= 7)
    camera.close()
    gaps = np.diff(times)
    assert 0.02 <= gaps[0] < 0.1
    assert gaps[3] > 0.15
    assert gaps[4:6].max() < 0.35 and gaps[4:6].min() >= 0.2


def test_what_a_driver_raises_does_not_end_the_camera(wire):
    failures = [ZeroDivisionError("driver bug")]

    def open_source():
        if failures:
            raise failures.pop()
        return wire.open()

    camera = LiveCamera(open_source, "test", limits=QUICK, report=lambda line: None)
    until(lambda: wire.opened)
    wire.send(1)
    camera.wait_ready(1.0)
    assert camera.health().reconnects == 1
    wire.cut()
    camera.close()


def test_a_recording_that_ended_is_not_opened_again():
    opened = []

    class Once:
        def read(self):
            raise SourceEnded("the recording has ended")

        def close(self):
            opened.append("closed")

    camera = LiveCamera(lambda: opened.append("open") or Once(), "test", limits=QUICK, report=lambda line: None)
    with pytest.raises(SourceEnded, match="camera test: the recording has ended"):
        camera.wait_ready(2.0)
    time.sleep(0.1)
    assert opened == ["open", "closed"]
    with pytest.raises(StaleData, match="has ended"):
        camera.read_latest(1.0)
    camera.close()


def test_no_picture_at_the_start_is_an_error_that_names_the_camera():
    def refuse():
        raise CameraError("there is no /dev/video7")

    camera = LiveCamera(refuse, "webcam 7", limits=QUICK, report=lambda line: None)
    with pytest.raises(CameraError, match="camera webcam 7: there is no /dev/video7"):
        camera.wait_ready(0.3)
    camera.close()


def test_close_does_not_wait_for_a_source_that_blocks(wire):
    camera = LiveCamera(wire.open, "test", limits=QUICK, report=lambda line: None)
    until(lambda: wire.opened)
    start = time.monotonic()
    camera.close()
    assert time.monotonic() - start < 3.0
    wire.cut()
    until(lambda: wire.closed == 1)
