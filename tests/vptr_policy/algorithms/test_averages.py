"""Followers of networks."""

import pytest
import torch
from torch import nn

from vptr_policy.algorithms.averages import (
    approach,
    average,
    averaging_rate,
    counterparts,
    frozen_copy,
    learned,
    without_gradients,
)


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def test_a_follower_takes_its_share() -> None:
    network = _network()
    follower = frozen_copy(network)
    before = follower[0].weight.clone()
    with torch.no_grad():
        network[0].weight.add_(1.0)
    approach(counterparts(follower, network), learned(network), 0.25)
    assert torch.allclose(follower[0].weight, before + 0.25)
    assert not follower.training and not learned(follower)


def test_what_does_not_learn_is_left_alone() -> None:
    network = _network()
    network[0].requires_grad_(False)
    follower = frozen_copy(network)
    assert len(counterparts(follower, network)) == len(learned(network)) == 4


def test_an_average_forgets_its_random_start_and_keeps_statistics() -> None:
    network = _network()
    follower = frozen_copy(network)
    network(torch.randn(8, 3, generator=torch.Generator().manual_seed(1)))
    with torch.no_grad():
        network[0].weight.zero_()
    for step in range(1, 100):
        average(follower, network, 0.999, step)
    assert float(follower[0].weight.abs().max()) < 1e-3
    assert torch.equal(follower[1].running_mean, network[1].running_mean)
    assert averaging_rate(0.999, 10**6) == pytest.approx(0.001) and averaging_rate(0.0, 5) == 1.0


def test_gradients_pass_through_to_the_inputs_alone() -> None:
    network, inputs = _network(), torch.randn(8, 3, requires_grad=True)
    network[2].bias.requires_grad_(False)
    with without_gradients(network):
        result = network(inputs).sum()
    result.backward()
    assert inputs.grad is not None and all(p.grad is None for p in network.parameters())
    assert [p.requires_grad for p in network.parameters()] == [True] * 5 + [False]
