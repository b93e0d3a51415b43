"""The robot of a session over ROS: what the simulated and the real one have in common."""

import os
import re
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Callable, List, Mapping, Tuple

import numpy as np
import rospy
from std_srvs.srv import Trigger
from vptr_widowx.srv import MoveToPose, SelectPolicy

from eval_protocol.commands import CommandLog
from eval_protocol.lab import StartPose
from eval_protocol.nodes.calls import POLL_S, ask, call, check_running, master_answers, missing_services
from eval_protocol.nodes.policy_client import ACTION, PolicyClient
from eval_protocol.nodes.topics import Topics
from eval_protocol.operator import News, Operator
from eval_protocol.plan import Plan, Trial
from eval_protocol.seal import NamedPolicy
from eval_protocol.session import STARTS, Aborted, Episode, Stopped, Verdict, start_name, video_name
from eval_protocol.store import TrialRow
from eval_protocol.video import PART, VideoWriter

READY_S = 15.0
BACK_S = 60.0
SERVER_S = 2.0
MOVE_S = 65.0
ARM_S = 3.0
SELECT_S = 120.0
"""Wall clock: for loading a checkpoint."""
SILENT_BRIDGE_S = 3.0
MAX_IMAGE_AGE_S = 1.0
TOLERANCE_M = 0.02
TOLERANCE_RAD = 0.12
FASTEST = 50.0
"""A simulation does not run faster than so many times real time: ROS time that does has jumped."""
CLOCK_JUMP_S = 10.0
OVERTIME_S = 5.0
"""How far an episode may last beyond its limit before its clock is not believed [s]."""
SAY_EVERY_S = 10.0
JPEG = b"\xff\xd8"
STOPPED = "stopped: "
"""How the servo begins the reason of a stop."""

SERVICES: Tuple[str, ...] = ("/widowx/arm", "/widowx/move_to_pose", "/widowx/home", "/widowx/resume")


