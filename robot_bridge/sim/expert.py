"""Scripted demonstrators of the tasks: what to do is a function of the present situation alone.

There is no clock and no plan to remember, so that a policy that sees the situation can learn what the expert does, and
so that the expert recovers from every disturbance in the way it works anyway.
"""

from dataclasses import dataclass
from typing import Protocol, Tuple

import numpy as np

from robot_bridge import kinematics
from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from robot_bridge.sim.containers import CONTAINERS
from robot_bridge.sim.objects import THINGS
from robot_bridge.sim.scene import drop_point
from robot_bridge.sim.tasks import find_task
from robot_bridge.sim.world import World

GAIN = 0.7
SPEED_M, TURN_RAD = 0.038, 0.20
"""Greatest label per step, within the Bridge action box."""

HOVER_M = 0.065
ALIGNED_M, LOW_M, TURNED_RAD = 0.014, 0.010, 0.20
RELEASE_M = 0.020
RETREAT_Z_M = 0.17

NOISE = np.array([0.006, 0.006, 0.005, 0.010, 0.010, 0.040])
"""Standard deviation of the executed action about the label, per step [m, rad]."""

KICK = np.array([0.035, 0.035, 0.030, 0.05, 0.05, 0.20])
KICK_STEPS = (2, 5)
KICK_DROPS = 0.15
"""Share of kicks that also turn the gripper's command round."""


@dataclass(frozen=True)
class Situation:
    """What the expert looks at: state of the arm (7,), the object's grasp point, its centre and turn, the container."""

    state: np.ndarray
    grasp: np.ndarray
    centre: np.ndarray
    yaw: float
    container: np.ndarray
    held: bool
    inside: bool


class Watched(Protocol):
    """What an expert looks at: the simulated world, and the Bridge state (7,) of the arm in it."""

    @property
    def world(self) -> World:
        """Where everything really is."""

    def state(self) -> np.ndarray:
        """Of this very moment."""


