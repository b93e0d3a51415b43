"""The policy node: runs episodes of a checkpoint's policy on request. Action server: /policy/run_episode.

/policy/select loads other checkpoints: an evaluation of several policies asks for one before each trial.

Parameters: ~policy (checkpoint folder, run, or address of a policy server; required), ~compressed (subscribe to JPEG
pictures), ~max_age_s, ~future_s, ~frozen_s, ~frozen_m (vptr_policy.freshness).
"""

import contextlib
import sys
import threading
import time
from dataclasses import fields, replace
from typing import Any, Dict, Optional

import actionlib
import rospy
import torch
from actionlib_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from vptr_widowx.msg import RunEpisodeAction, RunEpisodeFeedback, RunEpisodeResult
from vptr_widowx.srv import SelectPolicy, SelectPolicyResponse

from vptr_policy.checkpoint_folder import CheckpointError
from vptr_policy.freshness import FreshnessLimits
from vptr_policy.nodes.keepalive import SILENT, Keepalive
from vptr_policy.nodes.master import Master, MasterState
from vptr_policy.nodes.ros_pace import RosPace
from vptr_policy.nodes.topic_environment import TopicEnvironment
from vptr_policy.runtime import STOPPED, EpisodeResult, PolicyLost, Runtime, Step, Unready
from vptr_policy.source import OpenedPolicy, open_policy

