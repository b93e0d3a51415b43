"""Weights into an encoder: all of them in their places, or a list of what is wrong."""

import pytest
import torch

from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.convolutional import ConvolutionalEncoder
from vptr_policy.networks.critic import Critic
from vptr_policy.networks.weights import WeightsError, load_encoder_weights


def test_the_encoder_of_a_whole_network_is_found_by_its_prefix() -> None:
    actor, critic = Actor(NetworkConfig(tasks=2)), Critic(NetworkConfig(tasks=3))
    load_encoder_weights(critic.encoder, actor.state_dict(), "encoder.")
    for name, tensor in actor.encoder.state_dict().items():
        assert torch.equal(tensor, critic.encoder.state_dict()[name])
    assert critic.encoder.layers[0][0].weight is not actor.encoder.layers[0][0].weight


def test_all_that_does_not_fit_is_named_and_nothing_is_loaded() -> None:
    encoder = ConvolutionalEncoder()
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    tensors = {name: tensor + 1 for name, tensor in before.items()}
    tensors["bottleneck.0.bias"] = torch.zeros(5)
    tensors["extra"] = torch.zeros(1)
    tensors["bottleneck.1.bias"] = torch.full((256,), float("nan"))
    tensors["bottleneck.1.weight"] = torch.ones(256, dtype=torch.int64)
    del tensors["softmax.log_temperature"]
    with pytest.raises(WeightsError) as caught:
        load_encoder_weights(encoder, tensors)
    for problem in (
        "do not fit this ConvolutionalEncoder",
        "missing softmax.log_temperature",
        "unknown extra",
        "bottleneck.0.bias is (5,), expected (256,)",
        "bottleneck.1.bias has values that are not finite",
        "bottleneck.1.weight is torch.int64, expected torch.float32",
    ):
        assert problem in str(caught.value)
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


def test_a_prefix_that_names_nothing_is_told() -> None:
    with pytest.raises(WeightsError, match=r"no tensor's name begins with 'critic\.'; found a; b"):
        load_encoder_weights(ConvolutionalEncoder(), {"b": torch.zeros(1), "a": torch.zeros(1)}, "critic.")