class Expert:
    """Demonstrates ``task``. ``noise`` scales the disturbance of the executed action; ``kick_probability`` is the
    chance per step that a push of a few steps begins.
    """

    def __init__(self, task: str, rng: np.random.Generator, noise: float = 1.0, kick_probability: float = 0.0) -> None:
        self._task = find_task(task)
        self._rng, self._noise, self._kick_probability = rng, noise, kick_probability
        self._kick, self._kick_left, self._flip = np.zeros(6), 0, False

    def reset(self, environment: Watched) -> None:
        """Begin an episode in the environment's present scene; raises ValueError on a scene of another task."""
        spec = environment.world.spec
        if spec.task != self._task.name:
            raise ValueError(f"this expert demonstrates {self._task.name}, the scene is one of {spec.task}")
        self._spec = spec
        self._vessel, self._thing = CONTAINERS[spec.container.kind], THINGS[spec.target.kind]
        self._kick_left = 0

    def act(self, environment: Watched) -> Tuple[np.ndarray, np.ndarray]:
        """The action to execute (7,), disturbed, and the label (7,): what the expert really wants here."""
        label = self.label(look(environment))
        return self._disturbed(label), label

    def label(self, seen: Situation) -> np.ndarray:
        """The undisturbed action (7,) for a situation."""
        if seen.held:
            return self._carry(seen)
        if seen.inside != self._task.takes_out:
            return _towards(seen, np.array([*seen.state[:2], RETREAT_Z_M]), 0.0, 1.0)
        return self._approach(seen)

    def _approach(self, seen: Situation) -> np.ndarray:
        """Hover over the object, come down as the gripper gets in line with it, close."""
        away = float(np.hypot(*(seen.grasp - seen.state[:3])[:2]))
        turn = _wrapped(seen.yaw - seen.state[5])
        aligned = away < ALIGNED_M and abs(turn) < TURNED_RAD
        if aligned and abs(seen.state[2] - seen.grasp[2]) < LOW_M and seen.state[6] > 0.06:
            return _towards(seen, seen.grasp, turn, 0.0)
        walls = self._vessel.rim_m if seen.inside else 0.0
        ready = seen.state[6] > 0.85
        funnel = np.clip((away - 0.012) / 0.030 + max(0.0, abs(turn) - TURNED_RAD) / 0.3, 0.0, 1.0) if ready else 1.0
        goal = seen.grasp + [0.0, 0.0, funnel * (HOVER_M + walls)]
        return _towards(seen, goal, turn, 1.0)

    def _carry(self, seen: Situation) -> np.ndarray:
        """Lift, bring the object's centre over the goal, lower it, let go."""
        goal, floor, release = self._goal(seen)
        away = float(np.hypot(*(goal - seen.centre[:2])))
        height = seen.grasp[2] - self._thing.grasp_z_m - self._thing.rest_m
        if away < RELEASE_M and height < release + 0.012:
            return _towards(seen, seen.state[:3], 0.0, 1.0)
        clear = np.clip((height - floor) / 0.025, 0.0, 1.0)
        shift = np.clip((away - 0.015) / 0.03, 0.0, 1.0)
        rise = release + shift * (self._vessel.rim_m + 0.040 - release) - height
        sideways = (goal - seen.centre[:2]) * clear
        return _towards(seen, seen.state[:3] + [*sideways, rise], 0.0, 0.0)

    def _goal(self, seen: Situation) -> Tuple[np.ndarray, float, float]:
        """Where the object's centre goes (2,), from which height of its underside on it may move sideways, and the
        height at which it is let go.
        """
        if not self._task.takes_out:
            return seen.container[:2], 0.010, self._vessel.rim_m + 0.004
        x, y = drop_point(self._spec.container)
        moved = seen.container[:2] - (self._spec.container.x_m, self._spec.container.y_m)
        floor = self._vessel.rim_m - 0.005 if seen.inside or self._over_rim(seen) else -0.025
        return np.array([x, y]) + moved, floor, 0.004

    def _over_rim(self, seen: Situation) -> bool:
        return float(np.hypot(*(seen.centre - seen.container)[:2])) < self._vessel.outer_m + 0.01

    def _disturbed(self, label: np.ndarray) -> np.ndarray:
        """The label with noise, and during a kick with a steady push on top."""
        if self._kick_left == 0 and self._rng.uniform() < self._kick_probability:
            self._kick_left = int(self._rng.integers(*KICK_STEPS))
            self._kick = self._rng.uniform(-1.0, 1.0, 6) * KICK
            self._flip = bool(self._rng.uniform() < KICK_DROPS)
        action = label.copy()
        action[:6] += self._noise * NOISE * self._rng.normal(size=6)
        if self._kick_left > 0:
            self._kick_left -= 1
            action[:6] += self._kick
            if self._flip:
                action[6] = 1.0 - action[6]
        return np.clip(action, ACTION_LOW, ACTION_HIGH)


def look(environment: Watched) -> Situation:
    """The situation of this moment."""
    world = environment.world
    thing = THINGS[world.spec.target.kind]
    body = world.data.body("target")
    turn = float(np.arctan2(body.xmat[3], body.xmat[0]))
    grasp = np.array(body.xpos) + [0.0, 0.0, thing.grasp_z_m]
    return Situation(
        state=environment.state(),
        grasp=grasp,
        centre=np.array(body.xipos),
        yaw=_wrapped(turn),
        container=np.array(world.data.body("container").xpos),
        held=world.judge.held,
        inside=world.judge.inside(),
    )


def _towards(seen: Situation, goal: np.ndarray, turn: float, gripper: float) -> np.ndarray:
    """The label that goes most of the way to ``goal`` (3,) and by ``turn`` [rad], levels the gripper and sets it."""
    step = GAIN * (goal - seen.state[:3])
    step[:2] *= min(1.0, SPEED_M / max(float(np.hypot(*step[:2])), 1e-9))
    step[2] = np.clip(step[2], -SPEED_M, SPEED_M)
    level = kinematics.rotation_from_euler(0.0, 0.0, seen.state[5] + np.clip(GAIN * turn, -TURN_RAD, TURN_RAD))
    now = kinematics.rotation_from_euler(*seen.state[3:6])
    rotation = np.array(kinematics.euler_from_rotation(level @ now.T))
    return np.array([*step, *np.clip(rotation, -TURN_RAD, TURN_RAD), gripper])


def _wrapped(angle: float) -> float:
    """An angle of a thing that looks the same after half a turn, in -pi/2 .. pi/2."""
    return float((angle + np.pi / 2) % np.pi - np.pi / 2)
