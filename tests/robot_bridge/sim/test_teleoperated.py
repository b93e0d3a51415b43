"""Demonstrations by an emulated person: what is recorded of them, and what is done about failures and kills."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

from robot_bridge import kinematics
from robot_bridge.recording.recorder import Recorder
from robot_bridge.recording.store import EpisodeStore
from robot_bridge.recording.variety import REGIONS, Variety, bounds
from robot_bridge.sim import teleoperated
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.expert import Expert, look
from robot_bridge.sim.scene import TABLE_LOWER_M, TABLE_UPPER_M, SceneSpec
from robot_bridge.sim.teleoperated import TeleoperatedCollection
from robot_bridge.teleop.settings import BRIDGE, SMOOTH, TeleopSettings

TASK = "sweet_potato_on_plate"
STARTS = {"left_rear": (0.325, 0.09, 0.2, 0.0, 0.0, 0.0, 1.0), "right_front": (0.235, -0.09, 0.2, 0.0, 0.0, 0.0, 1.0)}
COMMAND = [sys.executable, "-m", "vptr_cli", "sim", "teleoperate", "--task", TASK]


def collect(root: Path, goal: int = 2, settings: TeleopSettings = SMOOTH) -> List[Path]:
    with EpisodeStore(root) as store:
        recorder = Recorder(store, variety=Variety(tuple(STARTS), goal=goal), sync=False)
        with TeleoperatedCollection(store, recorder, TASK, "do it", STARTS, seed=3, settings=settings) as collection:
            for _ in collection:
                pass
        return store.episodes()


def about(folder: Path) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads((folder / "episode.json").read_text())
    return found


def log(folder: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def episodes(tmp_path_factory: pytest.TempPathFactory) -> List[Path]:
    return collect(tmp_path_factory.mktemp("episodes"))


def test_each_is_a_success_where_it_was_asked_for(episodes: List[Path]) -> None:
    assert len(episodes) == 2
    asked = [about(folder)["asked"] for folder in episodes]
    assert asked[0]["start"] != asked[1]["start"] and asked[0]["region"] != asked[1]["region"]
    for folder, wanted in zip(episodes, asked):
        assert about(folder)["success"] is True and about(folder)["finished"] is True
        assert np.allclose(log(folder)[0]["state"][:3], STARTS[wanted["start"]][:3], atol=0.005)


def test_the_arm_goes_down_closes_carries_and_lets_go(episodes: List[Path]) -> None:
    for folder in episodes:
        states = np.array([line["state"] for line in log(folder)])
        closed = np.flatnonzero(states[:, 6] < 0.6)
        assert states[closed[0], 2] < 0.08 and states[-1, 6] > 0.9
        assert states[closed, 2].max() > states[closed[0], 2] + 0.03, "it was lifted"
        assert (folder / "preview.mp4").stat().st_size > 1000


def test_actions_are_the_motion_of_the_target(episodes: List[Path]) -> None:
    lines = log(episodes[0])
    moved = np.eye(4)
    for line in lines[:-1]:
        moved = kinematics.integrate(moved, np.array(line["executed"][:6]))
    way = np.array(lines[-1]["target"][:3]) - np.array(lines[0]["target"][:3])
    assert np.allclose(moved[:3, 3], way, atol=1e-6)
    assert all(line["clutch"] in (True, False) and line["tracked"] is True for line in lines[:-1])


@pytest.mark.parametrize("settings", [BRIDGE, SMOOTH], ids=["bridge", "smooth"])
def test_an_action_is_what_the_person_wants_there(
    settings: TeleopSettings, episodes: List[Path], tmp_path: Path
) -> None:
    """One who decided by where the arm is seen, not by where it is led, made half of each motion at 5 Hz."""
    wanted, made = [], []
    environment = SimEnvironment(render=False)
    for folder in episodes if settings is SMOOTH else collect(tmp_path, 2, settings):
        environment.reset(SceneSpec.from_json(json.dumps(about(folder)["scene"])))
        expert, seen = Expert(TASK, np.random.default_rng(0)), look(environment)
        expert.reset(environment)
        for line in itertools.takewhile(lambda line: line["executed"][6] > 0.5, log(folder)[3:]):
            wanted.append(expert.label(replace(seen, state=np.array(line["state"])))[:3])
            made.append(line["executed"][:3])
    environment.close()
    share = float((np.array(wanted) * made).sum() / np.square(wanted).sum())
    assert len(made) >= 8 and 0.75 < share < 1.1


def test_the_same_seed_gives_the_same_demonstrations(episodes: List[Path], tmp_path: Path) -> None:
    again = collect(tmp_path / "again", 1)
    assert (again[0] / "steps.jsonl").read_bytes() == (episodes[0] / "steps.jsonl").read_bytes()


def test_who_cannot_do_it_in_time_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teleoperated, "LIMIT_S", 0.4)
    monkeypatch.setattr(teleoperated, "MOST_FAILED", 3)
    with pytest.raises(RuntimeError, match="failed 3 times"):
        collect(tmp_path)
    with EpisodeStore(tmp_path) as store:
        tally = store.tally(TASK)
    assert (tally.failures, tally.successes) == (3, 0)


def test_a_killed_collection_goes_on_where_it_was(tmp_path: Path) -> None:
    words = [*COMMAND, "--out", str(tmp_path), "--goal", "2", "--preset", "smooth"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=os.environ)
    end = time.monotonic() + 60.0
    while not list(tmp_path.glob("*/episode-000000/steps.jsonl")) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode == 0 and "2 successes, 0 failures" in done.stdout, done.stderr
    with EpisodeStore(tmp_path) as store:
        tally = store.tally(TASK)
    assert (tally.successes, tally.discarded, tally.unfinished) == (2, 1, 0)


@pytest.mark.parametrize("region", REGIONS)
def test_regions_lie_on_the_table_beside_each_other(region: str) -> None:
    (x, y), (far, left) = bounds(region, TABLE_LOWER_M, TABLE_UPPER_M)
    assert TABLE_LOWER_M[0] - 1e-9 <= x < far <= TABLE_UPPER_M[0] + 1e-9
    assert TABLE_LOWER_M[1] - 1e-9 <= y < left <= TABLE_UPPER_M[1] + 1e-9
    assert (x < 0.25) == region.startswith("near") and (y < -0.1) == region.endswith("right")
