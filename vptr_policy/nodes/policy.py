"""The policy node: runs episodes of a checkpoint's policy on request. Action server: /policy/run_episode.

Parameters: ~policy (checkpoint folder, required), ~compressed (subscribe to JPEG pictures), ~max_age_s, ~future_s,
~frozen_s, ~frozen_m (vptr_policy.freshness).
"""

import contextlib
import socket
import sys
import threading
import time
import xmlrpc.client
from dataclasses import fields
from typing import Any, Optional

import actionlib
import rosgraph
import rospy
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from vptr_widowx.msg import RunEpisodeAction, RunEpisodeFeedback, RunEpisodeResult

from vptr_policy.checkpoint import CheckpointError
from vptr_policy.freshness import FreshnessLimits
from vptr_policy.nodes.keepalive import Keepalive
from vptr_policy.nodes.ros_pace import RosPace
from vptr_policy.nodes.topic_environment import TopicEnvironment
from vptr_policy.policy import BCPolicy, load_policy
from vptr_policy.runtime import EpisodeResult, Runtime, Step, Unready

ACTION = "/policy/run_episode"
MASTER_PERIOD_S = 0.1
DIAGNOSTICS_PERIOD_S = 1.0


class RobotEnvironment(TopicEnvironment):
    """The topics of a robot whose ROS master is watched too."""

    master_answers = True

    def finished(self) -> Optional[str]:
        """None; raises Unready when the bridge cannot act or the master is gone."""
        if not self.master_answers:
            raise Unready("the ROS master does not answer: start the launch again")
        return super().finished()


class PolicyNode:
    """Serves /policy/run_episode, one episode at a time; a new goal preempts the one that runs."""

    def __init__(self, policy: BCPolicy, limits: FreshnessLimits, compressed: bool) -> None:
        self._policy = policy
        self._stop = threading.Event()
        self._environment = RobotEnvironment(limits, compressed)
        self._keepalive = Keepalive()
        self._runtime = Runtime(self._environment, policy, RosPace(self._stop), [self])
        self._status = (DiagnosticStatus.OK, "idle")
        self._result: Optional[EpisodeResult] = None
        self._diagnostics = rospy.Publisher("/diagnostics", DiagnosticArray, queue_size=5)
        self._server = actionlib.SimpleActionServer(ACTION, RunEpisodeAction, self._execute, auto_start=False)
        self._server.register_preempt_callback(self._stop.set)
        rospy.on_shutdown(self._stop.set)
        self._server.start()

    def run(self) -> None:
        """Publish diagnostics and watch the master until shutdown; raises RuntimeError when the master forgot us."""
        master = rosgraph.Master(rospy.get_name())
        due_s = time.monotonic()
        while not rospy.is_shutdown():
            self._ask(master)
            if time.monotonic() >= due_s:
                due_s += DIAGNOSTICS_PERIOD_S
                self._diagnose()
            time.sleep(MASTER_PERIOD_S)

    def on_start(self, task: str) -> None:
        """Log the start of an episode."""
        self._status = (DiagnosticStatus.OK, f"running {task}")
        rospy.loginfo("policy: %s", self._status[1])

    def on_step(self, step: Step) -> None:
        """Send the feedback of a step."""
        self._server.publish_feedback(
            RunEpisodeFeedback(
                step=step.index,
                elapsed_s=step.elapsed_s,
                latency_s=step.latency_s,
                value=step.action.info.get("value", float("nan")),
                action=step.action.vector.tolist(),
            )
        )

    def on_end(self, result: EpisodeResult) -> None:
        """Log the end of an episode."""
        self._result = result
        self._status = (DiagnosticStatus.WARN if result.fault else DiagnosticStatus.OK, f"idle after {result.reason}")
        log = rospy.logwarn if result.fault else rospy.loginfo
        log("policy: the episode ended after %d steps: %s", result.steps, result.reason)

    def _execute(self, goal: Any) -> None:
        self._stop.clear()
        if self._server.is_preempt_requested() or rospy.is_shutdown():
            self._stop.set()
        self._environment.begin()
        try:
            with contextlib.ExitStack() as stack:
                watch = (
                    stack.enter_context(self._keepalive.watch(goal.episode_id, self._stop)) if goal.keepalive else None
                )
                result = self._runtime.run(goal.task, goal.time_limit_s, self._stop)
        except ValueError as error:
            self._server.set_aborted(RunEpisodeResult(reason=str(error), fault=True), str(error))
            return
        reason, fault = result.reason, result.fault
        if reason == "preempted" and watch is not None and watch.lost:
            reason, fault = "the client's keepalive fell silent: it has died or hangs", True
            rospy.logwarn("policy: %s", reason)
        self._answer(result, reason, fault)

    def _answer(self, result: EpisodeResult, reason: str, fault: bool) -> None:
        message = RunEpisodeResult(
            reason=reason,
            fault=fault,
            steps=result.steps,
            duration_s=result.duration_s,
            latency_p50_s=result.latency_quantile(0.5),
            latency_p99_s=result.latency_quantile(0.99),
            rate_hz=result.rate_hz,
        )
        if fault:
            self._server.set_aborted(message, reason)
        elif reason == "preempted":
            self._server.set_preempted(message, reason)
        else:
            self._server.set_succeeded(message, reason)

    def _ask(self, master: rosgraph.Master) -> None:
        try:
            master.lookupNode(rospy.get_name())
            self._environment.master_answers = True
        except (OSError, socket.timeout, xmlrpc.client.Error):
            if self._environment.master_answers:
                rospy.logerr("policy: the ROS master does not answer")
            self._environment.master_answers = False
        except rosgraph.MasterError as error:
            self._stop.set()
            raise RuntimeError("the ROS master was restarted and does not know this node; start it again") from error

    def _diagnose(self) -> None:
        values = {"policy_tasks": ", ".join(self._policy.tasks)}
        if self._result is not None:
            values["steps"] = str(self._result.steps)
            values["latency_p50_s"] = f"{self._result.latency_quantile(0.5):.4f}"
            values["latency_p99_s"] = f"{self._result.latency_quantile(0.99):.4f}"
            values["rate_hz"] = f"{self._result.rate_hz:.3f}"
        level, text = self._status
        pairs = [KeyValue(key, value) for key, value in values.items()]
        array = DiagnosticArray(status=[DiagnosticStatus(level, rospy.get_name() + ": policy", text, "", pairs)])
        array.header.stamp = rospy.Time.now()
        self._diagnostics.publish(array)


def main() -> None:
    """Run the node; exits with status 1 and one line of reason when it cannot work."""
    rospy.init_node("policy")
    torch.set_num_threads(1)  # the network is small: more threads only make the latency vary
    try:
        names = [entry.name for entry in fields(FreshnessLimits)]
        given = {name: float(rospy.get_param("~" + name)) for name in names if rospy.has_param("~" + name)}
        policy = load_policy(_required("~policy"))
        rospy.loginfo("policy: %s", ", ".join(policy.tasks))
        PolicyNode(policy, FreshnessLimits(**given), bool(rospy.get_param("~compressed", False))).run()
    except (CheckpointError, RuntimeError, TypeError, ValueError) as error:
        rospy.logfatal("policy: %s", error)
        sys.exit(1)


def _required(name: str) -> str:
    value = str(rospy.get_param(name, ""))
    if not value:
        raise ValueError(f"the parameter {name} is not set: give the folder of a checkpoint")
    return value
