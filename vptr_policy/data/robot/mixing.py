"""Which transitions a batch holds: strata in fixed shares, a pure function of seed, step and rank."""

from fractions import Fraction
from typing import Dict, List, Sequence, Tuple

import numpy as np

FINEST_SHARE = 10**6


class MixedIndex:
    """Draws batches from strata of rows in given shares, each stratum in an endless sequence of random orders.

    A share that is no whole number of a batch is carried over: with share .1 and batches of 64 a batch holds 6 or 7
    rows, and any number of batches in a row within one row of their exact share. (The release of PTR cuts the source's
    share down to a whole number instead, 57 and 7 of 64.) All ranks of a step together are ``world`` consecutive
    batches of one stream, so that no two of them see the same row of an order.

    Args:
        strata: row numbers of each stratum, all different; one with a share must not be empty.
        shares: of each stratum in every batch, summing to 1. The paper's tau = .1 is the share of the *target*; the
            code's ``target_mixing_ratio`` = .9 is the share of the source; both are (.9, .1) here. For the simulation
            the paper prints tau = .7, ambiguous between (.3, .7) and (.7, .3).
        seed: of the orders.
    """

    def __init__(self, strata: Sequence[np.ndarray], shares: Sequence[float], seed: int) -> None:
        if len(strata) != len(shares) or min(shares) < 0.0 or abs(sum(shares) - 1.0) > 1e-6:
            raise ValueError(
                f"the shares {tuple(shares)} of {len(strata)} strata must be as many, not negative, and sum to 1"
            )
        for number, (rows, share) in enumerate(zip(strata, shares)):
            if share > 0.0 and not len(rows):
                raise ValueError(f"stratum {number} has share {share} of each batch but no transition")
        self._strata = [np.asarray(rows, np.int64) for rows in strata]
        self._shares = [Fraction(share).limit_denominator(FINEST_SHARE) for share in shares]
        self._seed = seed
        self._orders: Dict[Tuple[int, int], np.ndarray] = {}

    def rows(self, step: int, batch: int, rank: int = 0, world: int = 1) -> np.ndarray:
        """The (batch,) rows of ``step`` on ``rank`` of ``world``, each of which takes ``batch``."""
        number = step * world + rank
        begin, end = self._drawn(number * batch), self._drawn((number + 1) * batch)
        parts = [self._slice(stratum, *span) for stratum, span in enumerate(zip(begin, end))]
        return np.concatenate(parts)

    def counts(self, step: int, batch: int, rank: int = 0, world: int = 1) -> Tuple[int, ...]:
        """How many rows of each stratum that batch holds."""
        number = step * world + rank
        begin, end = self._drawn(number * batch), self._drawn((number + 1) * batch)
        return tuple(last - first for first, last in zip(begin, end))

    def _drawn(self, total: int) -> List[int]:
        """How many of the first ``total`` rows of the stream come from each stratum.

        The first stratum takes the floor of its share, the next the floor of its share of what is left, and so on:
        none of the numbers ever falls as ``total`` grows, and they add up to it.
        """
        drawn: List[int] = []
        left, share_left = total, Fraction(sum(self._shares))
        for share in self._shares:
            taken = left * share // share_left if share_left else 0
            drawn.append(int(taken))
            left, share_left = left - int(taken), share_left - share
        return drawn

    def _slice(self, stratum: int, begin: int, end: int) -> np.ndarray:
        rows = self._strata[stratum]
        parts = [np.empty(0, np.int64)]
        while begin < end:
            epoch, place = divmod(begin, len(rows))
            until = min(end - epoch * len(rows), len(rows))
            parts.append(rows[self._order(stratum, epoch)[place:until]])
            begin = epoch * len(rows) + until
        return np.concatenate(parts)

    def _order(self, stratum: int, epoch: int) -> np.ndarray:
        key = (stratum, epoch)
        if key not in self._orders:
            kept = {
                known: order for known, order in self._orders.items() if known[0] != stratum or known[1] == epoch - 1
            }
            order = np.random.default_rng([self._seed, stratum, epoch]).permutation(len(self._strata[stratum]))
            self._orders = {**kept, key: order}
        return self._orders[key]
