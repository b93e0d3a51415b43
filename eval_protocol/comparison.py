"""Whether one policy succeeds more often than another: exact tests, the difference with its interval, many at once."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Dict, Hashable, List, Sequence, Tuple

import numpy as np

from eval_protocol.statistics import Proportion, proportion

TWO_SIDED, GREATER = "two-sided", "greater"
"""What a test asks: whether the two differ, or whether the first is better."""
PAIRED, UNPAIRED = "paired", "unpaired"
"""What an interval of a difference is of: the same scenes or starts with both policies, or trials of their own."""


@dataclass(frozen=True)
class Comparison:
    """Policy ``a`` against ``b`` on the same scenes.

    ``only_a`` scenes were solved by a alone, ``only_b`` by b alone. ``low`` to ``high`` is Newcombe's interval of the
    difference for pairs. ``mcnemar_p`` is the exact test of the pairs and the primary one here; ``boschloo_p`` ignores
    the pairing, as a reader who has only the counts must.
    """

    successes_a: int
    successes_b: int
    trials: int
    only_a: int
    only_b: int
    difference: float
    low: float
    high: float
    mcnemar_p: float
    boschloo_p: float

    def to_json(self) -> Dict[str, Any]:
        """The fields as plain numbers, and which kind of interval it is."""
        return {**asdict(self), "interval": PAIRED}


def compare(a: Sequence[bool], b: Sequence[bool], confidence: float = 0.95) -> Comparison:
    """Compare two policies' successes on the same scenes in the same order."""
    one, other = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    if one.shape != other.shape or one.ndim != 1 or not len(one):
        raise ValueError(f"{one.shape} and {other.shape} successes: expected those of the same scenes, at least one")
    count, wins, losses = len(one), int((one & ~other).sum()), int((other & ~one).sum())
    k_a, k_b = int(one.sum()), int(other.sum())
    low, high = paired_interval(int((one & other).sum()), wins, losses, int((~one & ~other).sum()), confidence)
    return Comparison(
        k_a, k_b, count, wins, losses, (k_a - k_b) / count, low, high,
        mcnemar(wins, losses), boschloo(k_a, count, k_b, count),
    )  # fmt: skip


@dataclass(frozen=True)
class ClusteredComparison:
    """Policy ``a`` against ``b`` on pairs of trials of which those of a cluster are alike.

    Such as one scene with and without distractors: whoever solves one tends to solve the other, and to count them as if
    they were independent would promise more than is known. ``low`` to ``high`` is the difference with a standard
    error over clusters and Student's t; ``p`` is the exact test that flips the sign of the difference of whole clusters
    (McNemar's, where each has one pair).
    """

    successes_a: int
    successes_b: int
    trials: int
    clusters: int
    difference: float
    low: float
    high: float
    p: float


def compare_clusters(
    a: Sequence[bool], b: Sequence[bool], clusters: Sequence[Hashable], confidence: float = 0.95
) -> ClusteredComparison:
    """Compare two policies' successes on the same trials in the same order, each of the cluster it is named with."""
    one, other = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    if one.shape != other.shape or one.ndim != 1 or len(clusters) != len(one):
        raise ValueError(f"{one.shape} and {other.shape} successes of {len(clusters)} trials: expected as many of each")
    names = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    if len(names) < 2:
        raise ValueError(f"{len(names)} clusters: expected two at least, between which something can vary")
    from scipy.stats import t

    which = np.array([names[name] for name in clusters])
    sums = np.bincount(which, one.astype(float) - other)
    count, difference = len(one), float(sums.sum() / len(one))
    beyond = sums - np.bincount(which) * difference
    error = np.sqrt(len(names) / (len(names) - 1) * (beyond**2).sum()) / count
    reach = float(t.ppf((1.0 + confidence) / 2.0, len(names) - 1) * error)
    return ClusteredComparison(
        int(one.sum()), int(other.sum()), count, len(names), difference, difference - reach, difference + reach,
        sign_flip([int(value) for value in sums]),
    )  # fmt: skip


