"""A person at the controllers as the robot's side sees them: samples in, commands that the servo accepts out."""

from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np

from robot_bridge import kinematics
from robot_bridge.teleop import buttons, haptics
from robot_bridge.teleop.buttons import Buttons
from robot_bridge.teleop.clutch import Clutch
from robot_bridge.teleop.haptics import Haptic, Haptics
from robot_bridge.teleop.mapper import Mapper
from robot_bridge.teleop.sample import ControllerSample, Hand, Input, Notice
from robot_bridge.teleop.settings import TeleopSettings
from robot_bridge.teleop.trigger import TriggerGrip
from robot_bridge.teleop.watchdog import HOLD, LIVE, LOST, Watchdog

SUPERSEDED = "the next command came before its end"
"""The servo's reason for a command whose rest is made by the next one."""
HOLDING = "holding"
"""State of a closed clutch while the arm is held; the others are those of the clutch."""


@dataclass(frozen=True, eq=False)
class RobotView:
    """What the teleoperator knows of the arm: its measured pose (4, 4) in base_link and gripper opening 0..1.

    ``obstacle`` says why it takes no commands now (disarmed, stopped, its state is stale); empty where it does.
    """

    pose: np.ndarray
    gripper: float
    obstacle: str = ""


@dataclass(frozen=True, eq=False)
class Motion:
    """A command: ``twist`` (6,) [m/s, rad/s] in base_link for ``duration_s``, the ``number``-th; gripper 0..1."""

    number: int
    twist: np.ndarray
    duration_s: float
    gripper: float


@dataclass(frozen=True, eq=False)
class Step:
    """What came of a tick.

    ``motion`` is None where the arm is to be held: send nothing. ``reason`` says why, in words. ``target`` (4, 4) is
    where the motions lead, ``limits`` what cut this one, ``events`` are those of ``buttons``: who gets ``abort`` stops
    the arm.
    """

    state: str
    reason: str
    motion: Optional[Motion] = None
    target: Optional[np.ndarray] = None
    limits: Tuple[str, ...] = ()
    events: Tuple[str, ...] = ()
    haptics: Tuple[Haptic, ...] = ()


