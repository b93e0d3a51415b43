"""kill -9 of each process while the policy drives the arm: the arm holds within half a second, and says so."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, List

import numpy as np
import pytest

from tests.ros.conftest import Master, Node, Nodes, wait_for

REPO = Path(__file__).resolve().parents[2]
HOLDS_WITHIN_S = 0.5
SAYS_WITHIN_S = 0.75
STILL_RAD = 0.004


class Stack:
    """Bridge, camera, policy and session on a master of their own, at real-time speed, and an observer."""

    def __init__(self, master: Master, folder: Path, checkpoint: Path) -> None:
        master.use_sim_time()
        self.nodes = Nodes(master, folder)
        self.master = master
        self.parts: Dict[str, Node] = {
            "bridge": self.nodes.start("bridge_node", name_="bridge", robot="sim"),
            "camera": self.nodes.start("camera_node", name_="camera", camera="sim", rate=10, width=96, height=72),
            "policy": self.nodes.start("policy_node", name_="policy", policy=checkpoint),
        }
        self._states = folder / "states.jsonl"
        with self._states.open("wb") as output:
            self.observer = subprocess.Popen(
                [sys.executable, str(REPO / "tests" / "ros" / "observe.py")],
                env=master.environment,
                stdout=output,
                start_new_session=True,
            )
        self.parts["session"] = self.nodes.start(
            "session_node",
            name_="session",
            robot="sim",
            task="sweet_potato_on_plate",
            speed=1.0,
            policy=checkpoint,
            session_dir=folder / "session",
        )

    def states(self) -> List[dict]:
        lines = self._states.read_text().splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def wait_until_driving(self) -> None:
        """Until the policy has driven the arm for a second."""

        def driving() -> bool:
            last = self.states()[-50:]
            return len(last) == 50 and all(state["mode"] == "SERVO" for state in last)

        wait_for(driving, 90.0, lambda: "the policy to drive the arm:\n" + self.parts["session"].output(), period_s=0.1)

    def close(self) -> None:
        self.observer.kill()
        self.observer.wait()
        self.nodes.kill_all()


@pytest.fixture
def stack(private_master: Master, tmp_path: Path, shipped_policy: Path) -> Iterator[Stack]:
    started = Stack(private_master, tmp_path, shipped_policy)
    started.wait_until_driving()
    yield started
    started.close()


def assert_holds(stack: Stack, killed_s: float, words: str) -> None:
    """The arm stands still from half a second after the kill on, and its state says why."""
    time.sleep(1.6)
    after = [state for state in stack.states() if state["t"] > killed_s]
    late = np.array([state["joints"] for state in after if state["t"] > killed_s + HOLDS_WITHIN_S])
    assert len(late) > 20, "the bridge fell silent"
    assert np.ptp(late, axis=0).max() < STILL_RAD
    holding = [state for state in after if state["mode"] == "HOLD" and words in state["reason"]]
    assert holding, after[-1]
    assert holding[0]["t"] - killed_s < SAYS_WITHIN_S
    assert after[-1]["mode"] == "HOLD", after[-1]


@pytest.mark.parametrize("part", ["camera", "policy", "session"])
def test_the_arm_holds_when_what_commands_it_is_killed(stack: Stack, part: str) -> None:
    killed_s = time.monotonic()
    stack.parts[part].kill()
    assert_holds(stack, killed_s, "no command")
    if part == "camera":
        wait_for(lambda: "picture" in stack.parts["policy"].output(), 5.0, "the policy to say why it stopped")
    if part == "session":
        wait_for(lambda: "keepalive" in stack.parts["policy"].output(), 5.0, "the policy to say why it stopped")


def test_the_arm_holds_latched_when_the_master_is_killed(stack: Stack) -> None:
    killed_s = time.monotonic()
    stack.master.kill()
    assert_holds(stack, killed_s, "the ROS master is gone")
    assert stack.states()[-1]["stopped"]


def test_policy_and_session_say_so_when_the_bridge_is_killed(stack: Stack) -> None:
    killed_s = time.monotonic()
    stack.parts["bridge"].kill()
    wait_for(lambda: "aborted" in stack.parts["session"].output(), 20.0, "the session's abort")
    assert "the episode ended" in stack.parts["policy"].output()
    time.sleep(0.5)
    assert all(state["t"] < killed_s + HOLDS_WITHIN_S for state in stack.states())
