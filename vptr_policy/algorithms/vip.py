"""Value-implicit pre-training (Ma et al., VIP, 2023)."""

import math
from typing import Optional, Tuple

import torch
from torch import Tensor

from vptr_policy.algorithms.distances import value
from vptr_policy.algorithms.learner import Info

EPSILON = 1e-8


def vip_loss(
    start: Tensor,
    goal: Tensor,
    now: Tensor,
    following: Tensor,
    negatives: Optional[Tensor] = None,
    rewards: Optional[Tensor] = None,
    discount: float = 0.98,
    joint: bool = False,
) -> Tuple[Tensor, Info]:
    """The dual value objective with the value -L2 distance: VIP Eq. 4 with the exponent moved inside, as in Alg. 2.

    L = (1 - gamma) mean[-V(o_0, g)] + log(1e-8 + mean exp(-(r + gamma V(o', g) - V(o, g))))
        + log(1e-8 + mean exp(-(-1 + gamma V(o'_j, g) - V(o_j, g)))) over transitions j of other clips.

    Eq. 6 and Alg. 1 of the paper print both distance signs of the exponent flipped: Eq. 3-4, Alg. 2 and the public
    code are followed. The last term is the code's; the paper (D.1) includes the negatives in the first mean: ``joint``.

    Args:
        start: (B, D), phi(o_0).
        goal: (B, D), phi(g).
        now: (B, D), phi(o).
        following: (B, D), phi(o').
        negatives: (K, B) row numbers, each row an order of the batch; none: no last term.
        rewards: (B,), 1[o == g] - 1; none: -1, since o is before g.
        discount: gamma.
        joint: one logarithm of one mean over the transitions of this and of other clips, instead of two.
    """
    attraction = -(1.0 - discount) * value(start, goal).mean()
    reward = -1.0 if rewards is None else rewards
    error = reward + discount * value(following, goal) - value(now, goal)
    groups, info = [-error], {"attraction": attraction.detach(), "td_error": error.detach().mean()}
    if negatives is not None and len(negatives):
        negative_error = -1.0 + discount * value(following[negatives], goal) - value(now[negatives], goal)
        groups.append(-negative_error.flatten())
        info["negative_td_error"] = negative_error.detach().mean()
    if joint:
        groups = [torch.cat(groups)]
    return attraction + torch.stack([_log_mean_exp(group) for group in groups]).sum(), info


def _log_mean_exp(values: Tensor) -> Tensor:
    """log(1e-8 + mean exp(x)), which does not overflow."""
    mean = torch.logsumexp(values, 0) - math.log(len(values))
    return torch.logaddexp(mean, torch.full_like(mean, math.log(EPSILON)))
