"""Encoders and actor: sizes of the papers, and pieces against independent calculations."""

import numpy as np
import pytest
import torch
from torch import nn

from vptr_policy.networks.actor import Actor, ConditionedMLP, NetworkConfig
from vptr_policy.networks.convolutional import ConvolutionalEncoder, SpatialEmbeddings, SpatialSoftmax
from vptr_policy.networks.resnetv2 import ResNetV2, StandardisedConv2d, fold_standardisation


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_resnetv2_has_the_parameters_of_the_paper_and_gives_2048_features() -> None:
    network = ResNetV2().eval()
    assert _count(network) == 23_500_352  # 23.50 M: BiT's ResNetV2-50x1 without its classifier
    with torch.inference_mode():
        features = network(torch.randint(0, 256, (1, 3, 128, 128), dtype=torch.uint8))
        assert features.shape == (1, 2048)
        assert bool((features >= 0).all()) and float(features.std()) > 0
        assert network(torch.zeros(1, 3, 64, 96, dtype=torch.uint8)).shape == (1, 2048)


def test_standardised_filters_have_mean_zero_and_variance_one() -> None:
    torch.manual_seed(0)
    convolution = StandardisedConv2d(5, 4, 3, padding=1, bias=False)
    weight = convolution.weight.detach().double().numpy().reshape(4, -1)
    expected = (weight - weight.mean(1, keepdims=True)) / np.sqrt(weight.var(1, keepdims=True) + 1e-10)
    found = convolution.standardised().detach().numpy().reshape(4, -1)
    assert np.allclose(found, expected, atol=1e-5)
    assert np.allclose(found.mean(1), 0, atol=1e-6) and np.allclose(found.var(1), 1, atol=1e-5)


def test_folding_changes_nothing_and_may_be_repeated() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(StandardisedConv2d(3, 8, 3, bias=False), nn.ReLU(), StandardisedConv2d(8, 8, 1, bias=False))
    images = torch.randn(2, 3, 9, 9)
    before = network(images)
    assert torch.allclose(fold_standardisation(network)(images), before, atol=1e-5)
    assert torch.allclose(fold_standardisation(network)(images), before, atol=1e-5)


def test_spatial_softmax_finds_the_place_of_a_peak() -> None:
    features = torch.zeros(1, 2, 16, 16)
    features[0, 0, 3, 12] = 50.0
    features[0, 1, 15, 0] = 50.0
    found = SpatialSoftmax(2, 16, 16)(features).detach().numpy().reshape(2, 2)
    places = np.linspace(-1, 1, 16)
    assert np.allclose(found, [[places[12], places[3]], [-1.0, 1.0]], atol=1e-4)


def test_spatial_embeddings_are_inner_products() -> None:
    torch.manual_seed(0)
    layer = SpatialEmbeddings(3, 4, 5, 2)
    features = torch.randn(6, 3, 4, 5)
    expected = np.einsum("bcp,cpk->bck", features.flatten(2).numpy(), layer.weight.detach().numpy()).reshape(6, 6)
    assert np.allclose(layer(features).detach().numpy(), expected, atol=1e-5)


def test_the_small_encoder_takes_uint8_as_floats_and_stays_small() -> None:
    torch.manual_seed(0)
    encoder = ConvolutionalEncoder()
    images = torch.randint(0, 256, (2, 3, 128, 128), dtype=torch.uint8)
    assert torch.equal(encoder(images), encoder(images.float()))
    assert encoder(images).shape == (2, encoder.size) and _count(encoder) < 1_000_000


def test_the_condition_reaches_every_layer() -> None:
    mlp = ConditionedMLP(5, 3, (8, 8), 2)
    assert [layer.in_features for layer in mlp.hidden] == [5 + 3, 8 + 3] and mlp.output.in_features == 8 + 3
    with torch.no_grad():
        for layer in mlp.hidden:
            layer.weight.zero_()
            layer.bias.zero_()
    one, other = torch.eye(3)[:1], torch.eye(3)[1:2]
    inputs = torch.randn(1, 5)
    assert not torch.allclose(mlp(inputs, one), mlp(inputs, other)), "the output layer does not see the task"


def test_the_actor_normalises_the_state_and_depends_on_all_its_inputs() -> None:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=2)).eval()
    images = torch.randint(0, 256, (1, 3, 128, 128), dtype=torch.uint8)
    state, task = torch.rand(1, 7), torch.tensor([[1.0, 0.0]])
    mean = actor(images, state, task).mean
    assert mean.shape == (1, 7)
    assert not torch.allclose(actor(255 - images, state, task).mean, mean)
    assert not torch.allclose(actor(images, state + 0.1, task).mean, mean)
    assert not torch.allclose(actor(images, state, task.flip(1)).mean, mean)
    actor.state_mean.copy_(torch.full((7,), 3.0))
    actor.state_std.copy_(torch.full((7,), 2.0))
    assert torch.allclose(actor(images, 2.0 * state + 3.0, task).mean, mean, atol=1e-6)


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(ValueError, match="no encoder 'resnet'; known: convolutional, resnetv2-50"):
        Actor(NetworkConfig(tasks=1, encoder="resnet"))
