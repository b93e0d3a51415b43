"""Between Bridge actions and the (-1, 1) in which networks speak."""

import numpy as np

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW

CLIP = 0.99
"""Normalised data actions stay within +-CLIP, where atanh is finite."""


def normalise(actions: np.ndarray) -> np.ndarray:
    """Bridge actions (..., 7) -> the box as [-1, 1], clipped to +-CLIP, float32."""
    scaled = 2.0 * (actions - ACTION_LOW) / (ACTION_HIGH - ACTION_LOW) - 1.0
    return np.clip(scaled, -CLIP, CLIP).astype(np.float32)


def denormalise(actions: np.ndarray) -> np.ndarray:
    """Network outputs (..., 7) in [-1, 1] -> Bridge actions, float64."""
    return ACTION_LOW + (np.asarray(actions, dtype=np.float64) + 1.0) * 0.5 * (ACTION_HIGH - ACTION_LOW)
