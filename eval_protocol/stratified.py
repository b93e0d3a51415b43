"""One test over several conditions: each condition is a stratum in which two policies had some trials each."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Sequence, Tuple

import numpy as np

from eval_protocol.comparison import GREATER, TWO_SIDED

_EQUAL = 1.0 + 1e-7
"""Probabilities this near are ties: they differ by rounding alone."""


@dataclass(frozen=True)
class Stratum:
    """Successes and trials of the policies a and b in one condition, such as a start pose."""

    successes_a: int
    trials_a: int
    successes_b: int
    trials_b: int


def stratified(strata: Sequence[Stratum], alternative: str = TWO_SIDED) -> float:
    """Exact conditional test that the policies' common odds ratio over the strata is 1 (Gart 1970; Agresti, 6.3).

    Given each stratum's margins, a's successes are hypergeometric under the null, and their sum is distributed as the
    convolution. Two-sided: the probability of all sums that are no more likely than the observed one.
    """
    distribution, lowest = np.ones(1), 0
    for one in strata:
        low, weights = _hypergeometric(one.trials_a, one.trials_b, one.successes_a + one.successes_b)
        distribution, lowest = np.convolve(distribution, weights), lowest + low
    at = sum(one.successes_a for one in strata) - lowest
    if alternative == GREATER:
        return float(min(1.0, distribution[at:].sum()))
    return float(min(1.0, distribution[distribution <= distribution[at] * _EQUAL].sum()))


def excess(strata: Sequence[Stratum]) -> float:
    """By how much a's successes exceed what is expected of them, given the margins, where both are equally good."""
    return sum(
        one.successes_a - one.trials_a * (one.successes_a + one.successes_b) / (one.trials_a + one.trials_b)
        for one in strata
        if one.trials_a + one.trials_b
    )


@lru_cache(maxsize=None)
def _hypergeometric(trials_a: int, trials_b: int, successes: int) -> Tuple[int, np.ndarray]:
    """The least possible number of a's successes, and the probabilities of that and the following ones."""
    from scipy.stats import hypergeom

    low, high = max(0, successes - trials_b), min(successes, trials_a)
    weights = hypergeom.pmf(np.arange(low, high + 1), trials_a + trials_b, successes, trials_a)
    return low, np.atleast_1d(weights)
