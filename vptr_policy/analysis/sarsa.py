"""How well a linear value fits frozen features (V-PTR 5.2, Fig. 6 right): SARSA has a closed-form solution there."""

from dataclasses import dataclass, replace
from typing import Iterator, Tuple

import numpy as np

CHUNK = 4096
"""Transitions whose features are held in double precision at once."""


@dataclass(frozen=True)
class Walk:
    """n transitions of the behaviour policy over N frames, seen through frozen features."""

    features: np.ndarray
    """(N, F) of the frames"""
    now: np.ndarray
    """(n,) frame of s"""
    next: np.ndarray
    """(n,) frame of s'; does not count where ``masks`` is 0"""
    rewards: np.ndarray
    """(n,)"""
    masks: np.ndarray
    """(n,) 0 where the trajectory ends"""
    returns: np.ndarray
    """(n,) the true value: discounted sum of the rewards to the end"""
    task: np.ndarray
    """(n,) number of the task, 0 .. ``tasks`` - 1"""
    tasks: int = 1

    def __len__(self) -> int:
        return len(self.now)

    def part(self, rows: np.ndarray) -> "Walk":
        """The transitions ``rows`` over the same frames."""
        columns = ("now", "next", "rewards", "masks", "returns", "task")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})


@dataclass(frozen=True)
class LinearValue:
    """V(s) = standardised features . ``weights`` (F,) + ``intercepts`` (tasks,) of the task."""

    weights: np.ndarray
    intercepts: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def __call__(self, walk: Walk) -> np.ndarray:
        """The values (n,) of the states s of a walk."""
        frames = (walk.features[walk.now[rows]] for rows in _chunks(len(walk)))
        parts = [_standard(features, self.mean, self.scale) @ self.weights for features in frames]
        return np.concatenate(parts) + self.intercepts[walk.task]


@dataclass(frozen=True)
class Moments:
    """All that linear values need to know of a walk; D = F + tasks columns, the last of them one-hot task ids."""

    change: np.ndarray
    """(D, D) X^T (X - gamma M X') / n"""
    reward: np.ndarray
    """(D,) X^T r / n"""
    square: np.ndarray
    """(D, D) X^T X / n"""
    outcome: np.ndarray
    """(D,) X^T G / n"""
    mean: np.ndarray
    scale: np.ndarray

    def sarsa(self, ridge: float) -> LinearValue:
        """The fixed point of SARSA's value on linear features: A w = b with

            A = X^T (X - gamma M X') / n + ridge I,   b = X^T r / n

        where X holds the standardised features and a one-hot task id, M the masks. That is what TD(0) on the data's own
        next states converges to. The paper names a closed-form solution and gives none; the ridge (not on the
        intercepts) is ours, for features that depend on each other, and so are the intercepts of the tasks: V-PTR's
        critic is told its task.
        """
        return self._solved(self.change, self.reward, ridge)

    def regression(self, ridge: float) -> LinearValue:
        """The ridge regression of the true values on the same features: what of them is there to be found at all."""
        return self._solved(self.square, self.outcome, ridge)

    def _solved(self, matrix: np.ndarray, right: np.ndarray, ridge: float) -> LinearValue:
        count = len(self.mean)
        penalty = np.where(np.arange(len(right)) < count, ridge, 0.0)
        system = matrix + np.diag(penalty)
        try:
            weights = np.linalg.solve(system, right)
        except np.linalg.LinAlgError:  # a task without transitions, or features without a ridge
            weights = np.linalg.lstsq(system, right, rcond=None)[0]
        return LinearValue(weights[:count], weights[count:], self.mean, self.scale)


def moments(walk: Walk, gamma: float) -> Moments:
    """The moments of a walk; features are standardised by its own states."""
    mean, scale = _statistics(walk)
    size = len(mean) + walk.tasks
    change, square = np.zeros((size, size)), np.zeros((size, size))
    reward, outcome = np.zeros(size), np.zeros(size)
    for rows in _chunks(len(walk)):
        ids = np.eye(walk.tasks)[walk.task[rows]]
        design = np.concatenate([_standard(walk.features[walk.now[rows]], mean, scale), ids], 1)
        after = np.concatenate([_standard(walk.features[walk.next[rows]], mean, scale), ids], 1)
        change += design.T @ (design - gamma * walk.masks[rows, None] * after)
        square += design.T @ design
        reward += design.T @ walk.rewards[rows]
        outcome += design.T @ walk.returns[rows]
    count = len(walk)
    return Moments(change / count, reward / count, square / count, outcome / count, mean, scale)


def error_sums(value: LinearValue, walk: Walk, trajectory: np.ndarray) -> np.ndarray:
    """What each trajectory adds to the sums of squared errors, transitions, true values and their squares.

    Args:
        value: fitted on other trajectories.
        walk: held-out transitions.
        trajectory: (n,) the trajectory of each.

    Returns:
        (trajectories, 4), for ``relative_error`` and ``bootstrap``.
    """
    _, number = np.unique(trajectory, return_inverse=True)
    errors = (value(walk) - walk.returns) ** 2
    true = walk.returns.astype(np.float64)
    columns = (errors, np.ones(len(walk)), true, true**2)
    return np.stack([np.bincount(number, column) for column in columns], 1)


def relative_error(sums: np.ndarray) -> np.ndarray:
    """Mean squared error as a share of the variance of the true values, of sums (..., 4) of ``error_sums``.

    0 is perfect; 1 is what the mean of the held-out values would score. The paper does not say the scale of its errors.
    NaN where all values are the same, and there is nothing to explain.
    """
    errors, count, total, squares = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    variance = squares / count - (total / count) ** 2
    return errors / count / np.where(variance > 1e-12 * squares / count, variance, np.nan)


def _statistics(walk: Walk) -> Tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the features of s, (F,) each; 1 for a feature that is constant."""
    total, squares = 0.0, 0.0
    offset = walk.features[walk.now[0]].astype(np.float64)  # against cancellation
    for rows in _chunks(len(walk)):
        shifted = walk.features[walk.now[rows]] - offset
        total, squares = total + shifted.sum(0), squares + (shifted**2).sum(0)
    centre = np.asarray(total) / len(walk)
    deviation = np.sqrt(np.maximum(np.asarray(squares) / len(walk) - centre**2, 0.0))
    return centre + offset, np.where(deviation > 1e-6, deviation, 1.0)


def _standard(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return (np.asarray(features, dtype=np.float64) - mean) / scale


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
