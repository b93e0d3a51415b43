"""What a number of trials can show, before the first of them: power and the smallest difference that is found."""

from functools import lru_cache
from typing import Optional

import numpy as np

from eval_protocol.comparison import GREATER, TWO_SIDED, boschloo

MOST_EXACT = 100
"""Trials of a policy up to which all outcomes are counted; that takes minutes for many more."""
STEP = 0.01
"""Differences are tried in steps of one percentage point."""


@lru_cache(maxsize=None)
def rejected(trials_a: int, trials_b: int, alpha: float, alternative: str = TWO_SIDED) -> np.ndarray:
    """Which counts Boschloo's test tells apart: bool (trials_a + 1, trials_b + 1), [i, j] for i and j successes."""
    if alternative == GREATER:
        return _better(trials_a, trials_b, alpha)
    return _better(trials_a, trials_b, alpha / 2) | _better(trials_b, trials_a, alpha / 2).T


def power(rate_a: float, rate_b: float, region: np.ndarray) -> float:
    """The probability that policies of these true rates end in the ``region`` of counts."""
    from scipy.stats import binom

    n_a, n_b = region.shape[0] - 1, region.shape[1] - 1
    of_a, of_b = binom.pmf(np.arange(n_a + 1), n_a, rate_a), binom.pmf(np.arange(n_b + 1), n_b, rate_b)
    return float(of_a @ region @ of_b)


def approximate_power(
    rate_a: float, rate_b: float, trials_a: int, trials_b: int, alpha: float, alternative: str = TWO_SIDED
) -> float:
    """The probability that the z-test of two proportions says that a is better (Fleiss, Levin and Paik 2003, ch. 4)."""
    from scipy.stats import norm

    pooled = (trials_a * rate_a + trials_b * rate_b) / (trials_a + trials_b)
    null = (pooled * (1.0 - pooled) * (1.0 / trials_a + 1.0 / trials_b)) ** 0.5
    true = (rate_a * (1.0 - rate_a) / trials_a + rate_b * (1.0 - rate_b) / trials_b) ** 0.5
    bound = float(norm.isf(alpha if alternative == GREATER else alpha / 2)) * null
    if true == 0.0:
        return float(rate_a - rate_b > bound)
    return float(norm.cdf((rate_a - rate_b - bound) / true))


def detectable(
    base_rate: float,
    trials_a: int,
    trials_b: int,
    alpha: float = 0.05,
    alternative: str = TWO_SIDED,
    wanted: float = 0.8,
) -> Optional[float]:
    """The minimum detectable effect: the least difference above ``base_rate`` found with the ``wanted`` power.

    None where even a policy that always succeeds would not be told from the base so often. Exact up to ``MOST_EXACT``
    trials: all outcomes are counted; beyond, by the normal approximation of the two counts.
    """
    exact = max(trials_a, trials_b) <= MOST_EXACT
    region = rejected(trials_a, trials_b, alpha, alternative) if exact else None
    for step in range(1, round((1.0 - base_rate) / STEP) + 1):
        rate = min(1.0, base_rate + step * STEP)
        found = (
            power(rate, base_rate, region)
            if region is not None
            else approximate_power(rate, base_rate, trials_a, trials_b, alpha, alternative)
        )
        if found >= wanted:
            return round(rate - base_rate, 4)
    return None


def _better(trials_a: int, trials_b: int, alpha: float) -> np.ndarray:
    """The counts at which the one-sided test says that a is better.

    The more successes of a, the more b may have: one walk along the border finds it, a test a step.
    """
    region = np.zeros((trials_a + 1, trials_b + 1), dtype=bool)
    most = -1
    for successes in range(trials_a + 1):
        while most < trials_b and boschloo(successes, trials_a, most + 1, trials_b, GREATER) <= alpha:
            most += 1
        region[successes, : most + 1] = True
    return region
