"""A hand for tests: poses, samples at 72 Hz, and a teleoperator with a robot that follows at once."""

from typing import Any, Callable, List, Optional

import numpy as np

from robot_bridge import kinematics
from robot_bridge.teleop.sample import ControllerSample, Hand
from robot_bridge.teleop.settings import BRIDGE, TeleopSettings
from robot_bridge.teleop.teleoperator import RobotView, Step, Teleoperator

PERIOD_S = 1.0 / 72.0
START = kinematics.forward(kinematics.HOME_JOINTS)


def pose(x: float = 0.0, y: float = 0.0, z: float = 0.0, turn: Optional[np.ndarray] = None) -> np.ndarray:
    """A pose of a hand: x right, y up, z back."""
    made = np.eye(4)
    made[:3, :3] = np.eye(3) if turn is None else turn
    made[:3, 3] = (x, y, z)
    return made


def sample(
    received_s: float, sequence: int, where: Optional[np.ndarray], grip: float = 0.0, trigger: float = 0.0, **more: Any
) -> ControllerSample:
    """A sample of a right hand; ``pressed`` and ``left_pressed`` name buttons, the rest goes to the sample."""
    pressed, left = frozenset(more.pop("pressed", ())), frozenset(more.pop("left_pressed", ()))
    emulated = more.pop("emulated", False)
    right = more.pop("right", Hand(where, emulated, trigger, grip, pressed=pressed))
    return ControllerSample(received_s, sequence, right=right, left=Hand(pressed=left), **more)


class Person:
    """A person and a robot in lockstep: samples each 1/72 s, ticks each ``tick_s``.

    ``path`` gives the hand's pose after so many seconds; a tremble of 10 um makes each pose another. The robot follows
    its commands at once unless ``blocked``.
    """

    def __init__(self, settings: TeleopSettings = BRIDGE, report: bool = True) -> None:
        self.teleop = Teleoperator(settings)
        self.now_s = 50.0
        self.robot = RobotView(START.copy(), 1.0)
        self.blocked = False
        self.report = report
        self.hand = pose()
        self.held = {"grip": 0.0, "trigger": 0.0}
        self.more: dict = {}
        self.sequence = 0
        self.sent_s = 0.0
        self.steps: List[Step] = []
        self._next_s = self.now_s

    def send(self, **changes: Any) -> ControllerSample:
        """Feed one sample, now."""
        self.sequence += 1
        tremble = self.hand.copy()
        tremble[0, 3] += 1e-5 * (self.sequence % 2)
        values = {"where": tremble, **self.held, "stamp_s": self.now_s - 3.0, **self.more, **changes}
        made = sample(self.now_s, self.sequence, **values)
        self.teleop.feed(made)
        self.sent_s = self.now_s
        return made

    def tick(self) -> Step:
        """One tick of the teleoperator; the robot makes of it what it can."""
        step = self.teleop.tick(self.now_s, self.robot)
        self.steps.append(step)
        if step.motion is not None:
            delta = step.motion.twist * step.motion.duration_s
            if self.blocked:
                delta = np.zeros(6)
            moved = kinematics.integrate(self.robot.pose, delta)
            self.robot = RobotView(moved, step.motion.gripper, self.robot.obstacle)
            if self.report:
                self.teleop.reported(step.motion.number, np.append(delta, 0.0), True, "")
        return step

    def run(
        self, seconds: float, path: Optional[Callable[[float], np.ndarray]] = None, silent: bool = False
    ) -> List[Step]:
        """Let time pass; returns the steps of it."""
        begin, first, tick_s = self.now_s, len(self.steps), self.teleop.settings.tick_s
        end = begin + seconds
        ticks = begin + tick_s * np.arange(1, round(seconds / tick_s) + 1)
        for due in ticks.tolist():
            while self._next_s <= due:
                self.now_s = max(self._next_s, begin)
                self._next_s += PERIOD_S
                if path is not None:
                    self.hand = path(self.now_s - begin)
                if not silent:
                    self.send()
            self.now_s = due
            self.tick()
        self.now_s = max(self.now_s, end)
        return self.steps[first:]

    def engage(self) -> "Person":
        """Show the released grip, then squeeze it."""
        self.run(0.2)
        self.held["grip"] = 1.0
        self.run(0.08)
        assert self.teleop.engaged, self.steps[-1].reason
        return self

    @property
    def state(self) -> str:
        return self.steps[-1].state
