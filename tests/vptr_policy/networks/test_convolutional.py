"""The small encoder and its two read-outs."""

import numpy as np
import torch
from torch import nn

from vptr_policy.networks.convolutional import ConvolutionalEncoder, SpatialEmbeddings, SpatialSoftmax


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


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


def test_pictures_of_another_size_are_resized() -> None:
    torch.manual_seed(0)
    encoder = ConvolutionalEncoder()
    flat = torch.full((1, 3, 224, 224), 77.0)
    assert torch.allclose(encoder(flat), encoder(flat[..., :128, :128]), atol=1e-5)
