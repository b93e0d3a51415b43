"""Demonstrations by an emulated person, recorded in simulated time: hand, teleoperator, servo, arm and recorder."""

import json
from dataclasses import dataclass
from typing import Callable, Iterator, Mapping, Optional, Sequence

import numpy as np

from robot_bridge import kinematics
from robot_bridge.command import Command, CommandReport, ServoStatus
from robot_bridge.images import encode_jpeg
from robot_bridge.interface import STEP_S
from robot_bridge.recording.inbox import HEIGHT, QUALITY, WIDTH, Hand, Measured
from robot_bridge.recording.recorder import Recorder, Review
from robot_bridge.recording.step import Done
from robot_bridge.recording.store import EpisodeStore
from robot_bridge.recording.variety import Hint
from robot_bridge.recording.words import FAILURE, SUCCESS, WAITING
from robot_bridge.safety import load_limits
from robot_bridge.servo import PERIOD_S
from robot_bridge.sim.camera import SceneRenderer
from robot_bridge.sim.expert import Expert
from robot_bridge.sim.layouts import layout
from robot_bridge.sim.operator import EmulatedOperator
from robot_bridge.sim.rig import SimulatedRig
from robot_bridge.sim.scene import SceneSpec
from robot_bridge.teleop.settings import BRIDGE, TeleopSettings
from robot_bridge.teleop.teleoperator import RobotView, Step, Teleoperator

PICTURE_S = 0.1
"""The camera takes a picture this often; half as often as its pictures are old at most [s]."""
LIMIT_S = 30.0
"""After which a demonstration is given up [s]."""
MOST_FAILED = 10
"""After so many failures one after the other something is wrong."""


@dataclass(frozen=True)
class Demonstration:
    """One that was recorded: what it looked like before it was judged, and the verdict."""

    review: Review
    verdict: str


class TeleoperatedRig:
    """A simulated arm that an emulated person drives, five times a second by what it sees, and a recorder beside it.

    Everything runs in this thread, in simulated time, and depends on nothing but its arguments.
    """

    def __init__(self, recorder: Recorder, spec: SceneSpec, settings: TeleopSettings = BRIDGE) -> None:
        self._recorder, self._settings = recorder, settings
        self._rig = SimulatedRig(spec, load_limits("sim"))
        self._renderer = SceneRenderer(spec, WIDTH, HEIGHT, model=self._rig.world.model)
        self._teleop = Teleoperator(settings)
        self._every = round(settings.tick_s / PERIOD_S)

    def demonstrate(self, spec: SceneSpec, language: str, rng: np.random.Generator, asked: Hint) -> Demonstration:
        """Set up a scene, have it demonstrated and judged, and record that."""
        self._rig.reset(spec)
        self._renderer.show(spec, self._rig.world.model)
        self._teleop = Teleoperator(self._settings)
        expert = Expert(spec.task, rng)
        expert.reset(self._rig)
        person = EmulatedOperator(expert, self._settings, rng, LIMIT_S)
        scene = {"scene": json.loads(spec.to_json())}
        status = self._rig.step()
        self._rig.servo.arm()
        self._tell(status)
        verdict = self._run(person, lambda: self._recorder.start(spec.task, language, asked, scene))
        review = self._recorder.stop(self._rig.now_s())
        self._recorder.judge(verdict)
        return Demonstration(review, verdict)

    def _run(self, person: EmulatedOperator, start: Callable[[], object]) -> str:
        """Until a button was pressed that judges; recorded from when the hand is seen."""
        begun_s, period = self._rig.now_s(), 0
        status = self._rig.step()
        while True:
            now_s = self._rig.now_s()
            if period % round(PICTURE_S / PERIOD_S) == 0:
                self._photograph()
            if period % round(STEP_S / PERIOD_S) == 0:
                person.look(self._rig, self._teleop.engaged, self._done_since_s(), now_s)
            self._teleop.feed(person.sample(now_s))
            if period % self._every == 0:
                step = self._tick(status, now_s)
                for event in step.events:
                    if event in (SUCCESS, FAILURE):
                        return event
            status = self._rig.step()
            self._tell(status)
            if self._recorder.stage == WAITING and self._teleop.tracked:
                start()
            if now_s - begun_s > 2.0 * LIMIT_S:
                raise RuntimeError(f"the emulated person has pressed no button in {2.0 * LIMIT_S:g} s")
            period += 1

    def _done_since_s(self) -> Optional[float]:
        progress = self._rig.task_status()
        return progress.since_s if progress.success else None

    def _tick(self, status: ServoStatus, now_s: float) -> Step:
        """Move by what the hand did."""
        assert status.pose is not None and status.reading is not None, "the simulated arm can always be read"
        step = self._teleop.tick(now_s, RobotView(status.pose, status.reading.gripper))
        self._recorder.hand(Hand(clutch=self._teleop.engaged, tracked=self._teleop.tracked))
        motion = step.motion
        if motion is not None:
            command = Command(motion.number, motion.twist, motion.gripper, now_s, motion.duration_s)
            self._rig.servo.submit(command)
            self._recorder.command(motion.number, now_s, motion.duration_s)
        return step

    def _tell(self, status: ServoStatus) -> None:
        """Let teleoperator and recorder know what the servo did."""
        for report in self._rig.servo.take_reports():
            number = report.command.sequence
            self._teleop.reported(number, report.executed, report.accepted, report.reason)
            self._recorder.report(number, _done(report))
        self._recorder.measured(_measured(status))
        self._recorder.advance(self._rig.now_s())

    def _photograph(self) -> None:
        image = self._renderer.render(self._rig.world.qpos)
        self._recorder.picture(0, encode_jpeg(image, QUALITY), self._rig.now_s())

    def close(self) -> None:
        """Free the renderer and end the world."""
        self._renderer.close()
        self._rig.close()


