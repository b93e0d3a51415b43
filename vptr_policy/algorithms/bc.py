"""Behaviour cloning: pure losses of a batch and an actor's distribution, each (loss, info)."""

import math
from typing import Callable, Dict, Tuple

import torch
import torch.nn.functional as functional
from torch import Tensor

from vptr_policy.algorithms.learner import Info
from vptr_policy.networks.distribution import TanhGaussian

HUBER_DELTA = 0.1
"""In normalised units: a tenth of the action box."""


def huber_loss(actions: Tensor, policy: TanhGaussian, gripper_weight: float = 0.1) -> Tuple[Tensor, Info]:
    """Huber on the tanh mean of the six motions plus binary cross-entropy on the gripper.

    loss = mean_{B,6} h(tanh(mu) - a) / delta + w mean_B BCE(g; sigmoid(2 mu_7)), where h is quadratic up to delta;
    (tanh(mu_7) + 1) / 2 = sigmoid(2 mu_7) is the opening the policy acts with, g = (a_7 + 1) / 2 the data's.

    Args:
        actions: (B, 7) in [-1, 1].
        policy: the distribution at the same observations.
        gripper_weight: w.
    """
    motion = functional.huber_loss(policy.mode()[:, :6], actions[:, :6], delta=HUBER_DELTA) / HUBER_DELTA
    opening = (actions[:, 6] + 1.0) / 2.0
    gripper = functional.binary_cross_entropy_with_logits(2.0 * policy.mean[:, 6], opening)
    return motion + gripper_weight * gripper, {"motion": motion, "gripper": gripper, **errors(actions, policy)}


def likelihood_loss(actions: Tensor, policy: TanhGaussian) -> Tuple[Tensor, Info]:
    """The negative log-likelihood of the tanh-Gaussian, -mean_B log pi(a | s), as in the papers' BC."""
    loss = -policy.log_prob(actions).mean()
    return loss, {"log_std": policy.log_std.mean(), **errors(actions, policy)}


def unit_gaussian_loss(actions: Tensor, policy: TanhGaussian) -> Tuple[Tensor, Info]:
    """-mean_B log N(a; tanh(mu), I), as in bridge_data_v2's BC, whose standard deviation is fixed at 1: squared errors.

    There the mean is not squashed; here it is the action that the policy acts with.
    """
    return -unit_gaussian_log_prob(actions, policy).mean(), errors(actions, policy)


def unit_gaussian_log_prob(actions: Tensor, policy: TanhGaussian) -> Tensor:
    """log N(a; tanh(mu), I) = -|a - tanh(mu)|^2 / 2 - 7/2 log(2 pi); (B, 7) -> (B,)."""
    squares = (actions - policy.mode()).square().sum(-1)
    return -0.5 * squares - 0.5 * actions.shape[-1] * math.log(2.0 * math.pi)


def errors(actions: Tensor, policy: TanhGaussian) -> Info:
    """Mean absolute error of the motions, normalised, and how often the gripper is on the right side of half."""
    with torch.no_grad():
        mode = policy.mode()
        right = (mode[:, 6] > 0) == (actions[:, 6] > 0)
        return {"motion_error": (mode[:, :6] - actions[:, :6]).abs().mean(), "gripper_right": right.float().mean()}


LOSSES: Dict[str, Callable[[Tensor, TanhGaussian], Tuple[Tensor, Info]]] = {
    "huber": huber_loss,
    "likelihood": likelihood_loss,
    "unit-gaussian": unit_gaussian_loss,
}
LIKELIHOODS: Dict[str, Callable[[Tensor, TanhGaussian], Tensor]] = {
    "likelihood": lambda actions, policy: policy.log_prob(actions),
    "unit-gaussian": unit_gaussian_log_prob,
}
"""Of the losses those that are -mean_B log pi(a | s): name -> log pi (B,)."""
