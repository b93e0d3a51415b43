"""ResNet-50: torchvision's names and shapes, a block against SciPy, and statistics that stay or move."""

from typing import Dict, Tuple

import numpy as np
import pytest
import torch
from scipy.signal import correlate
from torch import nn

from vptr_policy.networks.resnet50 import Bottleneck, ResNet50


def _published(classes: int) -> Dict[str, Tuple[int, ...]]:
    """The tensors of torchvision's resnet50, written down from its definition."""
    shapes: Dict[str, Tuple[int, ...]] = {"fc.weight": (classes, 2048), "fc.bias": (classes,)} if classes else {}

    def add(convolution: str, norm: str, shape: Tuple[int, ...]) -> None:
        shapes[convolution + ".weight"] = shape
        shapes.update({f"{norm}.{name}": shape[:1] for name in ("weight", "bias", "running_mean", "running_var")})
        shapes[norm + ".num_batches_tracked"] = ()

    add("conv1", "bn1", (64, 3, 7, 7))
    inputs = 64
    for stage, (count, middle) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 1):
        for index in range(count):
            block = f"layer{stage}.{index}."
            add(block + "conv1", block + "bn1", (middle, inputs, 1, 1))
            add(block + "conv2", block + "bn2", (middle, middle, 3, 3))
            add(block + "conv3", block + "bn3", (4 * middle, middle, 1, 1))
            if index == 0:
                add(block + "downsample.0", block + "downsample.1", (4 * middle, inputs, 1, 1))
            inputs = 4 * middle
    return shapes


@pytest.mark.parametrize(("classes", "millions"), [(0, 23.51), (1000, 25.56), (1024, 25.61)])
def test_names_shapes_and_size_are_torchvisions(classes: int, millions: float) -> None:
    with torch.device("meta"):
        network = ResNet50(classes)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == _published(classes)
    assert round(sum(parameter.numel() for parameter in network.parameters()) / 1e6, 2) == millions
    assert network.size == (classes or 2048)


def _convolve(inputs: np.ndarray, weight: np.ndarray, stride: int) -> np.ndarray:
    pad = weight.shape[-1] // 2
    padded = np.pad(inputs, ((0, 0), (pad, pad), (pad, pad)))
    return np.stack([correlate(padded, kernel, mode="valid")[0] for kernel in weight])[:, ::stride, ::stride]


def _normalise(inputs: np.ndarray, norm: nn.BatchNorm2d) -> np.ndarray:
    state = {name: tensor.detach().numpy().reshape(-1, 1, 1) for name, tensor in norm.state_dict().items()}
    scaled = (inputs - state["running_mean"]) / np.sqrt(state["running_var"] + 1e-5)
    return scaled * state["weight"] + state["bias"]


def test_a_block_is_what_scipy_computes() -> None:
    torch.manual_seed(0)
    block = Bottleneck(3, 2, 2).eval()
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                nn.init.uniform_(tensor, 0.5, 1.5)
    inputs = torch.randn(1, 3, 6, 6)
    hidden, weights = inputs[0].numpy(), {name: tensor.numpy() for name, tensor in block.state_dict().items()}
    for index, stride in ((1, 1), (2, 2), (3, 1)):
        hidden = _normalise(_convolve(hidden, weights[f"conv{index}.weight"], stride), getattr(block, f"bn{index}"))
        hidden = np.maximum(hidden, 0) if index < 3 else hidden
    kept = _normalise(_convolve(inputs[0].numpy(), weights["downsample.0.weight"], 2), block.downsample[1])
    assert np.allclose(block(inputs)[0].detach().numpy(), np.maximum(hidden + kept, 0), atol=1e-5)


def _statistics(network: ResNet50) -> Dict[str, torch.Tensor]:
    kept = ("running_mean", "running_var", "num_batches_tracked")
    return {name: tensor.clone() for name, tensor in network.state_dict().items() if name.endswith(kept)}


@pytest.mark.parametrize("moving", [False, True])
def test_statistics_stay_unless_they_are_to_move(moving: bool) -> None:
    torch.manual_seed(0)
    network = ResNet50(batch_statistics=moving).train()
    before = _statistics(network)
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    features = network(images)
    after = _statistics(network)
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    assert len(moved) == (len(before) if moving else 0)
    assert torch.allclose(network(images[:1].repeat(2, 1, 1, 1))[:1], features[:1], rtol=1e-4) != moving
    features.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters()), "the norms' own weights still learn"
