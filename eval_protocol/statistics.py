"""Success rates with exact intervals, and what a number of trials can and cannot show."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Dict, Optional, Union


@dataclass(frozen=True)
class Proportion:
    """k successes in n trials with its Clopper-Pearson (primary) and Wilson intervals at ``confidence``."""

    successes: int
    trials: int
    confidence: float
    low: float
    high: float
    wilson_low: float
    wilson_high: float

    def to_json(self) -> Dict[str, Union[int, float]]:
        """The fields as plain numbers."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.successes}/{self.trials} [{self.low:.2f}, {self.high:.2f}]"


@lru_cache(maxsize=4096)  # SciPy takes milliseconds
def proportion(successes: int, trials: int, confidence: float = 0.95) -> Proportion:
    """The success rate with its intervals; no trials at all leave the whole range 0..1 open."""
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must be 0..trials, got {successes} of {trials}")
    if trials == 0:
        return Proportion(0, 0, confidence, 0.0, 1.0, 0.0, 1.0)
    from scipy.stats import binomtest

    test = binomtest(successes, trials)
    exact = test.proportion_ci(confidence, method="exact")
    wilson = test.proportion_ci(confidence, method="wilson")
    values = (exact.low, exact.high, wilson.low, wilson.high)
    return Proportion(successes, trials, confidence, *(float(value) for value in values))


def distinguishable(successes: int, trials: int, alpha: float = 0.05) -> Dict[str, Optional[int]]:
    """The nearest counts of another policy, given as many trials, that Boschloo's two-sided test tells apart.

    Returns ``worse`` (largest such count below) and ``better`` (smallest above), None where no count would do.
    """
    from scipy.stats import boschloo_exact

    def differs(other: int) -> bool:
        table = [[successes, other], [trials - successes, trials - other]]
        return bool(boschloo_exact(table, n=16).pvalue < alpha)

    worse = next((other for other in range(successes - 1, -1, -1) if differs(other)), None)
    better = next((other for other in range(successes + 1, trials + 1) if differs(other)), None)
    return {"worse": worse, "better": better}


def what_it_shows(rate: Proportion) -> str:
    """In words: what these trials say about the true success rate, and what they cannot tell apart."""
    if rate.trials == 0:
        return "No trial has been judged: nothing is known about the success rate."
    near = distinguishable(rate.successes, rate.trials)
    bounds = [
        "at most {}".format(near["worse"]) if near["worse"] is not None else "",
        "at least {}".format(near["better"]) if near["better"] is not None else "",
    ]
    apart = " or ".join(bound for bound in bounds if bound)
    n = rate.trials
    compare = (
        f"a second policy in {n} trials of its own would differ only with {apart} successes "
        "(two-sided Boschloo test, p < .05); anything between is inconclusive."
        if apart
        else f"no result of a second policy in {n} trials of its own would differ (two-sided Boschloo test, "
        "p < .05): more trials are needed."
    )
    return (
        f"{rate.successes}/{n}: the true success rate in these conditions lies between {rate.low:.0%} and "
        f"{rate.high:.0%} ({rate.confidence:.0%} Clopper-Pearson). "
        f"These trials cannot narrow it further, and {compare}"
    )
