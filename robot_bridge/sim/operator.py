"""An emulated person at the controllers, who does by hand what the scripted expert of a task would do."""

from typing import Optional

import numpy as np

from robot_bridge import kinematics
from robot_bridge.interface import STEP_S
from robot_bridge.sim.expert import Expert, Watched, look
from robot_bridge.teleop.mapper import base_from_hand
from robot_bridge.teleop.sample import ControllerSample, Hand
from robot_bridge.teleop.settings import TeleopSettings

TREMBLE_M = 2e-4
"""Standard deviation of a hand that is held still [m]."""
WANDER_M, WANDER_S = 0.004, 1.0
"""How far a hand strays from where it is wanted, standard deviation in each axis [m], and for how long [s]."""
SETTLE_S = 0.5
"""While the gripper closes or opens the hand is held still for so long."""
REST_S = 0.3
"""The hand rests this long before it squeezes the grip, and before it presses a button."""
AGAIN_S = 1.0
"""Where the grip does not take hold of the arm, it is let go and squeezed again this often."""
PRESS_S = 0.12
DONE_S = 0.5
"""How long the task must have been done before the person believes it."""
WHERE = np.array([0.2, 1.2, -0.3])
"""Where the right hand is at first, in the room [m]."""


class EmulatedOperator:
    """One demonstration: squeezes the grip, does the task, lets go, presses A; or B when it was not done in time.

    Five times a second it looks at the scene and decides where the arm should go, as the expert does; its hand moves
    there evenly, with a tremble, and strays. What it thinks is only told by its hand and its buttons.

    Args:
        expert: of the task; reset for the scene.
        settings: of the teleoperator, which a person has learned by heart.
        rng: of tremble and wandering.
        limit_s: after which it gives up [s].
    """

    def __init__(self, expert: Expert, settings: TeleopSettings, rng: np.random.Generator, limit_s: float) -> None:
        self._expert, self._rng, self._limit_s, self._scale = expert, rng, limit_s, settings.scale
        self._axes = base_from_hand(settings.facing_deg)
        self._hand = np.eye(4)
        self._hand[:3, 3] = WHERE
        self._from = self._to = self._hand
        self._coupled: Optional[np.ndarray] = None
        self._at_coupling = self._hand
        self._wander = np.zeros(3)
        self._trigger = 0.0
        self._still_until_s = 0.0
        self._number = 0
        self._looked_s: Optional[float] = None
        self._begun_s = self._ended_s = 0.0
        self._button = ""
        self._engaged = False

    def look(self, stage: Watched, engaged: bool, done_since_s: Optional[float], now_s: float) -> None:
        """See the scene, which the person does each 0.2 s; ``done_since_s`` is since when the task has been done."""
        self._begun_s = now_s if self._looked_s is None else self._begun_s
        self._looked_s, self._from, self._engaged = now_s, self._to, engaged
        if self._button:
            return
        if done_since_s is not None and now_s - done_since_s >= DONE_S:
            self._finish("lower", now_s)
        elif now_s - self._begun_s > self._limit_s:
            self._finish("upper", now_s)
        elif not engaged:
            self._coupled = None
        else:
            self._follow(stage, now_s)

    def _follow(self, stage: Watched, now_s: float) -> None:
        seen = look(stage)
        pose = kinematics.state_to_pose(seen.state[:6])
        if self._coupled is None:
            self._coupled, self._at_coupling = pose, self._to
        if now_s < self._still_until_s:
            return
        label = self._expert.label(seen)
        trigger = 1.0 - float(label[6])
        if abs(trigger - self._trigger) > 0.5:
            self._trigger, self._still_until_s = trigger, now_s + SETTLE_S
            return
        keep = np.exp(-STEP_S / WANDER_S)
        self._wander = keep * self._wander + np.sqrt(1.0 - keep**2) * WANDER_M * self._rng.normal(size=3)
        wanted = kinematics.integrate(pose, label[:6])
        wanted[:3, 3] += self._wander
        self._to = self._hand_for(wanted)

    def _hand_for(self, wanted: np.ndarray) -> np.ndarray:
        """The pose (4, 4) of the hand that leads the end effector to ``wanted``: the mapping turned round."""
        assert self._coupled is not None
        hand = np.eye(4)
        turn = wanted[:3, :3] @ self._coupled[:3, :3].T
        hand[:3, :3] = self._axes.T @ turn @ self._axes @ self._at_coupling[:3, :3]
        way = self._axes.T @ (wanted[:3, 3] - self._coupled[:3, 3]) / self._scale
        hand[:3, 3] = self._at_coupling[:3, 3] + way
        return hand

    def _finish(self, button: str, now_s: float) -> None:
        self._button, self._ended_s = button, now_s

    def sample(self, now_s: float) -> ControllerSample:
        """What the controllers say now; after the first look."""
        assert self._looked_s is not None, "look comes first"
        self._number += 1
        share = min(1.0, (now_s - self._looked_s) / STEP_S)
        pose = kinematics.displace(self._from, share * kinematics.pose_error(self._to, self._from))
        pose[:3, 3] += TREMBLE_M * self._rng.normal(size=3)
        resting = bool(self._button) or (not self._engaged and (now_s - self._begun_s) % AGAIN_S < REST_S)
        ended_s = now_s - self._ended_s
        pressing = bool(self._button) and REST_S <= ended_s < REST_S + PRESS_S
        right = Hand(
            pose,
            trigger=self._trigger,
            grip=0.0 if resting else 1.0,
            pressed=frozenset([self._button] if pressing else []),
        )
        return ControllerSample(now_s, self._number, now_s, "emulated", right=right, left=Hand())
