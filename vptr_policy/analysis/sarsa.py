"""How well a linear value fits frozen features (V-PTR 5.2, Fig. 6 right): SARSA has a closed-form solution there."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq


@dataclass(frozen=True)
class Walk:
    """N transitions of the behaviour policy, seen through frozen features."""

    features: np.ndarray
    """(N, F) of s"""
    next_features: np.ndarray
    """(N, F) of s'; what stands where ``masks`` is 0 does not count"""
    rewards: np.ndarray
    """(N,)"""
    masks: np.ndarray
    """(N,) 0 where the trajectory ends"""
    returns: np.ndarray
    """(N,) the true value: discounted sum of the rewards to the end"""


@dataclass(frozen=True)
class LinearValue:
    """V(s) = [standardised features, 1] . ``weights`` (F + 1,)."""

    weights: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The values (N,) of features (N, F)."""
        return _design(features, self.mean, self.scale) @ self.weights


def fit_sarsa(walk: Walk, gamma: float, ridge: float = 1e-3) -> LinearValue:
    """The fixed point of SARSA's value on linear features: A w = b with

        A = X^T (X - gamma M X') / N + ridge I,   b = X^T r / N

    where X holds the standardised features and a 1, M the masks. That is what TD(0) on the data's own next states
    converges to. The paper names a closed-form solution and gives none; the ridge (not on the intercept) is ours, for
    features that depend on each other.
    """
    mean, scale = walk.features.mean(0, dtype=np.float64), walk.features.std(0, dtype=np.float64)
    scale = np.where(scale > 1e-8, scale, 1.0)
    design, following = _design(walk.features, mean, scale), _design(walk.next_features, mean, scale)
    penalty = ridge * np.eye(design.shape[1])
    penalty[-1, -1] = 0.0
    change = design - gamma * walk.masks[:, None] * following
    matrix = design.T @ change / len(design) + penalty
    weights, *_ = lstsq(matrix, design.T @ walk.rewards / len(design))
    return LinearValue(weights, mean, scale)


def value_error(value: LinearValue, walk: Walk) -> float:
    """Mean squared error of a fitted value on held-out transitions, as a share of the variance of the true values.

    0 is perfect; 1 is what the mean of the held-out values would score.
    """
    variance = float(np.var(walk.returns))
    if variance == 0.0:
        raise ValueError("the held-out states all have the same true value: there is nothing to explain")
    return float(np.mean((value(walk.features) - walk.returns) ** 2)) / variance


def _design(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    standard = (np.asarray(features, dtype=np.float64) - mean) / scale
    return np.concatenate([standard, np.ones((len(standard), 1))], axis=1)
