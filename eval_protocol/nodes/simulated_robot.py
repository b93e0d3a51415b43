"""The simulated robot of a session: a service builds the scenes, their success predicate or a person judges them."""

import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

import rospy
from vptr_widowx.srv import ResetScene, SetSpeed, TaskStatus

from eval_protocol.commands import CommandLog
from eval_protocol.nodes.calls import ask, call, check_running
from eval_protocol.nodes.predicate import Predicate
from eval_protocol.nodes.robot import SERVICES, RosRobot
from eval_protocol.operator import Operator
from eval_protocol.plan import Plan, Trial
from eval_protocol.session import Aborted, Episode, TooSlow, Verdict
from eval_protocol.simulated import scene_of
from eval_protocol.speed import Pass, highest_speed, late_picture
from eval_protocol.store import TrialRow

WARM_UP_S = 2.0
PROBE_S = 5.0
PROBE_QUANTILE = 0.95
"""Of the 25 latencies of a probe; what counts in the end is that of each trial."""

LEAST_RATE_HZ = 4.75
MOST_LATENCY_S = 0.25
"""A trial is repeated when its mean control rate or the latency of one command in ten is worse than this."""

SLOWER = 0.75
SLOWEST = 0.2


class SimulatedRobot(RosRobot):
    """Runs at ``speed`` times real time; 0: the highest that this machine keeps up with, measured first."""

    services = (*SERVICES, "/sim/reset", "/sim/status", "/sim/set_speed")

    def __init__(
        self,
        folder: Path,
        say: Callable[[str], None],
        checkpoint: str,
        speed: float,
        operator: Optional[Operator] = None,
    ) -> None:
        """Build the robot.

        Args:
            folder: of the session.
            say: prints a line.
            checkpoint: hash of what is to act.
            speed: times real time; 0: measured, and real time where a person looks on.
            operator: who judges; None: the success predicate.
        """
        judge = operator or Predicate(self._status, self._look)
        super().__init__(folder, say, checkpoint, judge, attended=operator is not None)
        self.speed, self._measured = speed, speed == 0.0
        if self._attended and self._measured:
            self.speed, self._measured = 1.0, False
        self._scene_id = ""
        self._reached: List[str] = []

    def choose_speed(self, plan: Plan, trial: Trial) -> None:
        """Set the speed of the simulation, measuring first, in the scene of the trial, where none was given."""
        if self._measured:
            self._probe(plan, trial, 1.0, WARM_UP_S)
            self.speed = highest_speed(lambda speed: self._best_of_two(plan, trial, speed), self._say)
        self._set_speed(self.speed)
        self._say(f"simulation at {self.speed:g} times real time")

    def prepare(self, plan: Plan, trial: Trial) -> None:
        """Build the scene, arm, and move to the start pose."""
        self._check_stop()
        self.policy.require_idle()
        self.choose(trial)
        self._moving()
        self._set_speed(self.speed)  # a bridge that was restarted does not know it
        scene = scene_of(plan, trial).to_json()
        self._scene_id = call("/sim/reset", ResetScene, scene, timeout_s=30.0).scene_id
        self._arm()
        self._go(plan.start_poses[trial.start_pose])
        self._operator.confirm_scene(plan, trial)

    def check_ready(self, plan: Plan, trial: Trial) -> None:
        """As on every robot; and the task must not be done already."""
        with self._slowing():
            super().check_ready(plan, trial)
        if self._status().success:
            raise Aborted("the success predicate holds before the policy has started: the scene is not as planned")

    def run_policy(self, plan: Plan, trial: Trial, attempt: TrialRow) -> Episode:
        """As on every robot; slower the next time where pictures came too late."""
        with self._slowing():
            return super().run_policy(plan, trial, attempt)

    def verdict(self, plan: Plan, trial: Trial, episode: Episode) -> Verdict:
        """The operator's; a trial in which the machine did not keep up is repeated."""
        verdict = super().verdict(plan, trial, episode)
        episode.milestones = self._milestones()
        self._check_rate(episode)
        return verdict

    def _look(self) -> None:
        """While nothing but the simulation is waited for: raises where it will not go on."""
        check_running()
        self._check_bridge()

    def _status(self) -> Any:
        """What the bridge says of the task; raises Aborted where it is about another scene than we have built."""
        answer = ask("/sim/status", TaskStatus, timeout_s=5.0)
        if answer.scene_id != self._scene_id:
            raise Aborted("the bridge was restarted: it tells of another scene than the trial's")
        self._reached = list(answer.milestones)
        return answer

    def _milestones(self) -> List[str]:
        return self._reached

    def _set_speed(self, speed: float) -> None:
        call("/sim/set_speed", SetSpeed, speed)

    def _best_of_two(self, plan: Plan, trial: Trial, speed: float) -> Pass:
        """Measure again where the machine fell behind: something else may have disturbed it."""
        shown = self._probe(plan, trial, speed, PROBE_S)
        return shown if shown.keeps_up() else self._probe(plan, trial, speed, PROBE_S)

    def _probe(self, plan: Plan, trial: Trial, speed: float, duration_s: float) -> Pass:
        """Run the policy for a moment at ``speed``."""
        self.speed = speed
        try:
            self.prepare(plan, trial)
            RosRobot.check_ready(self, plan, trial)
            began_s, began = time.monotonic(), rospy.Time.now()
            log = self.run_briefly(plan.task, duration_s, f"speed {speed:g}")
        except Aborted as abort:
            self._say(f"at {speed:g} times real time: {abort}")
            return Pass(speed, 0.0, float("inf"), 0.0)
        achieved = (rospy.Time.now() - began).to_sec() / (time.monotonic() - began_s)
        return Pass(speed, log.rate_hz(), log.latency_s(PROBE_QUANTILE), achieved)

    def _check_rate(self, episode: Episode) -> None:
        """A trial in which the machine did not keep up was not a trial at 5 Hz: repeat it, slower."""
        log = CommandLog(episode.latencies_s, episode.intervals_s)
        kept = log.rate_hz() >= LEAST_RATE_HZ and log.latency_s(0.9) <= MOST_LATENCY_S
        if kept or not self._measured or self.speed <= SLOWEST:
            return
        why = f"the machine did not keep up: {log.rate_hz():.2f} Hz, pictures {1e3 * log.latency_s(0.9):.0f} ms old"
        raise self._slower(why, episode)

    @contextmanager
    def _slowing(self) -> Iterator[None]:
        """Take pictures that come too late at a measured speed above real time for a machine that is too slow."""
        try:
            yield
        except Aborted as abort:
            if self._measured and self.speed > 1.0 and late_picture(str(abort)):
                raise self._slower(str(abort), abort.episode) from abort
            raise

    def _slower(self, why: str, episode: Optional[Episode]) -> TooSlow:
        self.speed = max(SLOWEST, round(self.speed * SLOWER, 2))
        return TooSlow(f"{why}; slowing down to {self.speed:g} times real time", episode)