class RosRobot(ABC):
    """Moves, checks and runs the policy through services, topics and the action; its operator judges.

    Where a person is the operator (``attended``), a latched stop costs an attempt and is resumed when they say so; else
    it ends the session.
    """

    services = SERVICES
    move_duration_s = 0.0

    def __init__(
        self, folder: Path, say: Callable[[str], None], checkpoint: str, operator: Operator, attended: bool = True
    ) -> None:
        self._folder, self._say, self._checkpoint = folder, say, checkpoint
        self._operator, self._attended = operator, attended
        self.policies: Mapping[str, NamedPolicy] = {}
        self.server = ""
        """Address of the policy server behind the policy node, where there is one."""
        self.topics = Topics()
        self.policy = PolicyClient()
        self._prepared = rospy.Time(0)
        self._aborted = rospy.Time(0)
        self._clock, self._clock_s = rospy.Time(0), time.monotonic()

    def wait_until_there(self, timeout_s: float = BACK_S) -> None:
        """Wait for bridge, camera and policy; raises Stopped that names what is missing."""
        deadline, said_s = time.monotonic() + timeout_s, time.monotonic()
        missing = self._missing()
        while missing:
            check_running()
            if time.monotonic() > deadline:
                raise Stopped(f"waited {timeout_s:.0f} s for {', '.join(missing)}: start what is missing, then resume")
            if time.monotonic() - said_s > SAY_EVERY_S:
                self._say(f"waiting for {', '.join(missing)}")
                self._operator.tell(News("waiting", f"Waiting for {', '.join(missing)}", "Start what is missing"))
                said_s = time.monotonic()
            time.sleep(0.1)
            missing = self._missing()

    @abstractmethod
    def prepare(self, plan: Plan, trial: Trial) -> None:
        """Bring the gripper to the start pose and the scene into the planned state."""

    def choose(self, trial: Trial) -> None:
        """In a study, let the trial's policy act from now on; raises Aborted where it is not what the key says."""
        policy = self.policies.get(trial.label())
        if policy is None:
            return
        answer = ask("/policy/select", SelectPolicy, policy.folder, timeout_s=SELECT_S)
        if not answer.success:
            raise Aborted(f"policy {trial.label()} cannot act: {_anonymous(answer.message, policy, trial.label())}")
        if answer.checkpoint != policy.checkpoint:
            raise Aborted(
                f"policy {trial.label()} is not what the plan's key says: its files have changed; put them back and "
                "restart the policy node"
            )
        self._checkpoint = policy.checkpoint

    def check_ready(self, plan: Plan, trial: Trial) -> None:
        """Wait until camera and arm are ready at the start pose; raises Aborted naming what is not."""
        pose = plan.start_poses[trial.start_pose]
        deadline = time.monotonic() + READY_S
        problem = self._problem(pose)
        while problem:
            check_running()
            if time.monotonic() > deadline:
                raise Aborted(problem)
            time.sleep(POLL_S)
            problem = self._problem(pose)

    def run_policy(self, plan: Plan, trial: Trial, attempt: TrialRow) -> Episode:
        """Run the policy and record it; what was recorded stays with an abort."""
        video = VideoWriter(self._folder / "videos" / video_name(trial, attempt))
        episode = Episode(start=self._keep_start(start_name(trial, attempt)))
        log = self.topics.start(video)
        try:
            self._run(plan, trial, attempt.id, episode)
        except (Aborted, Stopped) as ended:
            ended.episode = episode
            raise
        finally:
            self.topics.stop()
            path = video.close()
            episode.video = str(path.relative_to(self._folder)) if path else ""
            _fill(episode, log)
            if trial.label():  # the session file does not tell who is who
                episode.checkpoint = f"policy {trial.label()}" if episode.checkpoint == self._checkpoint else ""
        return episode

    def run_briefly(self, task: str, duration_s: float, episode_id: str) -> CommandLog:
        """Run the policy for a moment without a video, to see how fast this machine is."""
        log = self.topics.start(None)
        try:
            self.policy.start(task, duration_s, episode_id)
            self._check_end(*self._follow(lambda: False))
        except (Aborted, Stopped):
            self._end_policy()
            raise
        finally:
            self.topics.stop()
        return log

    def recover(self, reason: str) -> None:
        """Let the operator look, then wait until everything is there again, with a picture newer than the abort.

        A latched stop is resumed only here, after a person has said that the robot may move.
        """
        self._end_policy()
        self._operator.wait(reason)
        self._aborted = rospy.Time.now()
        self.wait_until_there()
        if not self._attended:
            self._check_stop()
        else:
            self._resume()

    def verdict(self, plan: Plan, trial: Trial, episode: Episode) -> Verdict:
        """The operator's."""
        del episode
        return self._operator.verdict(plan, trial)

    def _resume(self) -> None:
        """Release a latched stop, and wait until the bridge says that it is."""
        deadline = time.monotonic() + ARM_S
        while self.topics.state is not None and self.topics.state.stopped:
            if time.monotonic() > deadline:
                raise Aborted("/widowx/resume was called, but the arm is still stopped")
            call("/widowx/resume", Trigger)
            time.sleep(POLL_S)

    def _moving(self) -> None:
        self._operator.tell(News("moving", "The arm moves to its start pose"))

    def _milestones(self) -> List[str]:
        return []

    def _keep_start(self, name: str) -> str:
        """Keep the picture of the scene as it is set, to set it alike the next time; empty where there is none."""
        picture = self.topics.picture
        if not picture.startswith(JPEG):
            return ""
        path = self._folder / STARTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + PART)
        part.write_bytes(picture)
        os.replace(part, path)
        return str(path.relative_to(self._folder))

    def _run(self, plan: Plan, trial: Trial, episode_id: str, episode: Episode) -> None:
        started = rospy.Time.now()
        self.policy.start(plan.task, plan.time_limit_s, episode_id)
        self._operator.begin(plan, trial)
        try:
            result, enough = self._follow(self._operator.enough)
        except (Aborted, Stopped) as abort:
            self._end_policy()
            episode.ended = str(abort)
            episode.duration_s = max(0.0, (rospy.Time.now() - started).to_sec())
            raise
        finally:
            episode.milestones = self._milestones()
        episode.ended, episode.duration_s, episode.steps = result.reason, result.duration_s, result.steps
        episode.checkpoint = result.checkpoint
        self._check_end(result, enough)
        if not 0.0 <= result.duration_s <= plan.time_limit_s + OVERTIME_S:
            raise Aborted(f"the clock jumped: the policy acted for {result.duration_s:.1f} s by it")

    def _follow(self, enough: Callable[[], bool]) -> Tuple[Any, bool]:
        """Watch the running episode until it ends; returns its result, and whether we ended it as it was ``enough``."""
        cancelled, self._clock, self._clock_s = False, rospy.Time.now(), time.monotonic()
        while True:
            check_running()
            self._check_clock()
            result = self.policy.result()
            if result is not None:
                return result, cancelled
            self._check_bridge()
            if not cancelled and enough():
                cancelled = True
                self.policy.cancel()
            time.sleep(POLL_S)

    def _check_bridge(self) -> None:
        """Raise where the bridge that began the episode is gone or has been stopped."""
        self._check_clock()
        if self.topics.state_age_s() > SILENT_BRIDGE_S:
            raise Aborted(f"nothing from the bridge for {self.topics.state_age_s():.1f} s")
        self._check_stop()

    def _check_clock(self) -> None:
        """Raise where ROS time has gone back, or on by more than it can have since the last look."""
        now, now_s = rospy.Time.now(), time.monotonic()
        went_s, wall_s = (now - self._clock).to_sec(), now_s - self._clock_s
        self._clock, self._clock_s = now, now_s
        if not -CLOCK_JUMP_S <= went_s <= FASTEST * wall_s + CLOCK_JUMP_S:
            raise Aborted(f"the clock jumped by {went_s:.1f} s: was the bridge restarted?")

    def _check_stop(self) -> None:
        """Raise ``stop_error`` where somebody has stopped the arm: it is not for the session to go on by itself."""
        state = self.topics.state
        if state is not None and state.stopped:
            reason = state.reason[len(STOPPED) :] if state.reason.startswith(STOPPED) else state.reason
            if self._attended:
                raise Aborted(f"the arm was stopped ({reason or state.mode})")
            raise Stopped(
                f"the arm was stopped ({reason or state.mode}): call /widowx/resume, then resume the session in "
                f"{self._folder}"
            )

    def _check_end(self, result: Any, enough: bool) -> None:
        """Raise where the episode did not end as the protocol has it, or other weights acted than were announced."""
        if result.fault:
            self._check_stop()
            raise Aborted(f"the policy stopped: {result.reason}")
        if result.reason == "preempted" and not enough:
            raise Aborted("somebody else cancelled the episode: only the session may while it runs")
        if result.reason not in ("time_limit", "preempted"):
            raise Aborted(f"the policy stopped: {result.reason}")
        if not result.checkpoint:
            raise Aborted("the policy node does not say which weights acted: start the node of this version")
        if result.checkpoint != self._checkpoint and self.policies:
            raise Aborted("other weights acted than those of the trial's policy: was the policy node restarted?")
        if result.checkpoint != self._checkpoint:
            raise Aborted(
                f"other weights acted ({result.checkpoint}) than the session is about ({self._checkpoint}): "
                "start the policy node with the session's checkpoint"
            )

    def _end_policy(self) -> None:
        """Cancel, saying where that cannot be proven: whoever goes on waits until the policy has ended."""
        try:
            self.policy.cancel()
        except Aborted as abort:
            self._say(str(abort))

    def _go(self, pose: StartPose) -> None:
        call("/widowx/move_to_pose", MoveToPose, pose.pose(), pose.gripper, self.move_duration_s, timeout_s=MOVE_S)
        self._prepared = rospy.Time.now()

    def _arm(self) -> None:
        """Arm; a refusal may pass, such as that of an arm which has not been read yet."""
        deadline = time.monotonic() + ARM_S
        while True:
            answer = ask("/widowx/arm", Trigger)
            if answer.success:
                return
            if time.monotonic() > deadline:
                raise Aborted(f"/widowx/arm refused: {answer.message}")
            time.sleep(POLL_S)

    def _problem(self, pose: StartPose) -> str:
        """Why the trial cannot begin yet, empty when it can."""
        state = self.topics.state
        if state is None or self.topics.state_age_s() > SILENT_BRIDGE_S:
            return "nothing on /widowx/state: is the bridge running?"
        self._check_stop()
        if state.mode == "FAULT":
            return f"the arm is in FAULT ({state.reason}): see to it, then call /widowx/resume"
        if not state.armed:
            return "the arm is not armed"
        image = self.topics.image_stamp
        if image is None or image < self._prepared or not -0.1 <= self.topics.image_age_s() <= MAX_IMAGE_AGE_S:
            return f"the camera is stale: its newest picture is {self.topics.image_age_s():.1f} s old"
        return _off_pose(np.array(state.bridge_state), pose)

    def _missing(self) -> List[str]:
        if not master_answers():
            return ["the ROS master"]
        parts = {
            "bridge": missing_services(self.services),
            "camera": [],
            "policy": [] if self.policy.available() and not self.policy.live() else [ACTION],
        }
        if self.topics.state_age_s() > SILENT_BRIDGE_S:
            parts["bridge"].append("/widowx/state")
        image = self.topics.image_stamp
        if image is None or image <= self._aborted or not -1.0 <= self.topics.image_age_s() <= 10 * MAX_IMAGE_AGE_S:
            parts["camera"].append("/camera/color/image_raw/compressed")
        missing = [f"the {node} node ({_few(names)})" for node, names in parts.items() if names]
        if not missing and self.server and not _serves(self.server):
            missing = [f"the policy server at {self.server}"]
        return missing


