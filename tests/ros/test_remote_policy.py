"""Policy node and session over a policy server: the arm holds when it dies, and it is taken up when it is back."""

import re
import time
from pathlib import Path
from typing import Any, Iterator

import pytest
from fake_robot import FakeRobot

from eval_protocol.lab import PROTOCOL
from eval_protocol.store import Store, TrialRow
from robot_bridge.share import share_path
from tests.ros.conftest import SMALL_CAMERA, Master, Nodes, wait_for
from tests.vptr_policy.server.running import Restartable

HELD_S = 1.5
"""The client's second without an answer, and what a loaded machine adds."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Restartable]:
    started = Restartable(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def robot(master: Master) -> Iterator[FakeRobot]:
    robot = FakeRobot()
    yield robot
    robot.close()


def _ended(robot: FakeRobot, since_s: float) -> str:
    """The reason of an episode that must end in a fault, after which no command comes."""
    result = robot.result()
    assert result.fault and time.monotonic() - since_s < HELD_S
    commands = len(robot.commands)
    time.sleep(0.5)
    assert len(robot.commands) == commands, "it went on commanding"
    return str(result.reason)


@pytest.mark.timeout(120)
def test_the_policy_node_stops_commanding_when_its_server_is_lost(
    nodes: Nodes, server: Restartable, robot: FakeRobot
) -> None:
    nodes.start("policy_node", policy=server.url)
    robot.start(limit_s=1.0)
    result = robot.result()
    assert (result.reason, result.steps, result.checkpoint) == ("time_limit", 5, "sha256 of a test")
    robot.start()
    robot.acting()
    server.kill()
    assert "the connection to the policy at http://127.0.0.1" in _ended(robot, time.monotonic())
    robot.start()
    assert "no policy server at http://127.0.0.1" in robot.result().reason
    server.start()
    robot.start(limit_s=1.0)
    assert robot.result().reason == "time_limit"
    robot.start(task="hanging_one")
    assert "gave no answer within 1 s" in _ended(robot, time.monotonic() + 0.5)
    robot.start(task="juggle")
    assert "Known: knife_in_pot" in robot.result().reason


def _trials(settings: Any) -> Any:
    store = Store(settings["session_dir"] / "session.sqlite", read_only=True)
    trials = store.trials()
    store.close()
    return trials


@pytest.mark.timeout(150)
def test_a_trial_whose_server_dies_is_aborted_and_repeated(
    private_master: Master, tmp_path: Path, server: Restartable
) -> None:
    protocol = tmp_path / "short.yaml"
    protocol.write_text(share_path(PROTOCOL).read_text().replace("time_limit_s: 60.0", "time_limit_s: 4.0"))
    settings = {
        "task": "knife_in_pot",
        "protocol": protocol,
        "policy": server.url,
        "speed": 2.0,
        "session_dir": tmp_path / "session",
        "operator": "test",
    }
    private_master.use_sim_time()
    nodes = Nodes(private_master, tmp_path)
    try:
        nodes.start("bridge_node", name_="bridge", robot="sim", speed=2.0)
        nodes.start("camera_node", name_="camera", **SMALL_CAMERA)
        nodes.start("policy_node", name_="policy", policy=server.url)
        session = nodes.start("session_node", name_="session", **settings)
        wait_for(
            lambda: re.search("success|failure", session.output()), 60.0, lambda: "a verdict:\n" + session.output()
        )
        wait_for(lambda: "running" in {row.state for row in _trials(settings)}, 10.0, "the next trial")
        time.sleep(2.0)
        server.kill()
        wait_for(
            lambda: "aborted, will be repeated" in session.output(), 10.0, lambda: "the abort:\n" + session.output()
        )
        server.start()

        def repeated() -> bool:
            return any(row.attempt > 1 and row.state == "committed" for row in _trials(settings))

        wait_for(repeated, 40.0, lambda: "the repetition:\n" + session.output())
        lost = [row for row in _trials(settings) if row.state == "aborted"]
        assert lost and all(_is_told(row) for row in lost), lost
    finally:
        nodes.kill_all()


def _is_told(row: TrialRow) -> bool:
    return "the connection to the policy at" in row.reason or "no policy server at" in row.reason
