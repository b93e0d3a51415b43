"""Distances to the goal in an embedding along videos (VIP 5.3; appendix G.5-G.8, Figs. 6 and 7, Table 5)."""

from typing import Sequence, Tuple

import numpy as np


def distance_curve(embeddings: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """||phi(o_t) - phi(g)||_2 along a video, over its first value; embeddings (T, E), goal (E,) -> (T,).

    A video that begins at its goal is left unscaled.
    """
    distances = np.linalg.norm(np.asarray(embeddings, dtype=np.float64) - goal, axis=-1)
    return distances / distances[0] if distances[0] > 0 else distances


def rewards(curve: np.ndarray) -> np.ndarray:
    """The embedding reward of each step, d_t - d_{t+1} (VIP eq. 1 with S = -||.||); (T,) -> (T - 1,)."""
    return -np.diff(curve)


def bump_share(curve: np.ndarray) -> float:
    """Share of the steps that lead away from the goal: negative rewards (VIP G.6, Table 5)."""
    return float((rewards(curve) < 0).mean())


def reward_histogram(curves: Sequence[np.ndarray], bins: int = 41) -> Tuple[np.ndarray, np.ndarray]:
    """Counts and edges of all rewards of all videos, bins symmetric about 0 (VIP Figs. 7, 21, 22)."""
    values = np.concatenate([rewards(curve) for curve in curves])
    widest = float(np.abs(values).max()) or 1.0
    counts, edges = np.histogram(values, bins, (-widest, widest))
    return counts, edges
