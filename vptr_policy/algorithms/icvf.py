"""The loss of intent-conditioned value functions, phase 1 (V-PTR 4.1; Ghosh et al., ICVF, 2023)."""

from typing import Tuple

import torch
from torch import Tensor

from vptr_policy.algorithms.learner import Info


def expectile_weight(advantage: Tensor, expectile: float) -> Tensor:
    """w = tau where A >= 0, else 1 - tau.

    The papers print (alpha - 1[A <= 0]), whose absolute value this is but for A = 0, where the public code, which is
    followed, takes tau.
    """
    return torch.where(advantage >= 0, torch.full_like(advantage, expectile), 1.0 - expectile)


def intent_advantage(
    next_values: Tensor,
    values: Tensor,
    rewards: Tensor,
    masks: Tensor,
    discount: float = 0.99,
    pessimistic: bool = True,
) -> Tensor:
    """A = r_z + gamma m_z min_i V_i(s', z, z) - mean_i V_i(s, z, z), of s -> s' for who wants z: (B,).

    Args:
        next_values: (2, B), V_i(s', z, z) of the target network.
        values: (2, B), V_i(s, z, z); of the target network in the public code, of the online one in the papers.
        rewards: (B,) 1[s == z] - 1.
        masks: (B,) 0 where s == z.
        discount: gamma.
        pessimistic: the lesser head of s' (the code's setting) or else the mean of the heads.
    """
    next_value = next_values.amin(0) if pessimistic else next_values.mean(0)
    return rewards + discount * masks * next_value - values.mean(0)


def icvf_loss(
    values: Tensor,
    next_values: Tensor,
    rewards: Tensor,
    masks: Tensor,
    advantage: Tensor,
    expectile: float = 0.9,
    discount: float = 0.99,
) -> Tuple[Tensor, Info]:
    """Expectile regression of both heads to their own targets.

    L = sum_i mean_B[w (r + gamma m Vbar_i(s', g, z) - V_i(s, g, z))^2], w of ``expectile_weight``; each head has the
    target of its own head, without a minimum.

    Args:
        values: (2, B), V_i(s, g, z).
        next_values: (2, B), of the target network at (s', g, z).
        rewards: (B,) 1[s == g] - 1.
        masks: (B,) 0 where s == g.
        advantage: (B,), of ``intent_advantage``.
        expectile: tau.
        discount: gamma.
    """
    targets = (rewards + discount * masks * next_values).detach()
    weight = expectile_weight(advantage.detach(), expectile)
    loss = (weight * (targets - values).square()).mean(1).sum()
    figures = {
        "value": values.mean(),
        "value_least": values.amin(),
        "value_most": values.amax(),
        "advantage": advantage.mean(),
        "advantage_positive": (advantage >= 0).float().mean(),
    }
    return loss, {name: figure.detach() for name, figure in figures.items()}
