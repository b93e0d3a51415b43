"""Reward-weighted regression on embedding rewards (VIP 5.2, F.2)."""

from typing import Tuple

import torch
from torch import Tensor

from vptr_policy.algorithms.learner import Info


def embedding_rewards(embeddings: Tensor, goal: Tensor) -> Tensor:
    """r_t = d_t - d_{t+1}, d_t = ||phi(o_t) - phi(g)||_2, the progress of each step; the last is 0 (VIP Eq. 1).

    Args:
        embeddings: (T, D) of the frames of one trajectory.
        goal: (D,), the mean embedding of the last frames of the task's demonstrations (VIP F.1).

    Returns:
        (T,)
    """
    distances = torch.linalg.vector_norm(embeddings - goal, dim=-1)
    return torch.cat([distances[:-1] - distances[1:], distances.new_zeros(1)])


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
