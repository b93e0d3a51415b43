"""Embedding distances and norms against NumPy."""

import numpy as np
import torch

from vptr_policy.algorithms.distances import norm_penalty, permutations, value

RANDOM = np.random.default_rng(0)


def test_value_is_minus_the_euclidean_distance() -> None:
    a, b = RANDOM.normal(size=(2, 5, 3))
    assert np.allclose(value(torch.tensor(a), torch.tensor(b)), -np.sqrt(((a - b) ** 2).sum(1)), rtol=1e-12)


def test_the_distance_of_a_frame_to_itself_has_a_gradient() -> None:
    a = torch.ones(1, 3, requires_grad=True)
    value(a, torch.ones(1, 3)).sum().backward()
    assert a.grad is not None and torch.isfinite(a.grad).all()


def test_norm_penalty() -> None:
    x = RANDOM.normal(size=(6, 4))
    penalty, info = norm_penalty(torch.tensor(x), 0.1, 0.01)
    norm1, norm2 = np.abs(x).sum(1).mean(), np.sqrt((x**2).sum(1)).mean()
    assert np.isclose(float(penalty), 0.1 * norm1 + 0.01 * norm2, rtol=1e-12)
    assert np.isclose(float(info["norm_l1"]), norm1) and np.isclose(float(info["norm_l2"]), norm2)


def test_permutations_come_from_the_generator() -> None:
    first, again, other = (permutations(3, 10, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(first.sort().values, torch.arange(10).expand(3, 10))
