"""The bridge node on a real master with the simulated arm: arming, commands, stops, silence, moves."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import numpy as np
import pytest
import rospy
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand
from vptr_widowx.srv import MoveToPose, ResetScene, SetSpeed, TaskStatus

from robot_bridge.sim.scene import sample_scene
from tests.ros.conftest import Master, Node, Nodes, wait_for


class Operator:
    """This process as the bridge's client: the latest messages, commands and services."""

    def __init__(self) -> None:
        self.states: List[EndEffectorState] = []
        self.executed: List[ExecutedCommand] = []
        self.clock_s = 0.0
        self.sequence = 0
        self._subscribers = [
            rospy.Subscriber("/widowx/state", EndEffectorState, self.states.append, queue_size=100),
            rospy.Subscriber("/widowx/executed", ExecutedCommand, self.executed.append, queue_size=100),
            rospy.Subscriber("/clock", Clock, self._tick, queue_size=1, tcp_nodelay=True),
        ]
        self.publisher = rospy.Publisher("/widowx/command", EndEffectorCommand, queue_size=10, tcp_nodelay=True)

    def _tick(self, message: Clock) -> None:
        self.clock_s = message.clock.to_sec()

    @property
    def state(self) -> EndEffectorState:
        return self.states[-1]

    def call(self, name: str, timeout_s: float = 10.0):
        rospy.wait_for_service(name, timeout_s)
        return rospy.ServiceProxy(name, Trigger)()

    def command(self, linear: List[float], gripper: float = 1.0, **fields: float) -> int:
        self.sequence += 1
        message = EndEffectorCommand(sequence=self.sequence, gripper=gripper, duration_s=0.2)
        message.header.stamp = rospy.Time.from_sec(self.clock_s + fields.get("ahead_s", 0.0))
        message.twist.linear.x, message.twist.linear.y, message.twist.linear.z = linear
        self.publisher.publish(message)
        return self.sequence

    def report(self, sequence: int) -> ExecutedCommand:
        def found() -> List[ExecutedCommand]:
            return [message for message in self.executed if message.sequence == sequence]

        return wait_for(found, 5.0, f"the report of command {sequence}")[0]

    def close(self) -> None:
        for subscriber in self._subscribers:
            subscriber.unregister()
        self.publisher.unregister()


@pytest.fixture
def bridge(nodes: Nodes) -> Node:
    rospy.set_param("/use_sim_time", False)
    return nodes.start("bridge_node", robot="sim")


@pytest.fixture
def client(bridge: Node) -> Iterator[Operator]:
    with operating(bridge) as operator:
        yield operator


@contextmanager
def operating(bridge: Node) -> Iterator[Operator]:
    """An operator who hears the bridge and its clock (a command's stamp), and is heard."""
    started = Operator()

    def connected() -> bool:
        return bool(started.states and started.clock_s and started.publisher.get_num_connections())

    try:
        wait_for(connected, 20.0, "the bridge: " + bridge.output())
        yield started
    finally:
        started.close()


def test_it_starts_disarmed_and_refuses_commands_with_the_reason(client: Operator) -> None:
    assert not client.state.armed and client.state.mode == "IDLE"
    report = client.report(client.command([0.1, 0.0, 0.0]))
    assert not report.accepted
    assert "arm" in report.reason
    assert list(report.executed[:6]) == [0.0] * 6


