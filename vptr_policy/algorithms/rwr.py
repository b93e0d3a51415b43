"""Reward-weighted regression on embedding rewards (VIP 5.2, F.2)."""

from typing import Tuple

import torch
from torch import Tensor

from vptr_policy.algorithms.learner import Info


def embedding_rewards(embeddings: Tensor, following: Tensor, goal: Tensor) -> Tensor:
    """r = ||phi(o) - phi(g)||_2 - ||phi(o') - phi(g)||_2, the progress of each transition o -> o' (VIP Eq. 1); (B,).

    Args:
        embeddings: (B, D), phi(o).
        following: (B, D), phi(o').
        goal: (D,), the mean embedding of the last frames of the task's demonstrations (VIP F.1).
    """
    before, after = (torch.linalg.vector_norm(part - goal, dim=-1) for part in (embeddings, following))
    return before - after


def rwr_loss(log_probs: Tensor, rewards: Tensor, temperature: float = 0.1) -> Tuple[Tensor, Info]:
    """L = -mean_B[exp(tau R) log pi(a | o)] (VIP Eq. 7).

    Followed as printed: the "temperature scale" tau multiplies the reward, and the weights are not normalised. Where
    exp(R / T) is meant, as in advantage-weighted regression, tau is 1 / T.

    Args:
        log_probs: (B,) of the data's actions.
        rewards: (B,), R.
        temperature: tau; VIP F.2: 0.1, and 1 for CloseDrawer.
    """
    weights = torch.exp(temperature * rewards)
    info = {"weight": weights.mean(), "weight_most": weights.amax(), "log_prob": log_probs.detach().mean()}
    return -(weights * log_probs).mean(), info
