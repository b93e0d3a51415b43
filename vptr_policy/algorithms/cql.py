"""The losses of multi-task conservative Q-learning, phases 2 and 3 (V-PTR 4.2, D.1; PTR; Kumar et al., CQL, 2020)."""

import math
from typing import Optional, Tuple

import torch
from torch import Tensor

from vptr_policy.algorithms.learner import Info
from vptr_policy.networks.actor import ACTION_SIZE


def backup(
    rewards: Tensor,
    masks: Tensor,
    next_q: Tensor,
    discount: float = 0.96,
    least: Optional[float] = None,
    most: Optional[float] = None,
) -> Tensor:
    """y = r + gamma m max_n min_i Qbar_i(s', a'_n), a'_n ~ pi(s'): max_q_backup (V-PTR D.1), without entropy; (B,).

    The minimum over heads comes first. With one action (N = 1) it is the standard backup.

    Args:
        rewards: (B,).
        masks: (B,) 0 where the next state does not count.
        next_q: (2, B, N) of the target network.
        discount: gamma.
        least: what no return can be below; y is raised to it. None: unbounded, as in the papers.
        most: what no return can exceed; y is lowered to it. max_q_backup overestimates without.
    """
    target = rewards + discount * masks * next_q.amin(0).amax(-1)
    return target if least is None and most is None else target.clamp(least, most)


def conservative_term(
    q: Tensor, policy_q: Tensor, log_probs: Tensor, uniform_q: Tensor, returns: Optional[Tensor] = None
) -> Tuple[Tensor, Info]:
    """CQL(H) with importance weights: how far the Q of all actions lies above that of the data's.

    mean_{i,B}[log(sum_n exp(Q_i(s, a_n) - log pi(a_n|s)) + sum_m exp(Q_i(s, u_m) - 7 log(1/2))) - Q_i(s, a)], with
    a_n ~ pi(s) of the current state only and u_m uniform in [-1, 1]^7; no Lagrange multiplier, no temperature, and no
    division by the number of actions.

    Args:
        q: (2, B) of the data's actions.
        policy_q: (2, B, N).
        log_probs: (B, N), log pi(a_n | s).
        uniform_q: (2, B, M).
        returns: (B,) Monte-Carlo returns of the data, below which policy_q is not pushed (Cal-QL; in the code of the
            V-PTR release, not in the papers). None: unbounded.
    """
    info = {"policy_q": policy_q.detach().mean(), "uniform_q": uniform_q.detach().mean()}
    if returns is not None:
        bound = returns[:, None].expand_as(policy_q)
        info["bounded"] = (policy_q.detach() < bound).float().mean()
        policy_q = torch.maximum(policy_q, bound)
    uniform_log_prob = ACTION_SIZE * math.log(0.5)
    every = torch.cat([policy_q - log_probs.detach(), uniform_q - uniform_log_prob], -1)
    return (torch.logsumexp(every, -1) - q).mean(), info


def critic_loss(q: Tensor, targets: Tensor, conservative: Tensor, alpha: float) -> Tuple[Tensor, Info]:
    """L = mean_{i,B}[(Q_i(s, a) - y)^2] + alpha CQL: averaged over batch and heads, not summed over heads.

    Args:
        q: (2, B) of the data's actions.
        targets: (B,), y; no gradient flows to it.
        conservative: the scalar of ``conservative_term``.
        alpha: V-PTR 5, PTR 10, the paper's sweep .1, 1, 5, 10.
    """
    error = (q - targets.detach()).square().mean()
    info = {
        "td_error": error.detach(),
        "conservative": conservative.detach(),
        "data_q": q.detach().mean(),
        "target": targets.detach().mean(),
    }
    return error + alpha * conservative, info


def actor_loss(log_probs: Tensor, q: Tensor, temperature: Tensor) -> Tuple[Tensor, Info]:
    """L = mean_B[temperature log pi(a|s) - min_i Q_i(s, a)], one a ~ pi(s) with gradients to the policy.

    Args:
        log_probs: (B,).
        q: (2, B) of the sampled actions.
        temperature: scalar; no gradient flows to it.
    """
    least = q.amin(0)
    info = {"actor_q": least.detach().mean(), "entropy": -log_probs.detach().mean()}
    return (temperature.detach() * log_probs - least).mean(), info


def temperature_loss(temperature: Tensor, log_probs: Tensor, target_entropy: float = -7.0) -> Tuple[Tensor, Info]:
    """L = temperature (H - H_target), H = -mean_B log pi(a|s): the temperature falls while the entropy is above target.

    Args:
        temperature: scalar with gradients.
        log_probs: (B,), of actions of the policy; no gradient flows to it.
        target_entropy: minus the size of the action.
    """
    entropy = -log_probs.detach().mean()
    return temperature * (entropy - target_entropy), {"temperature": temperature.detach()}
