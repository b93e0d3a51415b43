"""Recorder and bag as real nodes on a real graph: episodes, verdicts, kills, a full disk, and the replay."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Iterator, List, Tuple

import cv2
import numpy as np
import pytest

from robot_bridge.recording.format import FRAMES, STEPS
from robot_bridge.recording.log import read_about, read_lines
from tests.ros.collecting import CAMERA, Collecting, images, path
from tests.ros.conftest import REPO, Master, wait_for
from vptr_policy.data.quality.findings import DROPPED, TIME, Finding
from vptr_policy.data.quality.inspection import inspect
from vptr_policy.data.robot.episodes import read_episode
from vptr_policy.data.robot.sources import demonstrations

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    folder = tmp_path_factory.mktemp("collecting")
    master = Master(folder)
    started = Collecting(master, folder, bag=True)
    yield started
    started.close()
    master.kill()


@pytest.fixture
def collecting(shared: Collecting, tmp_path: Path) -> Collecting:
    shared.renew(tmp_path / "episodes")
    return shared


def vptr(master: Master, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "vptr_cli", *map(str, arguments)]
    return subprocess.run(
        command, env=master.environment, cwd=REPO, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_demonstration_from_start_to_verdict_by_the_controller(collecting: Collecting) -> None:
    start = partial(collecting.agent.call, "/recorder/start")
    wait_for(lambda: "the arm is disarmed: press Y" in start()["message"], 60.0, "a refusal", period_s=0.5)
    collecting.ready()
    scene = collecting.agent.last("/widowx/state")["pose"]
    since = time.monotonic()
    folder = Path(collecting.press("success", "recording")["folder"])
    collecting.drive(path(15))
    time.sleep(1.0)
    reviewed = collecting.press("success", "reviewing")
    for words in (" steps", "% idle", "jerk "):
        assert words in reviewed["says"]
    film = "/recorder/film/compressed"
    wait_for(lambda: len(collecting.agent.all(film)) > 30, 30.0, "the film of three seconds")
    done = collecting.press("success", "waiting")
    assert (done["have"], done["goal"]) == (1, 3) and done["says"].startswith("1 of 3; next: start at ")
    told = [one["t"] for one in collecting.agent.since("/recorder/state", since)]
    assert np.median(np.diff(told)) < 0.3, "5 Hz"
    check_episode(folder)
    wait_for(lambda: collecting.agent.last("/widowx/state")["pose"] != scene, 30.0, "a new scene")
    wait_for(lambda: collecting.agent.last("/widowx/state")["armed"], 30.0, "the arm to be armed again")
    check_bag(folder)


def check_episode(folder: Path) -> None:
    about, lines = read_about(folder), read_lines(folder / STEPS)
    assert about["success"] is True and about["finished"] and about["scene"]["task"] == "knife_in_pot"
    assert (folder / "preview.mp4").stat().st_size > 1000
    for picture in images(folder):
        assert cv2.imread(str(picture)).shape == (480, 640, 3)
    assert len(read_lines(folder / FRAMES)) == len(images(folder))
    assert abs(len(images(folder)) - len(lines)) <= 2, "one a step"
    one = read_episode(folder, 0)
    stamps = one.extras["stamp_s"]
    assert np.median(np.diff(stamps)) == pytest.approx(0.2, abs=0.03), "5 Hz"
    driven = np.flatnonzero(np.abs(one.action[:, :3]).max(1) > 1e-4)
    assert 12 <= len(driven) <= 20 and one.action[driven, 1].sum() == pytest.approx(15 * 0.006, abs=1e-4)
    assert one.executed[:, 1].sum() == pytest.approx(15 * 0.006, abs=2e-3)
    assert one.state[-1, 1] - one.state[0, 1] == pytest.approx(15 * 0.006, abs=5e-3)
    for name, width in (("joints", 6), ("joint_speeds", 6), ("efforts", 6), ("target", 7), ("achieved", 7)):
        assert lines[driven[0]].keys() >= {name} and len(lines[driven[0]][name]) == width
    assert "command" in lines[driven[0]]["latencies_s"] and lines[driven[0]]["clutch"] is False
    assert not wrong(folder.parents[1])


def wrong(root: Path) -> List[Finding]:
    """What is found wrong but for what a busy machine does: late pictures, and steps that took longer."""
    return [found for found in inspect(demonstrations(root)) if found.kind not in (DROPPED, TIME)]


def check_bag(folder: Path) -> None:
    bags = pytest.importorskip("rosbag")
    wait_for((folder / "episode.bag").exists, 10.0, "the bag")
    with bags.Bag(str(folder / "episode.bag")) as bag:
        counts = {name: told.message_count for name, told in bag.get_type_and_topic_info().topics.items()}
        sequences = [message.sequence for _, message, _ in bag.read_messages("/widowx/executed")]
        names = {message.mode for _, message, _ in bag.read_messages("/widowx/state")}
    assert sequences == list(range(1, 16)) and "SERVO" in names
    assert counts["/widowx/command"] == 15 and counts[f"{CAMERA}/compressed"] > 15 and counts["/recorder/state"] > 10


def test_verdicts_count_and_a_discarded_one_is_no_data(collecting: Collecting) -> None:
    collecting.ready()
    for events in (["success", "failure"], ["discard"]):
        collecting.press("success", "recording")
        collecting.drive(path(5))
        for event in events[:-1]:
            collecting.press(event, "reviewing")
        collecting.press(events[-1], "waiting")
    collecting.demonstrate(5)
    assert collecting.state()["have"] == 1
    assert [item.info["success"] for item in demonstrations(collecting.out)] == [False, True]
    verdicts = [read_about(folder).get("discarded") for folder in sorted(collecting.out.glob("*/episode-*"))]
    assert verdicts == [False, True, False]
    since = len(list(collecting.out.glob("*/*")))
    collecting.start()
    collecting.agent.call("/widowx/stop")
    ended = collecting.until("reviewing")
    assert "the demonstration was ended: the arm is stopped" in ended["says"]
    assert len(list(collecting.out.glob("*/*"))) == since + 1


def test_a_killed_recorder_loses_the_step_in_flight_and_offers_the_rest(collecting: Collecting) -> None:
    collecting.ready()
    folder = collecting.start()
    collecting.drive(path(40), wait=False)
    wait_for(lambda: len(read_lines(folder / STEPS)) > 18, 60.0, "some steps")
    seen = len(read_lines(folder / STEPS))
    collecting.recorder.kill(signal.SIGKILL)
    collecting.start_recorder()
    offered = collecting.until("recovering")
    assert offered["folder"] == str(folder) and "keep or discard it" in offered["says"]
    assert int(offered["says"].split(": ")[2].split()[0]) >= seen - 1
    assert offered["answers"] == ["success", "failure", "discard"]
    recovered = vptr(collecting.master, "data", "recover", collecting.out, "--discard", "knife_in_pot/episode-000000")
    assert recovered.returncode == 1 and "another recorder writes there" in recovered.stderr
    assert collecting.press("success", "waiting")["have"] == 1
    one = read_episode(folder, 0)
    assert len(one.action) >= seen - 1 and read_about(folder)["recovered"]
    assert not wrong(collecting.out)
    bag = folder / "episode.bag"
    wait_for(bag.exists, 20.0, "the end of the bag whose recorder was killed")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1.1 MB, or a skip where this user may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1100k", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_ends_the_demonstration_and_what_is_there_is_kept(shared: Collecting, small_disk: Path) -> None:
    shared.renew(small_disk / "episodes", least_free_mb=0, every_picture=True)
    shared.ready()
    shared.start()
    shared.drive(path(30), wait=False)
    offered = shared.until("recovering", 120.0)
    shared.park()
    folder = Path(offered["folder"])
    assert "cannot be written (No space left on device)" in offered["says"]
    whole = len(read_lines(folder / STEPS))
    assert whole > 3 and (folder / STEPS).read_bytes().endswith(b"\n")
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    assert shared.press("failure", "waiting")["have"] == 0
    assert len(read_episode(folder, 0).action) >= whole - 1 and read_about(folder)["success"] is False
    shared.demonstrate(5)
    assert shared.state()["have"] == 1, "the recorder goes on where there is room again"


def deviation_mm(done: "subprocess.CompletedProcess[str]") -> Tuple[float, float]:
    """Of a replay: target from plan, and arm from recording at the end."""
    assert done.returncode == 0, done.stderr
    found = re.search(r"target within ([0-9.]+) mm .* at the end ([0-9.]+) mm", done.stdout)
    assert found is not None, done.stdout
    return float(found[1]), float(found[2])


def check_done_again(collecting: Collecting, real: bool) -> None:
    """A demonstration is refused while somebody commands the arm, then done again, then interrupted by a stop."""
    environment = collecting.master.environment
    collecting.ready()
    folder = collecting.demonstrate(10)
    collecting.until("waiting")
    collecting.drive(np.concatenate([path(25), np.zeros((600, 7))]), wait=False)
    wait_for(lambda: collecting.agent.last("/widowx/state")["mode"] == "SERVO", 20.0, "another commander")
    refused = vptr(collecting.master, "data", "replay", folder, "--ros")
    assert refused.returncode == 1 and "/agent commands the arm: end that first" in refused.stderr
    collecting.park()
    time.sleep(1.2)
    done = vptr(collecting.master, "data", "replay", folder, "--ros", "--stay")
    target, end = deviation_mm(done)
    assert target < 10.0 and end < 4.0, done.stdout
    recorded = read_episode(folder, 0).state[-1]
    state = collecting.agent.last("/widowx/state")["pose"]
    assert np.linalg.norm(np.array(state[:3]) - recorded[:3]) < 0.004
    assert ("task: " in done.stdout) == (not real), done.stdout
    interrupted = subprocess.Popen(
        [sys.executable, "-m", "vptr_cli", "data", "replay", str(folder), "--ros"], env=environment, cwd=REPO,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    since = time.monotonic()
    wait_for(lambda: len(collecting.agent.since("/widowx/command", since)) > 3, 60.0, "the replay to begin")
    assert collecting.agent.call("/widowx/stop")["success"]
    assert "stopped: /widowx/stop was called" in interrupted.communicate(timeout=60)[1]
    assert interrupted.returncode == 1


def test_an_episode_is_done_again_by_the_simulated_robot(collecting: Collecting) -> None:
    check_done_again(collecting, real=False)


def test_an_episode_is_done_again_by_the_real_robot(private_master: Master, tmp_path: Path) -> None:
    collecting = Collecting(private_master, tmp_path, real=True)
    try:
        check_done_again(collecting, real=True)
    finally:
        collecting.close()


def test_a_recorder_ends_its_episode_with_itself(collecting: Collecting) -> None:
    collecting.ready()
    folder = collecting.start()
    collecting.drive(path(10))
    os.killpg(collecting.recorder.process.pid, signal.SIGINT)
    assert collecting.recorder.process.wait(timeout=20) == 0
    about = read_about(folder)
    assert about["finished"] is True and about["success"] is None
    collecting.start_recorder()
    assert collecting.until("recovering")["folder"] == str(folder)
