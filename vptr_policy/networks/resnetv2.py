"""ResNetV2-50 as in Big Transfer: the paper's visual backbone (V-PTR A.1), 2048-d, 23.50 M parameters.

Pre-activation bottlenecks, GroupNorm with 32 groups (eps 1e-5), weight-standardised convolutions (eps 1e-10), input
divided by 255 only, a final norm and ReLU, mean pooling. Padding is symmetric, as in BiT's PyTorch release.
"""

from typing import List

import torch.nn.functional as functional
from torch import Tensor, nn

from vptr_policy.networks.pictures import resize_pictures

GROUPS = 32
STANDARDISATION_EPS = 1e-10
STAGES = ((3, 256, 1), (4, 512, 2), (6, 1024, 2), (3, 2048, 2))
"""Blocks, output channels and stride of each stage."""


class StandardisedConv2d(nn.Conv2d):
    """A convolution whose filters have mean 0 and variance 1 (Qiao et al., Weight Standardization, 2019)."""

    folded = False
    """Whether the weight is standardised already."""

    def standardised(self) -> Tensor:
        """The (O, I, k, k) weight used, by one fused layer norm, which is quicker than var and mean apart."""
        return functional.layer_norm(self.weight, self.weight.shape[1:], eps=STANDARDISATION_EPS)

    def forward(self, inputs: Tensor) -> Tensor:
        """Convolve with the standardised filters."""
        return self._conv_forward(inputs, self.weight if self.folded else self.standardised(), self.bias)


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> StandardisedConv2d:
    convolution = StandardisedConv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_in", nonlinearity="relu")
    return convolution


class Bottleneck(nn.Module):
    """One pre-activation residual block, 1x1 - 3x3 - 1x1, with a projected shortcut where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        middle = outputs // 4
        self.norm1, self.conv1 = nn.GroupNorm(GROUPS, inputs), _convolution(inputs, middle, 1)
        self.norm2, self.conv2 = nn.GroupNorm(GROUPS, middle), _convolution(middle, middle, 3, stride)
        self.norm3, self.conv3 = nn.GroupNorm(GROUPS, middle), _convolution(middle, outputs, 1)
        changes = stride != 1 or inputs != outputs
        self.shortcut = _convolution(inputs, outputs, 1, stride) if changes else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Add the residual branch to the shortcut."""
        active = functional.relu(self.norm1(inputs))
        kept = inputs if self.shortcut is None else self.shortcut(active)
        residual = self.conv1(active)
        residual = self.conv2(functional.relu(self.norm2(residual)))
        return kept + self.conv3(functional.relu(self.norm3(residual)))


class ResNetV2(nn.Module):
    """Pictures (B, 3, H, W) with values 0..255 -> features (B, 2048)."""

    size = 2048

    def __init__(self, side: int = 0) -> None:
        """``side`` is that of the square to which pictures are resized first; 0: they are taken as they come."""
        super().__init__()
        self.side = side
        self.stem = StandardisedConv2d(3, 64, 7, 2, 3, bias=False)
        blocks: List[nn.Module] = []
        inputs = 64
        for count, outputs, stride in STAGES:
            for index in range(count):
                blocks.append(Bottleneck(inputs, outputs, stride if index == 0 else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.GroupNorm(GROUPS, inputs)

    def forward(self, images: Tensor) -> Tensor:
        """Encode pictures."""
        maps = functional.max_pool2d(self.stem(resize_pictures(images, self.side).div(255.0)), 3, 2, 1)
        return functional.relu(self.norm(self.blocks(maps))).mean((2, 3))


def fold_standardisation(network: nn.Module) -> nn.Module:
    """Standardise the filters of ``network`` once, in place, instead of at each call: for inference only."""
    for module in network.modules():
        if isinstance(module, StandardisedConv2d) and not module.folded:
            module.weight = nn.Parameter(module.standardised().detach(), requires_grad=False)
            module.folded = True
    return network
