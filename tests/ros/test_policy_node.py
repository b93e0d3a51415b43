"""The policy node as a real process."""

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator

import actionlib
import numpy as np
import pytest
import rospy
import torch
from actionlib_msgs.msg import GoalID, GoalStatus
from conftest import Node
from fake_robot import FakeRobot, wait_until
from std_msgs.msg import String
from vptr_widowx.msg import RunEpisodeAction, RunEpisodeGoal
from vptr_widowx.srv import SelectPolicy

from eval_protocol.provenance import checkpoint_hash
from vptr_policy.card import Card
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.networks.actor import Actor, NetworkConfig

TASKS = ("knife_in_pot", "cucumber_in_bowl")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=len(TASKS)))
    folder = tmp_path_factory.mktemp("policy") / "checkpoint"
    save_checkpoint(folder, actor, Card({"name": "bc"}, actor.config, TASKS))
    return folder


def test_keeps_five_hertz_of_simulated_time(nodes: Any, checkpoint: Path) -> None:
    rospy.set_param("/use_sim_time", True)
    robot = FakeRobot(speed=0.5)
    try:
        node = nodes.start("policy_node", policy=checkpoint)
        robot.start(limit_s=4.0)
        result = robot.result()
        assert (result.reason, result.steps) == ("time_limit", 20)
        assert result.rate_hz == pytest.approx(5.0, rel=0.02)
        robot.feedback.clear()
        robot.start()
        robot.acting()
        robot.close()  # the clock stands still, as when the bridge dies
        assert wait_until(lambda: "the episode ended after" in node.output().split("running knife_in_pot")[-1], 8.0)
        assert "no state for" in node.output()
    finally:
        robot.close()
        rospy.delete_param("/use_sim_time")


def test_says_what_is_wrong_with_its_checkpoint(nodes: Any, tmp_path: Path) -> None:
    node = nodes.start("policy_node", policy=tmp_path / "nothing")
    assert wait_until(lambda: node.process.poll() is not None, 60.0)
    assert node.process.returncode == 1
    assert "no checkpoint at" in node.output() and "Traceback" not in node.output()


def test_says_in_one_line_what_is_wrong_with_a_card(nodes: Any, checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(str(checkpoint), str(folder))
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "files": []}))
    node = nodes.start("policy_node", policy=folder)
    assert wait_until(lambda: node.process.poll() is not None, 60.0)
    assert node.process.returncode == 1
    fatal = [line for line in node.output().splitlines() if "FATAL" in line]
    assert len(fatal) == 1 and "files is [], expected an object" in fatal[0]
    assert "Traceback" not in node.output()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_its_shutdown_is_clean_and_not_called_a_cancellation(nodes: Any, checkpoint: Path, sig: signal.Signals) -> None:
    with closing(FakeRobot()) as robot:
        node = nodes.start("policy_node", policy=checkpoint, actionlib_status_frequency=1000)  # busy while topics close
        robot.start()
        robot.acting()
        began = time.monotonic()
        node.kill(sig)
        assert time.monotonic() - began < 10.0  # 1 s on an idle machine
        result = robot.result()
        assert (result.reason, result.fault) == ("the policy node was shut down", True)
        assert robot.client.get_state() == GoalStatus.ABORTED
    assert "Traceback" not in node.output()


def test_a_dead_master_ends_the_episode(private_master: Any, checkpoint: Path, tmp_path: Path) -> None:
    node = Node(private_master, tmp_path, "policy_node", f"_policy:={checkpoint}")
    script = Path(__file__).with_name("fake_robot.py")
    robot = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=private_master.environment)
    assert robot.stdout is not None
    try:
        for _ in range(5):
            robot.stdout.readline()
        private_master.kill()
        died_s = time.time()
        assert wait_until(lambda: "the ROS master does not answer: start the launch again" in node.output(), 5.0)
        time.sleep(0.5)
    finally:
        robot.kill()
        node.kill()
        commands_s = [float(line) for line in robot.stdout]
        robot.stdout.close()
        robot.wait()
    assert all(command_s - died_s < 0.5 for command_s in commands_s), "it went on commanding"