def sign_flip(differences: Sequence[int]) -> float:
    """Two-sided exact test whether whole differences are as often positive as negative: all their signs are flipped."""
    sizes = [abs(value) for value in differences if value]
    chances = np.ones(1)  # of the sums from -total to total
    for size in sizes:
        chances = 0.5 * (np.pad(chances, (0, 2 * size)) + np.pad(chances, (2 * size, 0)))
    total = sum(sizes)
    far = np.abs(np.arange(-total, total + 1)) >= abs(sum(differences))
    return min(1.0, float(chances[far].sum()))


def mcnemar(only_a: int, only_b: int, alternative: str = TWO_SIDED) -> float:
    """Exact McNemar test: were the scenes that one alone solved a fair coin's? 1 where there are none."""
    from scipy.stats import binomtest

    total = only_a + only_b
    return float(binomtest(only_a, total, 0.5, alternative=alternative).pvalue) if total else 1.0


@lru_cache(maxsize=None)
def boschloo(successes_a: int, trials_a: int, successes_b: int, trials_b: int, alternative: str = TWO_SIDED) -> float:
    """Exact unconditional test of two independent proportions (Boschloo 1970); ``greater``: a is better."""
    from scipy.stats import boschloo_exact

    table = [[successes_a, successes_b], [trials_a - successes_a, trials_b - successes_b]]
    if 0 in np.sum(table, axis=1) or 0 in np.sum(table, axis=0):  # all or none succeeded: no table is more even
        return 1.0
    return min(1.0, float(boschloo_exact(table, alternative, n=32).pvalue))


def difference_interval(
    successes_a: int, trials_a: int, successes_b: int, trials_b: int, confidence: float = 0.95
) -> Tuple[float, float]:
    """Newcombe's interval of the difference a - b of two rates of independent trials, from their Wilson intervals.

    (Statistics in Medicine 17:873-890, 1998, method 10.) Of pairs it is rather too wide than too narrow where both
    tend to succeed in the same ones: ``paired_interval`` is for those. Without trials of one nothing is known: -1 to 1.
    """
    return _joined(proportion(successes_a, trials_a, confidence), proportion(successes_b, trials_b, confidence), 0.0)


def paired_interval(both: int, only_a: int, only_b: int, neither: int, confidence: float = 0.95) -> Tuple[float, float]:
    """Newcombe's interval of the difference a - b of two rates in the same scenes, of which four counts are given.

    (Statistics in Medicine 17:2635-2650, 1998, method 10: the Wilson intervals of the two rates are joined by the
    correlation phi, which is corrected for continuity where it is positive, and 0 where a rate is 0 or 1.) Without
    scenes nothing is known: -1 to 1.
    """
    successes_a, successes_b, trials = both + only_a, both + only_b, both + only_a + only_b + neither
    agreement = float(both * neither - only_a * only_b)
    if agreement > 0:
        agreement = max(agreement - trials / 2, 0.0)
    scale = successes_a * (trials - successes_a) * successes_b * (trials - successes_b)
    phi = agreement / np.sqrt(scale) if scale else 0.0
    return _joined(proportion(successes_a, trials, confidence), proportion(successes_b, trials, confidence), phi)


def _joined(a: Proportion, b: Proportion, phi: float) -> Tuple[float, float]:
    """The interval of the difference of two rates whose estimates have the correlation ``phi``."""
    if not (a.trials and b.trials):
        return -1.0, 1.0
    rate_a, rate_b = a.successes / a.trials, b.successes / b.trials

    def reach(one: float, other: float) -> float:
        return float(np.sqrt(one**2 - 2.0 * phi * one * other + other**2))

    below = reach(rate_a - a.wilson_low, b.wilson_high - rate_b)
    above = reach(a.wilson_high - rate_a, rate_b - b.wilson_low)
    return rate_a - rate_b - below, rate_a - rate_b + above


def holm(p_values: Sequence[float]) -> List[float]:
    """Holm's adjusted p-values of several comparisons, in their order (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = [0.0] * len(order)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * float(p_values[index])))
        adjusted[int(index)] = highest
    return adjusted
