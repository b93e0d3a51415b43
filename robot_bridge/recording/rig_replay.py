"""Replays an episode on a rig in this process, simulated or real, through the servo and all of its limits."""

from typing import Callable, List

import numpy as np

from robot_bridge.command import Command, Mode, ServoStatus
from robot_bridge.joint_motion import Move
from robot_bridge.recording.replay import (
    APPROACH_S,
    RETURN_S,
    SETTLE_S,
    Deviation,
    ReplayCommand,
    ReplayPlan,
    deviation,
)
from robot_bridge.rig import Rig
from robot_bridge.servo import PERIOD_S

Watch = Callable[[ServoStatus], None]


class ReplayError(RuntimeError):
    """The arm cannot go on with a replay; the servo holds it. Says why."""


class RigReplay:
    """One replay. The rig is stepped here and by nobody else meanwhile.

    Args:
        rig: the arm under its servo; it is armed at the start.
        plan: what is to be done.
        watch: told of the servo after each period; raising an error ends the replay, and the servo holds.
        wait: called after each period, to keep time with a real arm.
    """

    def __init__(
        self,
        rig: Rig,
        plan: ReplayPlan,
        watch: Watch = lambda _: None,
        wait: Callable[[], object] = lambda: None,
    ) -> None:
        self._rig, self._plan, self._watch, self._wait = rig, plan, watch, wait
        self._sequence = 0
        self._targets: List[np.ndarray] = []
        self._measured: List[np.ndarray] = []
        self._limits: List[str] = []

    def run(self, state: np.ndarray) -> Deviation:
        """Approach, replay, end; ``state`` (T+1, 7) is the recording to compare with. Raises ReplayError."""
        servo = self._rig.servo
        self._step()
        servo.arm()
        self._follow(servo.move_joints(self._plan.start_joints, self._plan.start_gripper, APPROACH_S), "the start")
        for command in self._plan.commands:
            self._do(command)
        self._stand(SETTLE_S)
        if self._plan.end_joints is not None:
            self._follow(servo.move_joints(self._plan.end_joints, None, RETURN_S), "the end")
        return deviation(self._plan, self._targets, self._measured, state, self._limits)

    def _do(self, command: ReplayCommand) -> None:
        self._sequence += 1
        stamp = self._rig.now_s()
        self._rig.servo.submit(Command(self._sequence, command.twist, command.gripper, stamp, command.duration_s))
        status = self._step()
        for _ in range(round(command.duration_s / PERIOD_S) - 1):
            status = self._step()
        if command.ends is not None and status.target_pose is not None and status.pose is not None:
            self._targets.append(status.target_pose)
            self._measured.append(status.pose)

    def _stand(self, seconds: float) -> None:
        """No more commands: the servo holds the arm where it is."""
        for _ in range(round(seconds / PERIOD_S)):
            self._step()

    def _follow(self, move: Move, where: str) -> None:
        while not move.done:
            self._step()
        if not move.success:
            raise ReplayError(f"the arm cannot move to {where} of the episode: {move.message}")

    def _step(self) -> ServoStatus:
        status = self._rig.step()
        self._watch(status)
        for report in self._rig.servo.take_reports():
            if not report.accepted:
                raise ReplayError(f"the servo refused a command: {report.reason}")
            self._limits.extend(report.limits)
        if status.stopped or status.mode == Mode.FAULT:
            raise ReplayError(f"the arm was stopped: {status.reason}")
        self._wait()
        return status