class TeleoperatedCollection:
    """Demonstrations one after the other, until the recorder's goal is reached; use it in a ``with`` block.

    What killed collections left unfinished is discarded: here nobody saw how it went.

    Args:
        store: held by its ``with`` block.
        recorder: of the store, with the goal and what is to be covered.
        task: of the simulator.
        language: the task in words.
        starts: Bridge states (7,) of the start poses by name.
        seed: of scenes and hand.
        settings: of the teleoperator.
    """

    def __init__(
        self,
        store: EpisodeStore,
        recorder: Recorder,
        task: str,
        language: str,
        starts: Mapping[str, Sequence[float]],
        seed: int = 0,
        settings: TeleopSettings = BRIDGE,
    ) -> None:
        self._store, self._recorder, self._task, self._language = store, recorder, task, language
        self._starts, self._seed, self._settings = starts, seed, settings
        self._rig: Optional[TeleoperatedRig] = None

    def __enter__(self) -> "TeleoperatedCollection":
        return self

    def __exit__(self, *_: object) -> None:
        if self._rig is not None:
            self._rig.close()

    def __iter__(self) -> Iterator[Demonstration]:
        for left in self._recorder.unfinished():
            self._store.discard(left.folder, "the collection was killed")
        failed = 0
        while True:
            hint = self._recorder.hint(self._task)
            if hint.total >= hint.goal:
                return
            number = self._store.tally(self._task).recorded
            spec = layout(self._task, self._seed, number, self._starts[hint.start], hint.region)
            self._rig = self._rig or TeleoperatedRig(self._recorder, spec, self._settings)
            rng = np.random.default_rng(spec.seed)
            made = self._rig.demonstrate(spec, self._language, rng, hint)
            failed = 0 if made.verdict == SUCCESS else failed + 1
            yield made
            if failed == MOST_FAILED:
                raise RuntimeError(f"the emulated person failed {failed} times one after the other at {self._task}")


def _done(report: CommandReport) -> Done:
    return Done(report.commanded, report.executed, report.achieved, clamps=report.limits)


def _measured(status: ServoStatus) -> Measured:
    reading, target = status.reading, status.target_pose
    assert reading is not None and status.pose is not None, "the simulated arm can always be read"
    opening = reading.gripper if status.gripper_target is None else status.gripper_target
    wanted = None if target is None else np.append(kinematics.pose_to_state(target), opening)
    state = np.append(kinematics.pose_to_state(status.pose), reading.gripper)
    return Measured(state, reading.stamp_s, wanted, reading.positions_rad, reading.velocities_rad_s, reading.efforts)
