"""The real adbutils client, and Debian's adb, against a server that speaks adb's host protocol."""

import shutil
import socket
import subprocess
import time
from typing import Callable, List

import numpy as np
import pytest
from fake_adb import FakeAdb
from quest_lines import controls, line, payload
from teleop_person import pose

from robot_bridge.teleop import adb
from robot_bridge.teleop.adb import AdbFailure, QuestOverAdb, find_device
from robot_bridge.teleop.haptics import CLUTCH, PULSES
from robot_bridge.teleop.sample import ControllerSample, Notice

needs_adb = pytest.mark.skipif(shutil.which("adb") is None, reason="Debian's package adb is not installed")


@pytest.fixture
def fake():
    made = FakeAdb()
    yield made
    made.close()


@pytest.fixture
def quest(fake: FakeAdb):
    made = QuestOverAdb(port=fake.port, retry_s=0.05)
    yield made
    made.close()


def until(condition: Callable[[], object], patience_s: float = 10.0) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def frames(count: int, first: int = 0) -> bytes:
    return b"".join(
        line(payload(pose(0.001 * k), pose(-0.2), controls("R", ["A"]) + "," + controls("L")), k / 72)
        for k in range(first, first + count)
    )


def samples(quest: QuestOverAdb, count: int) -> List[ControllerSample]:
    found: List[ControllerSample] = []
    end = time.monotonic() + 10.0
    while len(found) < count and time.monotonic() < end:
        found += [item for item in quest.read(0.1) if isinstance(item, ControllerSample)]
    return found


def test_it_starts_the_app_and_makes_samples_of_its_log(fake: FakeAdb, quest: QuestOverAdb) -> None:
    until(lambda: not quest.problem())
    fake.write(b"02-29 13:00:00.000  1  1 I ActivityManager: noise\n" + frames(20))
    found = samples(quest, 20)
    assert [sample.sequence for sample in found] == list(range(1, 21))
    np.testing.assert_allclose(found[7].right.pose[:3, 3], (0.007, 0, 0))
    assert found[0].frame == "head" and found[0].right.pressed == {"lower"}
    assert 0.0 <= time.monotonic() - found[-1].received_s < 5.0
    assert found[19].stamp_s - found[0].stamp_s == pytest.approx(19 / 72, abs=2e-3)
    assert f"shell:{adb.START}" in fake.asked and f"shell:{adb.LOG}" in fake.asked
    assert quest.parser.broken == {}
    quest.pulse(PULSES[CLUTCH])


def test_a_lost_connection_is_told_and_made_again(fake: FakeAdb, quest: QuestOverAdb) -> None:
    until(lambda: fake.readers == 1)
    fake.write(frames(3))
    assert len(samples(quest, 3)) == 3
    fake.devices = []
    fake.unplug()
    until(lambda: "no device" in quest.problem())
    notices = [item for item in quest.read(1.0) if isinstance(item, Notice)]
    assert [notice.kind for notice in notices] == ["closed"] and "cable" in notices[0].detail
    fake.devices, fake.log = [("1WMHH000X00000", "device")], b""
    until(lambda: fake.readers == 1)
    fake.write(frames(3, 10))
    found = samples(quest, 3)
    assert len(found) == 3 and not quest.problem()
    assert fake.asked.count(f"shell:{adb.START}") == 2


@pytest.mark.parametrize(
    ("devices", "serial", "problem"),
    [
        ([], None, "no device: plug the headset in"),
        ([("one", "unauthorized")], None, "put the headset on and allow USB debugging"),
        ([("one", "offline")], None, "one is offline"),
        ([("one", "device"), ("two", "device")], None, "several devices .one, two.: choose one"),
        ([("one", "device")], "three", "no device three; connected: one"),
    ],
)
def test_a_device_that_cannot_be_used_is_told_with_what_to_do(fake: FakeAdb, devices, serial, problem) -> None:
    fake.devices = devices
    with pytest.raises(AdbFailure, match=problem):
        find_device(port=fake.port, serial=serial)


def test_one_of_several_devices_is_chosen_by_its_serial_number(fake: FakeAdb) -> None:
    fake.devices = [("one", "device"), ("two", "device")]
    assert find_device(port=fake.port, serial="two").serial == "two"


def test_an_app_that_is_not_there_or_does_not_start_is_told(fake: FakeAdb, quest: QuestOverAdb) -> None:
    fake.apps = set()
    fake.unplug()
    until(lambda: "is not installed" in quest.problem())
    assert "oculus_reader" in quest.problem()
    fake.apps, fake.start_answer = {adb.PACKAGE}, "Error type 3\nError: Activity class does not exist.\n"
    until(lambda: "does not start" in quest.problem())


def test_no_server_and_another_server_are_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(AdbFailure, match=f"no adb server on 127.0.0.1:{port} .*start-server"):
            find_device(port=port)
    fake = FakeAdb()
    try:
        fake._server.RequestHandlerClass = _Web
        with pytest.raises(AdbFailure, match="does not answer as an adb server"):
            find_device(port=fake.port)
    finally:
        fake.close()


class _Web:
    """Another server on the port."""

    def __init__(self, request: socket.socket, *_: object) -> None:
        request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        request.recv(64)


def test_close_ends_the_thread_while_the_headset_is_silent(fake: FakeAdb) -> None:
    quest = QuestOverAdb(port=fake.port)
    until(lambda: fake.readers == 1)
    begin = time.monotonic()
    quest.close()
    assert time.monotonic() - begin < 3.0 and not quest._thread.is_alive()


def run_adb(port: int, *words: str) -> str:
    done = subprocess.run(["adb", "-P", str(port), *words], capture_output=True, timeout=20, text=True, check=True)
    return done.stdout


@needs_adb
def test_debians_adb_speaks_to_the_same_server(fake: FakeAdb) -> None:
    serial = fake.devices[0][0]
    assert f"{serial}\tdevice" in run_adb(fake.port, "devices")
    assert "package:" in run_adb(fake.port, "-s", serial, "shell", adb.INSTALLED)
    assert "Starting" in run_adb(fake.port, "-s", serial, "shell", adb.START)


@needs_adb
def test_debians_adb_reads_the_log_that_is_parsed(fake: FakeAdb) -> None:
    fake.log += frames(5)
    command = ["adb", "-P", str(fake.port), "-s", fake.devices[0][0], "shell", adb.LOG]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        parser, found = adb.LogcatParser(), []
        while len(found) < 5:
            found += parser.feed(process.stdout.readline(), 0.0)
        process.kill()
    assert len(found) == 5 and not parser.broken


@needs_adb
def test_the_real_server_without_a_headset_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["adb", "-L", f"tcp:localhost:{port}", "nodaemon", "server"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
            with pytest.raises(AdbFailure, match="no device: plug the headset in"):
                find_device(port=port)
        finally:
            server.terminate()
