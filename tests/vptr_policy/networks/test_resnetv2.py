"""ResNetV2-50: the size of the paper's, and its pieces against independent calculations."""

import numpy as np
import torch
from torch import nn

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
