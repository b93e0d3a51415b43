"""Disturbances of the expert's actions: they lead demonstrations off the straight path, so that they show the way back.

Imitation of undisturbed demonstrations alone drifts: the learner never sees how to recover (DART, Laskey et al. 2017).
"""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW

LEVELS = (0.0, 0.5, 1.0, 2.0)
LEVEL_SHARES = (0.15, 0.3, 0.35, 0.2)
KICK_STEPS = (2, 4)
SLIP_STEPS = 2


@dataclass(frozen=True)
class NoiseSettings:
    """How an episode's actions are disturbed.

    Standard deviations a step: ``translation_m``, ``rotation_rad`` (each axis). With ``kick_probability`` a step begins
    a push of ``kick_m`` a step in a random direction over 2..4 steps; with ``slip_probability`` the gripper opens for
    two steps.
    """

    translation_m: float
    rotation_rad: float
    kick_probability: float
    kick_m: float
    slip_probability: float


def draw_noise(rng: np.random.Generator, scale: float) -> NoiseSettings:
    """The settings of one episode: one of four levels times ``scale``."""
    level = scale * float(rng.choice(LEVELS, p=LEVEL_SHARES))
    return NoiseSettings(0.005 * level, 0.02 * level, min(0.03 * level, 1.0), 0.02, min(0.003 * level, 1.0))


class ActionNoise:
    """Disturbs the actions of one episode."""

    def __init__(self, settings: NoiseSettings, rng: np.random.Generator) -> None:
        self._settings = settings
        self._rng = rng
        self._kick: Optional[np.ndarray] = None
        self._kick_steps = 0
        self._slip_steps = 0

    def disturb(self, action: np.ndarray) -> np.ndarray:
        """The Bridge action (7,) with noise, within the action box."""
        settings, rng = self._settings, self._rng
        noise = rng.normal(size=6)
        chances = rng.random(2)
        if chances[0] < settings.kick_probability:
            self._begin_kick()
        if chances[1] < settings.slip_probability:
            self._slip_steps = SLIP_STEPS
        disturbed = np.array(action, dtype=np.float64)
        disturbed[:3] += settings.translation_m * noise[:3]
        disturbed[3:6] += settings.rotation_rad * noise[3:]
        if self._kick_steps > 0 and self._kick is not None:
            self._kick_steps -= 1
            disturbed[:3] += self._kick
        if self._slip_steps > 0:
            self._slip_steps -= 1
            disturbed[6] = 1.0
        return np.clip(disturbed, ACTION_LOW, ACTION_HIGH)

    def _begin_kick(self) -> None:
        direction = self._rng.normal(size=3)
        self._kick = self._settings.kick_m * direction / np.linalg.norm(direction)
        self._kick_steps = int(self._rng.integers(KICK_STEPS[0], KICK_STEPS[1] + 1))