class Teleoperator:
    """Clutch, mapper, trigger, buttons and watchdog of one person.

    ``feed`` takes what the source gave, ``tick`` is called every ``settings.tick_s``, ``reported`` takes what the servo
    reports on the motions sent. All times are this process's monotonic clock [s].
    """

    def __init__(self, settings: TeleopSettings) -> None:
        self.settings = settings
        self._watchdog = Watchdog(settings.hold_s, settings.lost_s)
        self._buttons = Buttons(settings.debounce_s)
        self._clutch = Clutch(settings.squeeze, settings.release)
        self._mapper = Mapper(settings)
        self._trigger = TriggerGrip()
        self._opening = 1.0
        self._haptics = Haptics()
        self._events: List[str] = []
        self._sample: Optional[ControllerSample] = None
        self._held_until_s, self._held_why = 0.0, ""
        self._number = 0
        self._lost = self._obstacle = "nothing has been seen yet"

    @property
    def engaged(self) -> bool:
        """Whether the clutch is closed."""
        return self._clutch.engaged

    @property
    def tracked(self) -> bool:
        """Whether the driving hand is seen, and something new came of it lately."""
        return not self._lost

    def feed(self, item: Input) -> None:
        """Take in a sample or a notice."""
        if isinstance(item, Notice):
            fault = f"{item.kind}: {item.detail}"
            self._watchdog.forget(fault)
            self._lose(fault)
            return
        if self._buttons.aborts(item):
            self._open("aborted with the left grip")
            self._events.append(buttons.ABORT)
        fault = self._watchdog.feed(item)
        if fault:
            self._lose(fault)
            return
        last, self._sample = self._sample, item
        if self.engaged and last is not None:
            self._watch_jump(_pose(last), item)
        self._press(item)
        if self._clutch.feed(_hand(item).grip, self._hindrance(item)):
            self._haptics.ask(haptics.CLUTCH)
        if not self.engaged:
            self._mapper.drop()

    def tick(self, now_s: float, robot: RobotView) -> Step:
        """One period: judge, and say what to command."""
        verdict = self._watchdog.look(now_s)
        if verdict.level == LOST:
            self._lose(verdict.reason)
        elif verdict.level == LIVE:
            self._lost = ""
        self._obstacle = robot.obstacle
        if robot.obstacle and self._open(robot.obstacle):
            self._haptics.ask(haptics.CLUTCH)
        if not self.engaged or self._sample is None:
            return self._step(now_s, self._clutch.state, self._clutch.reason)
        if now_s < self._held_until_s - 1e-9:
            return self._step(now_s, HOLDING, self._held_why)
        if verdict.level == HOLD:
            return self._step(now_s, HOLDING, verdict.reason)
        return self._move(now_s, self._sample, robot, min(self.settings.tick_s, verdict.left_s))

    def reported(self, number: int, executed: np.ndarray, accepted: bool, reason: str) -> None:
        """Take in what the servo reports on the motion with this number; ``executed`` is a Bridge action (7,)."""
        motion = np.asarray(executed, dtype=np.float64)[:6]
        hand = None if self._sample is None else _pose(self._sample)
        if self._mapper.reported(number, motion, accepted and reason != SUPERSEDED, hand):
            self._haptics.ask(haptics.CLAMP)

    def forget_gripper(self) -> None:
        """Somebody else moved the gripper: the next squeeze starts from what it has then."""
        self._trigger.forget()

    def _move(self, now_s: float, sample: ControllerSample, robot: RobotView, duration_s: float) -> Step:
        """Command what a tick is to bring, or as much of it as ``duration_s`` allows."""
        pose = _pose(sample)
        if self._mapper.target is None:
            self._trigger.engage(robot.gripper)
        if not self._mapper.anchored:
            self._mapper.anchor(pose, robot.pose, now_s)
        if self._mapper.due(now_s):
            self._opening = self._trigger.follow(_hand(sample).trigger)
        delta, limits = self._mapper.advance(pose, robot.pose, now_s)
        twist = delta / self.settings.tick_s
        delta = twist * duration_s
        self._number += 1
        self._mapper.sent(self._number, delta)
        if "lead" in limits or "slip" in limits:
            self._haptics.ask(haptics.CLAMP)
        motion = Motion(self._number, twist, duration_s, self._opening)
        return self._step(now_s, self._clutch.state, "", motion, limits)

    def _step(
        self, now_s: float, state: str, reason: str, motion: Optional[Motion] = None, limits: Tuple[str, ...] = ()
    ) -> Step:
        events, self._events = tuple(self._events), []
        return Step(state, reason, motion, self._mapper.target, limits, events, self._haptics.take(now_s))

    def _watch_jump(self, last: np.ndarray, sample: ControllerSample) -> None:
        """Hold and couple anew where the hand moved further than a hand can."""
        way = kinematics.pose_error(_pose(sample), last)
        moved, turned = float(np.linalg.norm(way[:3])), float(np.linalg.norm(way[3:]))
        if moved > self.settings.jump_m or turned > self.settings.jump_rad:
            self._mapper.release()
            self._held_until_s = sample.received_s + self.settings.jump_hold_s
            self._held_why = f"the hand jumped by {1e3 * moved:.0f} mm and {turned:.2f} rad"
            self._haptics.ask(haptics.CLAMP)

    def _press(self, sample: ControllerSample) -> None:
        """Take in the buttons."""
        for event in self._buttons.feed(sample):
            if event == buttons.REZERO:
                if not self._mapper.rezero(_pose(sample)):
                    continue
                self._haptics.ask(haptics.CLUTCH)
            elif event == buttons.HOME and (self.engaged or _aborting(sample)):
                continue
            else:
                self._haptics.ask(haptics.RECORD)
            self._events.append(event)

    def _hindrance(self, sample: ControllerSample) -> str:
        """Why a squeeze must not count now."""
        if _aborting(sample):
            return "the left grip, which aborts, is held"
        return self._lost or self._obstacle

    def _open(self, reason: str) -> bool:
        """Open the clutch and uncouple the hand; whether it was closed."""
        self._mapper.drop()
        return self._clutch.drop(reason)

    def _lose(self, reason: str) -> None:
        """Open the clutch because the hand cannot be trusted; felt once."""
        if self._open(reason) or not self._lost:
            self._haptics.ask(haptics.LOSS)
            self._buttons.forget()
            self._sample = None
        self._lost = reason


def _aborting(sample: ControllerSample) -> bool:
    """Whether the left grip is held."""
    return sample.left is not None and "grip" in sample.left.pressed


def _hand(sample: ControllerSample) -> Hand:
    """The driving hand of a sample that the watchdog let pass."""
    assert sample.right is not None, "the watchdog lets no sample without a right hand pass"
    return sample.right


def _pose(sample: ControllerSample) -> np.ndarray:
    pose = _hand(sample).pose
    assert pose is not None, "the watchdog lets no hand without a pose pass"
    return pose
