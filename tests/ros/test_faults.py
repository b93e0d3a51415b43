"""kill -9 of each process while the policy drives the arm: the arm holds within half a second, and says so."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np
import pytest

from tests.ros.conftest import SMALL_CAMERA, Master, Node, Nodes, wait_for

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
        self._folder, self._sessions = folder, 0
        self._parameters: Dict[str, Dict[str, Any]] = {
            "bridge": {"robot": "sim"},
            "camera": SMALL_CAMERA,
            "policy": {"policy": checkpoint},
            "session": {"robot": "sim", "task": "sweet_potato_on_plate", "speed": 1.0, "policy": checkpoint},
        }
        self.parts: Dict[str, Node] = {}
        self._states = folder / "states.jsonl"
        with self._states.open("wb") as output:
            self.observer = subprocess.Popen(
                [sys.executable, str(REPO / "tests" / "ros" / "observe.py")],
                env=master.environment,
                stdout=output,
                start_new_session=True,
            )

    def renew(self) -> None:
        """Start what is dead, and another session; the policy drives the arm."""
        if "session" in self.parts:
            self.parts["session"].kill()
        for name in ("bridge", "camera", "policy"):
            if name not in self.parts or self.parts[name].process.poll() is not None:
                self.parts[name] = self.nodes.start(f"{name}_node", name_=name, **self._parameters[name])
        self._sessions += 1
        folder = self._folder / f"session-{self._sessions}"
        began_s = time.monotonic()
        self.parts["session"] = self.nodes.start(
            "session_node", name_="session", session_dir=folder, **self._parameters["session"]
        )

        def driving() -> bool:
            last = self.states()[-50:]
            return len(last) == 50 and all(state["mode"] == "SERVO" and state["t"] > began_s for state in last)

        output = self.parts["session"].output
        wait_for(driving, 90.0, lambda: "the policy to drive the arm for a second:\n" + output(), period_s=0.1)

    def states(self) -> List[dict]:
        lines = self._states.read_text().splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def close(self) -> None:
        self.observer.kill()
        self.observer.wait()
        self.nodes.kill_all()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, shipped_policy: Path) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    master = Master(folder)
    started = Stack(master, folder, shipped_policy)
    yield started
    started.close()
    master.kill()


@pytest.fixture
def stack(shared: Stack, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The policy drives the arm; nothing is left of a test that failed."""
    shared.renew()
    failed = request.session.testsfailed
    yield shared
    if request.session.testsfailed > failed:
        shared.nodes.kill_all()


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
    killed_s, said = time.monotonic(), len(stack.parts["policy"].output())
    stack.parts[part].kill()
    assert_holds(stack, killed_s, "no command")
    why = {"camera": "picture", "session": "keepalive"}.get(part, "")
    wait_for(lambda: why in stack.parts["policy"].output()[said:], 5.0, "the policy to say why it stopped")


def test_policy_and_session_say_so_when_the_bridge_is_killed(stack: Stack) -> None:
    killed_s, said = time.monotonic(), len(stack.parts["policy"].output())
    stack.parts["bridge"].kill()
    wait_for(lambda: "aborted" in stack.parts["session"].output(), 20.0, "the session's abort")
    assert "the episode ended" in stack.parts["policy"].output()[said:]
    time.sleep(0.5)
    assert all(state["t"] < killed_s + HOLDS_WITHIN_S for state in stack.states())


def test_the_arm_holds_latched_when_the_master_is_killed(stack: Stack) -> None:
    # the last one: a new master knows none of them
    killed_s = time.monotonic()
    stack.master.kill()
    assert_holds(stack, killed_s, "the ROS master is gone")
    assert stack.states()[-1]["stopped"]