@pytest.fixture(scope="module")
def policy_node(master: Any, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One node for the tests below: loading torch takes seconds. It has the name of the nodes of the tests above."""
    node = Node(master, tmp_path_factory.mktemp("log"), "policy_node", f"_policy:={checkpoint}")
    yield
    node.kill()


@pytest.fixture
def robot(policy_node: None) -> Iterator[FakeRobot]:
    with closing(FakeRobot()) as robot:
        yield robot
        if robot.client.get_state() in (GoalStatus.PENDING, GoalStatus.ACTIVE):
            robot.client.cancel_goal()
            robot.result()


def test_acts_at_five_hertz_until_the_time_limit(robot: FakeRobot, checkpoint: Path) -> None:
    robot.start(limit_s=3.0)
    result = robot.result()
    assert (result.reason, result.fault) == ("time_limit", False)
    assert result.checkpoint == checkpoint_hash(checkpoint)
    assert robot.client.get_state() == GoalStatus.SUCCEEDED
    assert result.steps == 15 and len(robot.commands) == 15
    assert result.rate_hz == pytest.approx(5.0, rel=0.02)
    steps = np.diff(robot.received_s)
    assert np.median(steps) == pytest.approx(0.2, abs=0.01)
    assert sum(steps) == pytest.approx(14 * 0.2, abs=0.1), "the rhythm drifts"
    sequences = [command.sequence for command in robot.commands]
    assert sequences == list(range(sequences[0], sequences[0] + 15))
    ages_s = [(command.header.stamp - command.observation_stamp).to_sec() for command in robot.commands]
    assert min(ages_s) >= 0.03 and np.median(ages_s) < 0.15 and max(ages_s) < 0.5
    assert all(command.duration_s == pytest.approx(0.2) for command in robot.commands)
    stamps = [command.observation_stamp for command in robot.commands]
    assert len(set(stamps)) == len(stamps), "a picture was acted on twice"
    told = [feedback.step for feedback in robot.feedback]  # the first may come before the client knows its goal
    assert told == list(range(told[0], 15)) and told[0] <= 1
    assert 0.0 < result.latency_p50_s < 0.15
    last, command = robot.feedback[-1], robot.commands[-1]
    assert last.action[0] == pytest.approx(command.twist.linear.x * 0.2)


def test_preempts_at_once_and_runs_again(robot: FakeRobot) -> None:
    robot.start()
    robot.acting()
    robot.client.cancel_goal()
    began = time.monotonic()
    result = robot.result()
    assert (result.reason, result.fault) == ("preempted", False)
    assert time.monotonic() - began < 0.3
    count = len(robot.commands)
    time.sleep(0.4)
    assert len(robot.commands) == count
    robot.start(limit_s=0.6)
    assert robot.result().steps == 3


def test_another_checkpoint_acts_once_it_is_selected(robot: FakeRobot, checkpoint: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    actor = Actor(NetworkConfig(tasks=len(TASKS)))
    save_checkpoint(tmp_path / "other", actor, Card({"name": "bc"}, actor.config, TASKS))
    select = rospy.ServiceProxy("/policy/select", SelectPolicy)
    select.wait_for_service(30.0)
    hashes = {folder: checkpoint_hash(folder) for folder in (checkpoint, tmp_path / "other")}
    answer = select(str(tmp_path / "other"))
    assert (answer.success, answer.checkpoint) == (True, hashes[tmp_path / "other"])
    robot.start()
    robot.acting()
    assert "an episode is running" in select("").message
    robot.client.cancel_goal()
    assert robot.result().checkpoint == hashes[tmp_path / "other"]
    missing = select(str(tmp_path / "none"))
    assert not missing.success and "no checkpoint at" in missing.message
    assert select("").checkpoint == hashes[checkpoint] != hashes[tmp_path / "other"]
    robot.start(limit_s=0.4)
    assert robot.result().checkpoint == hashes[checkpoint]


def test_an_empty_cancel_of_somebody_else_is_a_cancellation_too(robot: FakeRobot) -> None:
    cancel = rospy.Publisher("/policy/run_episode/cancel", GoalID, queue_size=1)
    assert wait_until(lambda: cancel.get_num_connections() > 0, 10.0)
    robot.start()
    robot.acting()
    cancel.publish(GoalID())
    result = robot.result()
    assert (result.reason, result.fault) == ("preempted", False)
    cancel.unregister()


def test_a_second_client_is_a_fault_for_the_first(robot: FakeRobot) -> None:
    robot.start()
    robot.acting()
    other = actionlib.SimpleActionClient("/policy/run_episode", RunEpisodeAction)
    assert other.wait_for_server(rospy.Duration(10))
    other.send_goal(RunEpisodeGoal(task="knife_in_pot", time_limit_s=60.0, episode_id="e2"))
    result = robot.result()
    assert (result.reason, result.fault) == ("replaced by another goal: two clients?", True)
    assert robot.client.get_state() == GoalStatus.ABORTED
    robot.acting()
    other.cancel_goal()
    assert other.wait_for_result(rospy.Duration(5)) and other.get_result().reason == "preempted"


def _fault(robot: FakeRobot, count: int = 1) -> str:
    result = robot.result()
    assert result.fault and robot.client.get_state() == GoalStatus.ABORTED
    sent = len(robot.commands)
    time.sleep(0.45)
    assert len(robot.commands) == sent, "it commands after a fault"
    return str(result.reason)


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("picture_shift_s", -0.6, "the picture is 0.6"),
        ("picture_shift_s", 0.3, "in the future"),
        ("state_shift_s", -0.6, "the state is 0."),
        ("state_shift_s", 0.4, "the state is stamped"),
        ("armed", False, "not armed"),
        ("stopped", True, "stopped"),
        ("mode", "FAULT", "FAULT"),
        ("mode", "MOVING", "move of its own"),
    ],
)
def test_refuses_to_begin(robot: FakeRobot, attribute: str, value: Any, reason: str) -> None:
    setattr(robot, attribute, value)
    robot.start()
    assert reason in _fault(robot)
    assert robot.commands == []


def test_names_the_nearest_task(robot: FakeRobot) -> None:
    robot.start(task="knife_in_pan")
    assert "Did you mean 'knife_in_pot'?" in _fault(robot)


def test_stops_within_half_a_second_of_the_last_picture(robot: FakeRobot) -> None:
    robot.start()
    robot.acting()
    robot.pictures = False
    died = robot.now()
    assert "picture" in _fault(robot)
    answered = [command.observation_stamp.to_sec() for command in robot.commands]
    assert np.diff(answered).min() > 0.0, "an old picture was acted on again"
    assert robot.received_s[-1] - died < 0.25


def test_notices_a_frozen_camera_only_when_the_arm_moves(robot: FakeRobot) -> None:
    robot.start()
    robot.new_pixels = False
    time.sleep(1.6)
    robot.acting()  # a still picture of a still arm is no fault
    robot.position = robot.position + [0.03, 0.0, 0.0]
    assert "the picture is frozen" in _fault(robot)


def test_notices_a_frozen_state(robot: FakeRobot) -> None:
    robot.start()
    robot.acting()
    robot.new_states = False
    assert "the state is frozen" in _fault(robot)


def test_stops_when_the_bridge_refuses_or_dies(robot: FakeRobot) -> None:
    robot.start()
    robot.acting()
    robot.accepts = False
    assert "refused 3 commands in a row: twist not finite" in _fault(robot)
    robot.accepts = True
    robot.start()
    robot.acting()
    robot.states = False
    assert "state" in _fault(robot)


@pytest.fixture
def beat(robot: FakeRobot) -> Iterator[rospy.Publisher]:
    """The client's keepalive, of an episode that runs and is past the time in which the first one may be late."""
    publisher = rospy.Publisher("/policy/keepalive", String, queue_size=1)
    assert wait_until(lambda: publisher.get_num_connections() > 0, 10.0)
    robot.start(keepalive=True)
    for _ in range(20):
        publisher.publish("e1")
        time.sleep(0.05)
    yield publisher
    publisher.unregister()


@pytest.mark.usefixtures("beat")
def test_a_client_that_dies_ends_its_episode(robot: FakeRobot) -> None:
    assert robot.client.get_state() == GoalStatus.ACTIVE
    died = robot.now()
    assert "keepalive" in _fault(robot)
    assert robot.received_s[-1] - died < 0.25, "a command goes on for 0.2 s, and then the arm stands still"


def _into_doubt(robot: FakeRobot, beat: rospy.Publisher) -> float:
    """Beat for the last time when a command came: when the next is due, 0.2 s later, that is in doubt. When it came.

    The node decides a little before a command is heard: that may take 0.04 s on a busy machine, and another 0.07 s are
    left before the client counts as dead.
    """
    count = len(robot.received_s)
    while len(robot.received_s) == count:
        beat.publish("e1")
        time.sleep(0.005)
    return robot.received_s[count]


def _is_heard_late(robot: FakeRobot, beat: rospy.Publisher) -> None:
    came = _into_doubt(robot, beat)
    time.sleep(max(came + 0.225 - robot.now(), 0.0))
    assert robot.received_s[-1] == came, "in doubt nothing new is commanded"
    beat.publish("e1")
    assert wait_until(lambda: robot.received_s[-1] > came, 1.0)


def test_a_client_that_is_heard_late_loses_no_episode(robot: FakeRobot, beat: rospy.Publisher) -> None:
    for _ in range(4):
        _is_heard_late(robot, beat)
    assert robot.client.get_state() == GoalStatus.ACTIVE


@pytest.mark.parametrize("how", ["cancelled", "stopped"])
def test_what_ends_an_episode_in_doubt_lets_nothing_more_be_commanded(
    robot: FakeRobot, beat: rospy.Publisher, how: str
) -> None:
    came = _into_doubt(robot, beat)
    time.sleep(max(came + 0.205 - robot.now(), 0.0))
    if how == "cancelled":
        robot.client.cancel_goal()
    else:
        robot.stopped = True
        time.sleep(0.03)
        beat.publish("e1")
    assert robot.result(5.0).reason.startswith("preempted" if how == "cancelled" else "stopped")
    assert robot.received_s[-1] == came