def _few(names: List[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _anonymous(message: str, policy: NamedPolicy, label: str) -> str:
    """What the policy node says, without the names that are sealed."""
    without = message.replace(policy.folder, f"[the folder of policy {label}]")
    return re.sub(rf"(?<!\w){re.escape(policy.name)}(?!\w)", f"[policy {label}]", without)


def _fill(episode: Episode, log: CommandLog) -> None:
    episode.latencies_s, episode.intervals_s = log.latencies_s, log.intervals_s
    episode.limits, episode.refused = log.limits, log.refused
    episode.limited, episode.moved_m = log.limited, log.moved_m
    episode.steps = episode.steps or log.steps


def _off_pose(state: np.ndarray, pose: StartPose) -> str:
    """How the gripper misses its start pose, empty when it is there."""
    target = np.array(pose.pose())
    off_m = float(np.linalg.norm(state[:3] - target[:3]))
    turn = (state[3:6] - target[3:] + np.pi) % (2 * np.pi) - np.pi
    off_rad = float(np.abs(turn).max())
    if not (off_m <= TOLERANCE_M and off_rad <= TOLERANCE_RAD):
        return f"the gripper is {100 * off_m:.1f} cm and {off_rad:.2f} rad from its start pose"
    return ""


def _serves(address: str) -> bool:
    from vptr_policy.client import answers  # and torch, which sessions of local policies need not load

    return answers(address, SERVER_S)
