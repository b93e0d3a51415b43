"""An emulated person at the controllers, who does by hand what the scripted expert of a task would do."""

from dataclasses import replace
from typing import Optional

import numpy as np

from robot_bridge import kinematics
from robot_bridge.interface import STEP_S
from robot_bridge.sim.expert import Expert, Situation, Watched, look
from robot_bridge.teleop.mapper import base_from_hand
from robot_bridge.teleop.sample import ControllerSample, Hand
from robot_bridge.teleop.settings import TeleopSettings

TREMBLE_M = 2e-4
"""Standard deviation of a hand that is held still [m]."""
MISS, MISS_M = 0.07, 0.002
"""How far beside its aim a movement lands, standard deviation in each axis: a share of its length, and so much [m]."""
CLOSED = 0.06
"""Opening of the gripper below which nothing is between its fingers."""
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

    Five times a second it looks at the scene and decides what to do, as the expert does; until the next look its hand
    has moved there, evenly and with a tremble, and its finger has pulled the trigger. It knows how long after its hand
    the arm moves, and so decides by where the arm is led, not by where it is seen. A movement lands beside its aim, the
    further the longer it is (as in people: Harris and Wolpert 1998), and the next look sees that. Where it has
    dropped the object it gives up: what follows is not worth imitating. What it thinks is told by its hand and its
    buttons alone.

    Args:
        expert: of the task; reset for the scene.
        settings: of the teleoperator, which a person has learned by heart.
        rng: of tremble and misses.
        limit_s: after which it gives up [s].
    """

    def __init__(self, expert: Expert, settings: TeleopSettings, rng: np.random.Generator, limit_s: float) -> None:
        self._expert, self._rng, self._limit_s, self._scale = expert, rng, limit_s, settings.scale
        self._axes = base_from_hand(settings.facing_deg)
        self._hand = np.eye(4)
        self._hand[:3, 3] = WHERE
        self._from = self._to = self._hand
        self._lag = min(1.0, 1.0 / (settings.rate_hz * STEP_S))
        self._under_way = np.zeros(6)
        self._trigger = self._pulled = 0.0
        self._number = 0
        self._looked_s: Optional[float] = None
        self._begun_s = self._ended_s = 0.0
        self._button = ""
        self._engaged = self._held = False

    def look(self, stage: Watched, engaged: bool, done_since_s: Optional[float], now_s: float) -> None:
        """See the scene, which the person does each 0.2 s; ``done_since_s`` is since when the task has been done."""
        self._begun_s = now_s if self._looked_s is None else self._begun_s
        self._looked_s, self._from, self._engaged = now_s, self._to, engaged
        self._trigger = self._pulled
        if self._button:
            return
        if done_since_s is not None and now_s - done_since_s >= DONE_S:
            self._finish("lower", now_s)
        elif now_s - self._begun_s > self._limit_s:
            self._finish("upper", now_s)
        elif not engaged:
            self._under_way = np.zeros(6)
        else:
            self._follow(stage, now_s)

    def _follow(self, stage: Watched, now_s: float) -> None:
        now = look(stage)
        closed_on = self._trigger > 0.5 and now.state[6] > CLOSED
        if self._held and self._trigger > 0.5 and not closed_on:
            self._finish("upper", now_s)
            return
        self._held = now.held or (self._held and closed_on)
        led = kinematics.integrate(kinematics.state_to_pose(now.state[:6]), self._under_way)
        self._under_way = np.zeros(6)
        label = self._expert.label(_led_to(replace(now, held=self._held), led))
        self._pulled = 1.0 - float(label[6])
        spread = MISS_M + MISS * float(np.linalg.norm(label[:3]))
        label[:3] += spread * self._rng.normal(size=3)
        self._to, self._under_way = self._moved(label[:6]), self._lag * label[:6]

    def _moved(self, motion: np.ndarray) -> np.ndarray:
        """The pose (4, 4) of the hand that moves the arm on by ``motion`` (6,): the mapping turned round."""
        hand = self._to.copy()
        turn = kinematics.rotation_from_euler(motion[3], motion[4], motion[5])
        hand[:3, :3] = self._axes.T @ turn @ self._axes @ self._to[:3, :3]
        hand[:3, 3] += self._axes.T @ motion[:3] / self._scale
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


def _led_to(seen: Situation, led: np.ndarray) -> Situation:
    """The situation once the arm is where (4, 4) it has been led; what it holds goes with it."""
    way = led[:3, 3] - seen.state[:3] if seen.held else np.zeros(3)
    state = np.append(kinematics.pose_to_state(led), seen.state[6])
    return replace(seen, state=state, grasp=seen.grasp + way, centre=seen.centre + way)
