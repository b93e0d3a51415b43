"""The embedding of VIP (linear on top) and of R3M (none)."""

import torch

from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.convolutional import ConvolutionalEncoder
from vptr_policy.networks.embedding import Embedding
from vptr_policy.networks.encoders import make_encoder


def test_vips_is_a_linear_layer_of_1024_on_the_encoder() -> None:
    torch.manual_seed(0)
    embedding = Embedding(ConvolutionalEncoder())
    images = torch.randint(0, 256, (2, 3, 128, 128), dtype=torch.uint8)
    projection = embedding.projection
    expected = embedding.encoder(images) @ projection.weight.T + projection.bias
    assert embedding.size == 1024 and torch.allclose(embedding(images), expected, atol=1e-5)


def test_r3ms_is_the_encoder() -> None:
    encoder = ConvolutionalEncoder()
    images = torch.randint(0, 256, (1, 3, 128, 128), dtype=torch.uint8)
    assert torch.equal(Embedding(encoder, 0)(images), encoder(images)) and Embedding(encoder, 0).size == encoder.size


def test_a_policys_encoder_may_have_it() -> None:
    encoder = make_encoder(NetworkConfig(tasks=1, embedding=64))
    assert isinstance(encoder, Embedding) and encoder.size == 64
