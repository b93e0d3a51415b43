"""The tanh-Gaussian against NumPy and SciPy."""

import numpy as np
import torch
from scipy import integrate, stats

from vptr_policy.networks.distribution import TanhGaussian


def test_density_of_squashed_values_is_the_change_of_variables() -> None:
    random = np.random.default_rng(0)
    mean, log_std = random.normal(0, 1, (5, 7)), random.uniform(-2, 0.5, (5, 7))
    actions = np.tanh(random.normal(0, 1, (5, 7)))
    before = np.arctanh(actions)
    expected = (stats.norm(mean, np.exp(log_std)).logpdf(before) - np.log(1 - actions**2)).sum(1)
    policy = TanhGaussian(torch.tensor(mean), torch.tensor(log_std))
    assert np.allclose(policy.log_prob(torch.tensor(actions)).numpy(), expected, atol=1e-9)


def test_density_integrates_to_one() -> None:
    policy = TanhGaussian(*torch.tensor([[[0.4]], [[-0.3]]], dtype=torch.float64))
    total, _ = integrate.quad(
        lambda a: float(policy.log_prob(torch.tensor([[a]], dtype=torch.float64)).exp()), -1 + 1e-6, 1 - 1e-6
    )
    assert abs(total - 1.0) < 1e-3


def test_samples_lie_inside_and_follow_the_distribution() -> None:
    mean = torch.full((20000, 1), 0.5)
    samples = TanhGaussian(mean, torch.full_like(mean, -1.0)).sample(torch.Generator().manual_seed(0))
    assert bool((samples.abs() < 1).all())
    before = np.arctanh(samples.numpy().ravel())
    assert abs(before.mean() - 0.5) < 0.01 and abs(before.std() - np.exp(-1)) < 0.01


def test_mode_is_tanh_of_the_mean() -> None:
    policy = TanhGaussian(torch.tensor([[0.0, 2.0]]), torch.zeros(1, 2))
    assert np.allclose(policy.mode().numpy(), [[0.0, np.tanh(2.0)]])


def test_many_samples_have_the_probability_of_their_density() -> None:
    random = np.random.default_rng(0)
    policy = TanhGaussian(torch.tensor(random.normal(0, 0.5, (3, 7))), torch.tensor(random.uniform(-2, -0.5, (3, 7))))
    actions, log_prob = policy.sample_with_log_prob(4, torch.Generator().manual_seed(0))
    assert actions.shape == (3, 4, 7) and log_prob.shape == (3, 4)
    for place in range(4):
        assert np.allclose(log_prob[:, place].numpy(), policy.log_prob(actions[:, place]).numpy(), atol=1e-6)
    again, _ = policy.sample_with_log_prob(4, torch.Generator().manual_seed(0))
    assert torch.equal(actions, again)


def test_an_action_that_rounds_to_one_has_a_finite_probability() -> None:
    policy = TanhGaussian(torch.full((1, 7), 30.0), torch.zeros(1, 7))
    actions, log_prob = policy.sample_with_log_prob(2, torch.Generator().manual_seed(0))
    assert bool((actions == 1).any()) and bool(torch.isfinite(log_prob).all())
