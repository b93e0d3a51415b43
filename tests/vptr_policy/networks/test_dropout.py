"""Dropout from a generator: its share, its scale, its repeatability."""

import torch

from vptr_policy.networks.dropout import drop


def test_a_share_is_dropped_and_the_mean_is_kept() -> None:
    dropped = drop(torch.ones(100_000), 0.2, torch.Generator().manual_seed(0))
    assert set(dropped.tolist()) == {0.0, 1.25}
    assert abs(float((dropped == 0).float().mean()) - 0.2) < 0.01


def test_noise_is_the_generators() -> None:
    first, second = (drop(torch.ones(50), 0.5, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert torch.equal(first, drop(torch.ones(50), 0.5, torch.Generator().manual_seed(0)))
    assert not torch.equal(first, second)
