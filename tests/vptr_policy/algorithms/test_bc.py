"""The losses of behaviour cloning against NumPy."""

from typing import Tuple

import numpy as np
import torch
from scipy import stats

from vptr_policy.algorithms.bc import LIKELIHOODS, huber_loss, likelihood_loss, unit_gaussian_loss
from vptr_policy.networks.distribution import TanhGaussian


def _case() -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    actions = np.clip(random.normal(0, 0.5, (9, 7)), -0.99, 0.99)
    actions[:, 6] = random.choice([-0.99, 0.99], 9)
    return actions, random.normal(0, 0.7, (9, 7)), random.uniform(-2, 0, (9, 7))


def _policy(mean: np.ndarray, log_std: np.ndarray) -> TanhGaussian:
    return TanhGaussian(torch.tensor(mean), torch.tensor(log_std))


def test_huber_and_cross_entropy() -> None:
    actions, mean, log_std = _case()
    error = np.abs(np.tanh(mean[:, :6]) - actions[:, :6])
    motion = np.where(error <= 0.1, 0.5 * error**2, 0.1 * (error - 0.05)).mean() / 0.1
    opening, target = (np.tanh(mean[:, 6]) + 1) / 2, (actions[:, 6] + 1) / 2
    gripper = -(target * np.log(opening) + (1 - target) * np.log(1 - opening)).mean()
    loss, info = huber_loss(torch.tensor(actions), _policy(mean, log_std))
    assert np.isclose(float(info["motion"]), motion) and np.isclose(float(info["gripper"]), gripper)
    assert np.isclose(float(loss), motion + 0.1 * gripper)
    assert np.isclose(float(huber_loss(torch.tensor(actions), _policy(mean, log_std), 2.0)[0]), motion + 2 * gripper)
    assert np.isclose(float(info["motion_error"]), error.mean())
    assert np.isclose(float(info["gripper_right"]), ((opening > 0.5) == (target > 0.5)).mean())


def test_likelihood() -> None:
    actions, mean, log_std = _case()
    density = stats.norm(mean, np.exp(log_std)).logpdf(np.arctanh(actions)) - np.log(1 - actions**2)
    loss, info = likelihood_loss(torch.tensor(actions), _policy(mean, log_std))
    assert np.isclose(float(loss), -density.sum(1).mean())
    assert np.isclose(float(info["log_std"]), log_std.mean())


def test_a_perfect_policy_has_the_least_huber_loss() -> None:
    actions, _, log_std = _case()
    best, _ = huber_loss(torch.tensor(actions), _policy(np.arctanh(actions), log_std))
    worse, _ = huber_loss(torch.tensor(actions), _policy(np.arctanh(actions) + 0.2, log_std))
    assert float(best) < 0.01 < float(worse)


def test_unit_gaussian() -> None:
    actions, mean, log_std = _case()
    density = stats.norm(np.tanh(mean), 1.0).logpdf(actions).sum(1)
    loss, _ = unit_gaussian_loss(torch.tensor(actions), _policy(mean, log_std))
    assert np.isclose(float(loss), -density.mean(), rtol=1e-12)
    squared = ((actions - np.tanh(mean)) ** 2).sum(1).mean()
    assert np.isclose(float(loss), squared / 2 + 3.5 * np.log(2 * np.pi), rtol=1e-12)


def test_likelihoods_are_what_the_losses_average() -> None:
    actions, mean, log_std = _case()
    policy = _policy(mean, log_std)
    for name, loss in (("likelihood", likelihood_loss), ("unit-gaussian", unit_gaussian_loss)):
        assert torch.isclose(
            -LIKELIHOODS[name](torch.tensor(actions), policy).mean(), loss(torch.tensor(actions), policy)[0]
        )