@pytest.fixture(scope="class")
def lasting_bridge(master: Master, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    rospy.set_param("/use_sim_time", False)
    node = Node(master, tmp_path_factory.mktemp("bridge"), "bridge_node", "_robot:=sim")
    yield node
    node.kill()


@pytest.fixture(scope="class")
def lasting_operator(lasting_bridge: Node) -> Iterator[Operator]:
    """Connected once: a master tells of a publisher that went and one that came in any order."""
    with operating(lasting_bridge) as operator:
        yield operator


class TestBridgeThatGoesOn:
    """One bridge and operator for all tests of this class; each begins with a new scene, disarmed, and no stop."""

    @pytest.fixture
    def client(self, lasting_operator: Operator) -> Operator:
        client = lasting_operator
        client.call("/widowx/resume")
        rospy.ServiceProxy("/sim/set_speed", SetSpeed)(1.0)
        answer = rospy.ServiceProxy("/sim/reset", ResetScene)(sample_scene("knife_in_pot", 5).to_json())
        assert answer.success, answer.message
        wait_for(lambda: not (client.state.armed or client.state.stopped), 2.0, "the bridge of a new scene")
        return client

    def test_an_armed_bridge_makes_exactly_the_action_then_holds_then_idles(self, client: Operator) -> None:
        assert client.call("/widowx/arm").success
        before = np.array(client.state.bridge_state)
        report = client.report(client.command([0.1, -0.05, 0.05]))
        assert report.accepted and not report.limits
        np.testing.assert_allclose(report.executed[:6], [0.02, -0.01, 0.01, 0, 0, 0], atol=1e-6)
        wait_for(lambda: client.state.mode == "HOLD", 2.0, "HOLD after silence")
        assert "no command" in client.state.reason
        moved = np.array(client.state.bridge_state) - before
        np.testing.assert_allclose(moved[:3], [0.02, -0.01, 0.01], atol=0.005)
        wait_for(lambda: client.state.mode == "IDLE", 4.0, "IDLE after two seconds of silence")
        assert client.state.armed

    def test_bad_commands_are_refused_and_nothing_moves(self, client: Operator) -> None:
        client.call("/widowx/arm")
        before = np.array(client.state.joint_positions)
        for linear, fields, word in (
            ([float("nan"), 0.0, 0.0], {}, "finite"),
            ([0.1, 0.0, 0.0], {"ahead_s": -1.0}, "stale"),
            ([0.1, 0.0, 0.0], {"ahead_s": 1.0}, "future"),
            ([50.0, 0.0, 0.0], {}, "jump"),
        ):
            report = client.report(client.command(linear, **fields))
            assert not report.accepted and word in report.reason
        np.testing.assert_allclose(client.state.joint_positions, before, atol=2e-3)

    def test_a_stop_latches_until_resumed(self, client: Operator) -> None:
        client.call("/widowx/arm")
        assert client.report(client.command([0.1, 0.0, 0.0])).accepted
        client.call("/widowx/stop")
        wait_for(lambda: client.state.stopped, 0.5, "the stop")
        report = client.report(client.command([0.1, 0.0, 0.0]))
        assert not report.accepted and "resume" in report.reason
        refused = client.call("/widowx/arm")
        assert not refused.success and "/widowx/resume" in refused.message
        assert client.call("/widowx/resume").success
        wait_for(lambda: not client.state.stopped, 0.5, "the end of the stop")
        assert client.report(client.command([0.1, 0.0, 0.0])).accepted

    def test_move_to_pose_arrives_or_says_why_not(self, client: Operator) -> None:
        move = rospy.ServiceProxy("/widowx/move_to_pose", MoveToPose)
        assert not move([0.25, 0.05, 0.15, 0, 0, 0], 1.0, 0.0).success
        client.call("/widowx/arm")
        answer = move([0.25, 0.05, 0.15, 0, 0, 0.2], 0.5, 0.0)
        assert answer.success, answer.message
        np.testing.assert_allclose(client.state.bridge_state[:3], [0.25, 0.05, 0.15], atol=0.01)
        answer = move([2.0, 0.05, 0.15, 0, 0, 0], 0.5, 0.0)
        assert not answer.success and "workspace" in answer.message
        assert not move([float("nan")] * 6, 0.5, 0.0).success

    def test_a_stop_interrupts_a_move(self, client: Operator) -> None:
        client.call("/widowx/arm")
        answers: List[object] = []
        move = rospy.ServiceProxy("/widowx/move_to_pose", MoveToPose)
        thread = threading.Thread(target=lambda: answers.append(move([0.3, -0.1, 0.2, 0, 0, 0], 1.0, 4.0)))
        thread.start()
        wait_for(lambda: client.state.mode == "MOVING", 2.0, "the move")
        client.call("/widowx/stop")
        thread.join(3.0)
        assert answers and not answers[0].success and "stop" in answers[0].message
        joints = np.array(client.state.joint_positions)
        time.sleep(0.5)
        np.testing.assert_allclose(client.state.joint_positions, joints, atol=0.02)

    def test_scene_speed_and_status_services(self, client: Operator) -> None:
        client.call("/widowx/arm")
        reset = rospy.ServiceProxy("/sim/reset", ResetScene)
        assert not reset("{}").success
        assert reset(sample_scene("knife_in_pot", 3).to_json()).success
        wait_for(lambda: not client.state.armed, 1.0, "the disarmed bridge of the new scene")
        assert not rospy.ServiceProxy("/sim/status", TaskStatus)().success
        speed = rospy.ServiceProxy("/sim/set_speed", SetSpeed)
        assert not speed(-1.0).success
        assert speed(2.0).success
        simulated, wall = client.clock_s, time.monotonic()
        time.sleep(2.0)
        ratio = (client.clock_s - simulated) / (time.monotonic() - wall)
        assert 1.5 < ratio < 2.2

    def test_a_stop_stays_latched_over_a_new_scene_whose_status_names_it(self, client: Operator) -> None:
        client.call("/widowx/arm")
        client.call("/widowx/stop")
        answer = rospy.ServiceProxy("/sim/reset", ResetScene)(sample_scene("knife_in_pot", 4).to_json())
        assert answer.success and answer.scene_id
        wait_for(lambda: not client.state.armed, 1.0, "the disarmed bridge of the new scene")
        assert client.state.stopped
        report = client.report(client.command([0.1, 0.0, 0.0]))
        assert not report.accepted and "resume" in report.reason
        status = rospy.ServiceProxy("/sim/status", TaskStatus)()
        assert status.scene_id == answer.scene_id
        assert (status.success, status.held_s, status.since.to_sec()) == (False, 0.0, 0.0)
        assert client.call("/widowx/resume").success
        assert client.report(client.command([0.1, 0.0, 0.0])).accepted


def test_a_bridge_started_again_is_disarmed_and_its_clock_goes_on(nodes: Nodes, bridge, client: Operator) -> None:
    assert client.call("/widowx/arm").success
    wait_for(lambda: client.state.armed, 2.0, "an armed bridge")
    clock_s = client.clock_s
    bridge.kill()
    nodes.start("bridge_node", robot="sim")
    wait_for(lambda: client.clock_s > clock_s + 1000.0, 20.0, "the clock of the second bridge")
    wait_for(lambda: not client.state.armed, 5.0, "a disarmed bridge")


def test_physics_that_diverge_end_the_node_with_a_line_and_a_new_one_starts_disarmed(nodes: Nodes) -> None:
    rospy.set_param("/use_sim_time", False)
    bridge = nodes.start(Path(__file__).with_name("broken_world.py"), name_="bridge")
    with operating(bridge) as client:
        client.call("/widowx/arm")
        report = client.report(client.command([0.1, 0.0, 0.0]))
        assert report.accepted, report.reason
        bridge.process.send_signal(signal.SIGUSR1)
        assert bridge.process.wait(timeout=20) == 1
        told = bridge.output()
        assert "bridge: the physics of the scene" in told and "diverged at" in told and "Traceback" not in told
        before_s, seen = client.clock_s, len(client.states)
        nodes.start("bridge_node", name_="bridge", robot="sim")
        wait_for(lambda: len(client.states) > seen and client.clock_s > before_s + 1000.0, 20.0, "the next bridge")
        assert not client.state.armed


def test_missing_interbotix_and_bad_parameters_end_the_node_at_once(nodes: Nodes) -> None:
    node = nodes.start("bridge_node", robot="interbotix", name_="bridge_real")
    _, status, usage = os.wait4(node.process.pid, 0)
    node.process.returncode = os.WEXITSTATUS(status)
    assert node.process.returncode == 1
    assert usage.ru_utime + usage.ru_stime < 2.0  # of computation: the wall clock is others' too
    assert "interbotix_xs_modules" in node.output() and "Traceback" not in node.output()
    node = nodes.start("bridge_node", robot="toaster", name_="bridge_toaster")
    assert node.process.wait(timeout=30) == 1
    assert "expected sim or interbotix" in node.output() and "Traceback" not in node.output()