ACTION = "/policy/run_episode"
CANCELLED = "preempted"
REPLACED = "replaced by another goal: two clients?"
SHUT_DOWN = "the policy node was shut down"
FORGOTTEN = "the ROS master was restarted and does not know this node; start it again"
FAREWELL_S = 2.0
"""How long a shutdown waits for the running episode to tell its client."""
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

    def __init__(self, policy: OpenedPolicy, limits: FreshnessLimits, compressed: bool) -> None:
        self._policies: Dict[str, OpenedPolicy] = {"": policy}
        self._choosing = threading.Lock()
        self._stop = threading.Event()
        self._ended_by: Optional[str] = None
        self._leaving: Optional[str] = None
        self._ending = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._keepalive = Keepalive()
        self._environment = RobotEnvironment(limits, compressed, self._confirm)
        self._choose(policy)
        self._status = (DiagnosticStatus.OK, "idle")
        self._result: Optional[EpisodeResult] = None
        self._diagnostics = rospy.Publisher("/diagnostics", DiagnosticArray, queue_size=5)
        self._server = actionlib.SimpleActionServer(ACTION, RunEpisodeAction, self._execute, auto_start=False)
        self._server.register_preempt_callback(self._on_preempt)
        rospy.on_shutdown(self._on_shutdown)
        self._server.start()
        rospy.Service("/policy/select", SelectPolicy, self._select)

    def run(self) -> None:
        """Publish diagnostics and watch the master until shutdown; raises RuntimeError when the master forgot us."""
        master = Master()
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
        """Log the end of an episode; what stopped it from elsewhere is known here only."""
        if result.reason == STOPPED:
            reason = self._ended_by or SHUT_DOWN
            result = replace(result, reason=reason, fault=reason != CANCELLED)
        self._result = result
        self._status = (DiagnosticStatus.WARN if result.fault else DiagnosticStatus.OK, f"idle after {result.reason}")
        log = rospy.logwarn if result.fault else rospy.loginfo
        log("policy: the episode ended after %d steps: %s", result.steps, result.reason)

    def _choose(self, policy: OpenedPolicy) -> None:
        self._policy = policy
        self._runtime = Runtime(self._environment, policy, RosPace(self._stop), [self])

    def _select(self, request: Any) -> SelectPolicyResponse:
        """Let another checkpoint act from the next episode on; what cannot be loaded changes nothing."""
        with self._choosing:
            if not self._idle.is_set():
                return SelectPolicyResponse(success=False, message="an episode is running: end it first")
            try:
                if request.policy not in self._policies:
                    self._policies[request.policy] = open_policy(request.policy)
            except (CheckpointError, OSError, RuntimeError, ValueError) as error:
                return SelectPolicyResponse(success=False, message=str(error))
            self._choose(self._policies[request.policy])
            return SelectPolicyResponse(success=True, checkpoint=self._policy.checkpoint)

    def _execute(self, goal: Any) -> None:
        with self._choosing:
            self._idle.clear()
        try:
            self._begin()
            self._environment.begin()
            with contextlib.ExitStack() as stack:
                if goal.keepalive:
                    stack.enter_context(self._keepalive.watch(goal.episode_id, lambda: self._end(SILENT)))
                self._runtime.run(goal.task, goal.time_limit_s, self._stop)
            self._answer()
        except (ValueError, PolicyLost) as error:
            refusal = RunEpisodeResult(reason=str(error), fault=True, checkpoint=self._policy.checkpoint)
            self._server.set_aborted(refusal, str(error))
        finally:
            self._idle.set()

    def _confirm(self) -> bool:
        """Whether it was in doubt for a while that the client lives; it has not ended the episode meanwhile."""
        waited = self._keepalive.confirm(self._stop)
        if self._stop.is_set():
            raise Unready(STOPPED)
        return waited

    def _begin(self) -> None:
        """Forget what ended the episode before, but not what happened to this goal while it waited."""
        with self._ending:
            self._stop.clear()
            self._ended_by = None
        if self._server.is_preempt_requested():
            self._on_preempt()
        if self._leaving:
            self._end(self._leaving)

    def _end(self, reason: str) -> None:
        """End the episode that runs; the first reason holds."""
        with self._ending:
            if self._ended_by is None:
                self._ended_by = reason
            self._stop.set()

    def _on_preempt(self) -> None:
        """The action server calls this for a cancellation as for a new goal; only the former changes the status."""
        status = self._server.current_goal.get_goal_status().status
        self._end(CANCELLED if status == GoalStatus.PREEMPTING else REPLACED)

    def _on_shutdown(self) -> None:
        self._leaving = self._leaving or SHUT_DOWN
        self._end(self._leaving)
        if not self._idle.wait(FAREWELL_S):
            rospy.logerr("policy: the episode did not end in %.0f s", FAREWELL_S)
        server = self._server.action_server
        with server.lock:  # its timer would go on publishing while ROS closes the topics
            server.started = False
            server.status_timer.shutdown()

    def _answer(self) -> None:
        result = self._result
        assert result is not None
        message = RunEpisodeResult(
            reason=result.reason,
            fault=result.fault,
            checkpoint=self._policy.checkpoint,
            steps=result.steps,
            duration_s=result.duration_s,
            latency_p50_s=result.latency_quantile(0.5),
            latency_p99_s=result.latency_quantile(0.99),
            rate_hz=result.rate_hz,
        )
        if result.fault:
            self._server.set_aborted(message, result.reason)
        elif result.reason == CANCELLED:
            self._server.set_preempted(message, result.reason)
        else:
            self._server.set_succeeded(message, result.reason)

    def _ask(self, master: Master) -> None:
        state = master.ask()
        self._environment.master_answers = state is not MasterState.LOST
        if state is MasterState.FORGOT and self._leaving is None:  # who leaves takes itself off the master's list
            self._leaving = FORGOTTEN
            self._end(FORGOTTEN)
            raise RuntimeError(FORGOTTEN)

    def _diagnose(self) -> None:
        values = {"policy_tasks": ", ".join(self._policy.tasks), "checkpoint": self._policy.checkpoint}
        if self._result is not None:
            values["steps"] = str(self._result.steps)
            values["latency_p50_s"] = f"{self._result.latency_quantile(0.5):.4f}"
            values["latency_p99_s"] = f"{self._result.latency_quantile(0.99):.4f}"
            values["rate_hz"] = f"{self._result.rate_hz:.3f}"
        level, text = self._status
        pairs = [KeyValue(key, value) for key, value in values.items()]
        array = DiagnosticArray(status=[DiagnosticStatus(level, rospy.get_name() + ": policy", text, "", pairs)])
        array.header.stamp = rospy.Time.now()
        try:
            self._diagnostics.publish(array)
        except rospy.ROSException:  # ROS closes the topics before it says that it shuts down
            if self._leaving is None:
                raise


def main() -> None:
    """Run the node; exits with status 1 and one line of reason when it cannot work."""
    rospy.init_node("policy")
    torch.set_num_threads(1)  # the network is small: more threads only make the latency vary
    try:
        names = [entry.name for entry in fields(FreshnessLimits)]
        given = {name: float(rospy.get_param("~" + name)) for name in names if rospy.has_param("~" + name)}
        policy = open_policy(_required("~policy"))
        rospy.loginfo("policy: %s", ", ".join(policy.tasks))
        PolicyNode(policy, FreshnessLimits(**given), bool(rospy.get_param("~compressed", False))).run()
    except (CheckpointError, RuntimeError, TypeError, ValueError) as error:
        rospy.logfatal("policy: %s", error)
        sys.exit(1)


def _required(name: str) -> str:
    value = str(rospy.get_param(name, ""))
    if not value:
        raise ValueError(f"the parameter {name} is not set: give the folder of a checkpoint, or a server's address")
    return value
