"""The stop of a session on the real robot: session and bridge nodes over the stand-in of Interbotix's package."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, List

import cv2
import numpy as np
import pytest

from tests.ros.conftest import REPO, Master, Nodes, wait_for
from tests.ros.test_session_node import StandingPolicy, rows, settings, trigger  # noqa: F401 - a fixture among them


class Robot:
    """The bridge over the stand-in, a camera of recorded pictures and a policy that lifts the gripper, in real time."""

    def __init__(self, master: Master, folder: Path) -> None:
        self._record = folder / "interbotix.jsonl"
        self.master, self.nodes, self.policy = master, Nodes(master, folder), StandingPolicy(master, rise=0.03)
        self.log = (folder / "bridge.log").open("w+")
        command = [sys.executable, "-m", "tests.ros.xs_robot", str(self._record), "__name:=bridge"]
        self.bridge = subprocess.Popen(
            [*command, "_robot:=interbotix"], env=master.environment, cwd=REPO, stdout=self.log, stderr=self.log
        )
        frames = folder / "frames"
        frames.mkdir()
        draw = np.random.default_rng(0)
        for number in range(20):
            cv2.imwrite(str(frames / f"im_{number}.jpg"), draw.integers(0, 255, (48, 64, 3), dtype=np.uint8))
        self.nodes.start("camera_node", name_="camera", camera="video", frames=frames)

    def targets(self, since_s: float = 0.0) -> List[List[float]]:
        """The joint targets that were sent to the arm since a monotonic time."""
        lines: List[Dict] = [json.loads(line) for line in self._record.read_text().splitlines()]
        return [entry["call"][1] for entry in lines if entry["t"] > since_s and entry["call"][0] == "positions"]

    def close(self) -> None:
        self.nodes.kill_all()
        self.policy.kill()
        self.bridge.kill()
        self.bridge.wait(timeout=10)
        self.log.close()


@pytest.fixture
def robot(private_master: Master, tmp_path: Path) -> Iterator[Robot]:
    started = Robot(private_master, tmp_path)
    yield started
    started.close()


def distinct(targets: List[List[float]]) -> List[List[float]]:
    """The different ones among joint targets, to a milliradian."""
    return np.unique(np.array(targets).round(3), axis=0).tolist() if targets else []


class Operator:
    """A session whose questions this test answers."""

    def __init__(self, robot: Robot, given: Dict, folder: Path) -> None:
        arguments = [f"_{key}:={value}" for key, value in {**given, "robot": "interbotix"}.items()]
        self._log = folder / "session.log"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(REPO / "scripts" / "session_node"), *arguments],
                env=robot.master.environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def wait(self, words: str, count: int = 1, timeout_s: float = 40.0) -> None:
        wait_for(lambda: self.output().count(words) >= count, timeout_s, f"{words!r} in:\n{self.output()}")
        time.sleep(0.2)  # the question is asked after what was typed before has been forgotten

    def answer(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.kill()
        self.process.wait(timeout=10)


@pytest.mark.timeout(120)
def test_a_stop_holds_the_arm_until_the_operator_lets_it_move_again(robot, settings, tmp_path) -> None:  # noqa: F811
    operator = Operator(robot, settings, tmp_path)
    try:
        operator.wait("Enter when the scene is set")
        assert len(robot.targets()) > 50, "the arm was sent home and to its start pose"
        operator.answer("")
        operator.wait("end it early")
        began_s = time.monotonic()
        wait_for(lambda: len(distinct(robot.targets(began_s))) > 5, 10.0, "the arm on its way up")
        trigger(robot.master, "/widowx/stop")
        stopped_s = time.monotonic()
        operator.wait("Enter when the robot may move again: ")
        assert "aborted: the arm was stopped (/widowx/stop was called)" in operator.output()
        assert rows(settings)[0].state == "aborted" and "the arm was stopped" in rows(settings)[0].reason
        time.sleep(1.0)
        assert len(distinct(robot.targets(stopped_s + 0.1))) <= 1, "a stopped arm is told to stay where it is"
        operator.answer("")
        operator.wait("Enter when the scene is set", 2)
        assert len(distinct(robot.targets(stopped_s))) > 20, "it went home and back"
        operator.answer("")
        operator.wait("end it early", 2)
        operator.answer("s lifted it")
        wait_for(lambda: rows(settings)[1].state == "committed", 10.0, lambda: "the verdict:\n" + operator.output())
        assert rows(settings)[1].reason == "operator: lifted it"
    finally:
        operator.close()
