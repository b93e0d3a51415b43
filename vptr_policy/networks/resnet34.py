"""ResNet-34 with GroupNorm and learned spatial embeddings: the backbone of PTR, 4096-d, 22.3 M parameters.

Four groups (eps 1e-5), stage strides 1, 2, 1, 1, so that 128 x 128 pictures give a map of 16 x 16 x 512, which 8
learned weightings a channel read out. Input divided by 255 only. PTR's public code pads as flax's SAME, which on even
sizes at stride 2 adds a row and a column only at the far end; this is followed, because features of its weights can
only then be reproduced. The symmetric padding usual in PyTorch is the option. PTR's bottleneck is
``NetworkConfig.bottleneck``.
"""

from typing import List

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from vptr_policy.networks.convolutional import SpatialEmbeddings
from vptr_policy.networks.pictures import resize_pictures

GROUPS = 4
STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 1), (3, 512, 1))
"""Blocks, channels and stride of each stage."""
FAR_END = (0, 1, 0, 1)
"""Left, right, top, bottom: flax's SAME for a kernel of 3 at stride 2 on an even size."""


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> nn.Conv2d:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_in", nonlinearity="relu")
    return convolution


class BasicBlock(nn.Module):
    """One residual block, 3x3 - 3x3, ReLU after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int, symmetric: bool) -> None:
        super().__init__()
        self.pads_far_end = stride == 2 and not symmetric
        self.conv1 = _convolution(inputs, outputs, 3, stride, 0 if self.pads_far_end else 1)
        self.conv2 = _convolution(outputs, outputs, 3, 1, 1)
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, outputs), nn.GroupNorm(GROUPS, outputs)
        changes = stride != 1 or inputs != outputs
        shortcut = nn.Sequential(_convolution(inputs, outputs, 1, stride, 0), nn.GroupNorm(GROUPS, outputs))
        self.shortcut = shortcut if changes else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Add the residual branch to the shortcut."""
        kept = inputs if self.shortcut is None else self.shortcut(inputs)
        padded = functional.pad(inputs, FAR_END) if self.pads_far_end else inputs
        residual = torch.relu(self.norm1(self.conv1(padded)))
        return torch.relu(kept + self.norm2(self.conv2(residual)))


class ResNet34(nn.Module):
    """Pictures (B, 3, H, W) with values 0..255 -> features (B, 4096); others than 128 x 128 are resized first."""

    IMAGE_SIDE, MAP_SIDE, EMBEDDINGS = 128, 16, 8

    def __init__(self, symmetric: bool = False) -> None:
        """``symmetric``: pad as is usual in PyTorch instead of as PTR's code does."""
        super().__init__()
        self.symmetric = symmetric
        self.stem, self.norm = _convolution(3, 64, 7, 2, 3), nn.GroupNorm(GROUPS, 64)
        blocks: List[nn.Module] = []
        inputs = 64
        for count, outputs, stride in STAGES:
            for place in range(count):
                blocks.append(BasicBlock(inputs, outputs, stride if place == 0 else 1, symmetric))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.embeddings = SpatialEmbeddings(inputs, self.MAP_SIDE, self.MAP_SIDE, self.EMBEDDINGS)
        self.size = inputs * self.EMBEDDINGS

    def forward(self, images: Tensor) -> Tensor:
        """Encode pictures."""
        maps = torch.relu(self.norm(self.stem(resize_pictures(images, self.IMAGE_SIDE).div(255.0))))
        if self.symmetric:
            maps = functional.max_pool2d(maps, 3, 2, 1)
        else:  # after the ReLU a border of zeros is as good as none
            maps = functional.max_pool2d(functional.pad(maps, FAR_END), 3, 2)
        return self.embeddings(self.blocks(maps).contiguous())
