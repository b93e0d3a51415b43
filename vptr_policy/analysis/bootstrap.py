"""Averages with bootstrap intervals over independent units: trajectories, not their frames, which are alike."""

from dataclasses import asdict, dataclass
from typing import Callable, Dict, Optional, Sequence, Union

import numpy as np

RESAMPLES = 2000
CONFIDENCE = 0.95
CHUNK = 256
"""Resamples drawn at once, which bounds the memory."""


@dataclass(frozen=True)
class Estimate:
    """A statistic of ``units`` units and its 95 % percentile interval, which a single unit does not have."""

    value: float
    low: Optional[float]
    high: Optional[float]
    units: int

    def plain(self) -> Dict[str, Union[float, int, None]]:
        """JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.value:.3f}" if self.low is None else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(sums: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], seed: int = 0) -> Estimate:
    """A statistic of sums over units, and its interval when units are drawn again with replacement.

    Args:
        sums: (units, K), what each unit adds to the K sums.
        statistic: of sums (..., K) -> (...); NaN for resamples of which there is none, which do not count.
        seed: of the draws.

    Raises:
        ValueError: where there is no unit, or no statistic of all of them.
    """
    sums = np.asarray(sums, dtype=np.float64)
    count = len(sums)
    if not count:
        raise ValueError("there is nothing to average: expected at least one trajectory")
    value = float(statistic(sums.sum(0)))
    if np.isnan(value):
        raise ValueError(f"the statistic of all {count} is not a number")
    if count == 1:
        return Estimate(value, None, None, count)
    random = np.random.default_rng([seed, count])
    drawn = []
    for start in range(0, RESAMPLES, CHUNK):
        chosen = random.multinomial(count, np.full(count, 1.0 / count), min(CHUNK, RESAMPLES - start))
        drawn.append(statistic(chosen @ sums))
    tail = 50.0 * (1.0 - CONFIDENCE)
    low, high = np.nanpercentile(np.concatenate(drawn), (tail, 100.0 - tail))
    return Estimate(value, float(low), float(high), count)


def mean(values: Sequence[float], seed: int = 0) -> Estimate:
    """The mean of one number a unit."""
    column = np.asarray(values, dtype=np.float64)
    return bootstrap(np.stack([column, np.ones_like(column)], -1), lambda sums: sums[..., 0] / sums[..., 1], seed)
