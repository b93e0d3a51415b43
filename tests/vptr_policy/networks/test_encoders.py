"""Every encoder by its name: what it takes and gives."""

import pytest
import torch

from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import ENCODERS, make_encoder
from vptr_policy.networks.pictures import resize_pictures

SIZES = {"convolutional": 256, "resnetv2-50": 2048, "resnet-50": 2048, "resnet-34": 4096, "vit-b16": 768}
PARAMETERS = {"resnetv2-50": 23_500_352, "resnet-50": 23_508_032, "resnet-34": 22_333_248, "vit-b16": 85_798_656}


def test_every_encoder_is_tested() -> None:
    assert set(SIZES) == set(ENCODERS)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_pictures_of_robot_size_become_finite_features(name: str) -> None:
    torch.manual_seed(0)
    encoder = make_encoder(NetworkConfig(tasks=1, encoder=name)).eval()
    with torch.inference_mode():
        features = encoder(torch.randint(0, 256, (1, 3, 128, 128), dtype=torch.uint8))
    assert features.shape == (1, SIZES[name]) and encoder.size == SIZES[name]
    assert bool(torch.isfinite(features).all()) and float(features.std()) > 0
    if name in PARAMETERS:
        assert sum(parameter.numel() for parameter in encoder.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", ["resnetv2-50", "resnet-50"])
def test_the_side_of_pictures_may_be_chosen(name: str) -> None:
    torch.manual_seed(0)
    encoder = make_encoder(NetworkConfig(tasks=1, encoder=name, image_side=64)).eval()
    images = torch.randint(0, 256, (1, 3, 128, 128), dtype=torch.uint8)
    with torch.inference_mode():
        expected = encoder(images)
        encoder.side = 0
        assert torch.equal(encoder(resize_pictures(images, 64)), expected)
        assert not torch.allclose(encoder(images), expected, rtol=1e-2)


def test_an_unknown_encoder_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no encoder 'resnet-18'; known: convolutional, .* mean 'resnet-"):
        make_encoder(NetworkConfig(tasks=1, encoder="resnet-18"))
