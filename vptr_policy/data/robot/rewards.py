"""Rewards, bootstrap masks and Monte-Carlo returns of trajectories that say only whether they succeeded."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RewardOptions:
    """How success is turned into rewards (PTR, and the V-PTR release)."""

    final_steps: int = 3
    """The last this many steps of a successful trajectory are rewarded (V-PTR section 3: the final three)."""
    scale: float = 11.0
    """The reward is scale * r + shift: with 11 and -1 it is 10 on rewarded steps and -1 on all others."""
    shift: float = -1.0
    """See scale; the papers print r in {0, 1} only: scale 1 and shift 0."""
    discount: float = 0.96
    """Of the Monte-Carlo returns."""

    def __post_init__(self) -> None:
        if self.final_steps < 1 or not 0.0 <= self.discount <= 1.0:
            raise ValueError(f"final_steps must be at least 1 and discount within [0, 1], got {self}")

    @property
    def never(self) -> float:
        """What it is worth never to succeed: ``shift`` for ever, which without discount is endless."""
        if self.discount < 1.0:
            return self.shift / (1.0 - self.discount)
        return math.copysign(math.inf, self.shift) if self.shift else 0.0


def rewarded(remaining: np.ndarray, success: np.ndarray, options: RewardOptions) -> np.ndarray:
    """Whether each step is one of the last of a success, (n,) bool.

    Args:
        remaining: (n,) steps that follow this one in its trajectory, 0 for the last.
        success: (n,) whether its trajectory succeeded. A trajectory that failed is rewarded nowhere: the sources know
            only demonstrations, all of which succeed, and the simulator's failures run into their time limit.
    """
    return success & (remaining < options.final_steps)


def scaled(positive: np.ndarray, options: RewardOptions) -> np.ndarray:
    """Rewards (n,) float32: ``scale + shift`` on rewarded steps, ``shift`` on the others."""
    return (options.scale * positive + options.shift).astype(np.float32)


def masks(positive: np.ndarray) -> np.ndarray:
    """What the value of s' counts, (n,) float32: 0 on every rewarded step, 1 elsewhere, at the end of a failure too.

    A failure ends by a time limit, which says nothing of the value of the state it ended in.
    """
    return (~positive).astype(np.float32)


def returns(rewards: np.ndarray, mask: np.ndarray, remaining: np.ndarray, options: RewardOptions) -> np.ndarray:
    """Monte-Carlo returns G_t = r_t + discount * mask_t * G_{t+1}, (n,) float32: of the process the backup sees.

    A rewarded step ends it. A failure that runs into its time limit would go on as it is, without reward for ever:
    G = shift / (1 - discount) there, as Cal-QL's public code has it, so that a return bounds a value from below. (Cut
    off at the limit, the last step of a failure would be worth more than any other.) The steps of a trajectory are
    neighbours in their order.
    """
    out = rewards.astype(np.float64)
    given_up = (remaining == 0) & (mask > 0)
    out[given_up] += options.discount * options.never
    order = np.argsort(remaining, kind="stable")
    counts = np.bincount(remaining)
    for steps in np.split(order, np.cumsum(counts)[:-1])[1:]:
        out[steps] += options.discount * mask[steps] * out[steps + 1]
    return out.astype(np.float32)
