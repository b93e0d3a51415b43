"""Least-squares temporal differences on video, VIP's ablation of its objective (VIP G.2)."""

from typing import Optional, Tuple

from torch import Tensor

from vptr_policy.algorithms.distances import value
from vptr_policy.algorithms.learner import Info


def lstd_loss(
    goal: Tensor, now: Tensor, following: Tensor, rewards: Optional[Tensor] = None, discount: float = 0.98
) -> Tuple[Tensor, Info]:
    """mean_B[(r + gamma V(o', g) - V(o, g))^2] with V = -L2 distance (VIP Eq. 29); gradients flow through both values.

    Args:
        goal: (B, D), phi(g).
        now: (B, D), phi(o).
        following: (B, D), phi(o').
        rewards: (B,), 1[o == g] - 1; none: -1, since o is before g.
        discount: gamma.
    """
    reward = -1.0 if rewards is None else rewards
    error = reward + discount * value(following, goal) - value(now, goal)
    return error.square().mean(), {"td_error": error.detach().mean()}
