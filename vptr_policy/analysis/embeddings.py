"""Distances to the goal in an embedding along videos (VIP 5.3; appendix G.5-G.8, Figs. 6 and 7, Table 5)."""

from typing import Dict, Sequence

import numpy as np

BINS = 40
"""Of the histograms; an even number, so that 0 is an edge and there is a first positive bin."""
COVERED = 99.5
"""Percentage of the rewards within the histogram's range; those beyond it are counted in the outermost bins."""


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


def histogram_edges(curves: Sequence[np.ndarray], bins: int = BINS) -> np.ndarray:
    """Edges (bins + 1,) symmetric about 0 that hold nearly all rewards of all curves; one set for what is compared."""
    if bins % 2:
        raise ValueError(f"{bins} bins: expected an even number, so that 0 is an edge")
    sizes = np.abs(np.concatenate([rewards(curve) for curve in curves]))
    widest = float(np.percentile(sizes, COVERED)) or 1.0
    return widest * np.arange(-bins // 2, bins // 2 + 1) / (bins // 2)  # 0 is exact


def reward_histogram(curves: Sequence[np.ndarray], edges: np.ndarray) -> np.ndarray:
    """Counts of the rewards of all videos (VIP Figs. 7, 21, 22); those beyond the edges are in the outermost bins."""
    values = np.concatenate([rewards(curve) for curve in curves])
    return np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]


def count_ratio(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """(|ours| - |theirs|) / |theirs| of each bin, NaN where theirs is empty (VIP 5.3, Fig. 7 below)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(theirs > 0, (ours - theirs) / theirs, np.nan)


def peak(counts: np.ndarray) -> Dict[str, float]:
    """The shares of the first bin above 0, of negative rewards and of both outermost bins (VIP 5.3)."""
    total, middle = float(counts.sum()), len(counts) // 2
    return {
        "first_positive_bin": float(counts[middle]) / total,
        "negative": float(counts[:middle].sum()) / total,
        "outermost_bins": float(counts[0] + counts[-1]) / total,
    }
