"""ResNet-50 with BatchNorm, the backbone of VIP and R3M, 2048-d, 23.51 M parameters.

Names and shapes of the tensors are torchvision's: ``conv1``, ``bn1``, ``layer1.0.conv1`` ... and, if wanted, ``fc``.
The stride of a stage is in its first 3x3 convolution. Pictures are divided by 255 and standardised by ImageNet's
statistics, as VIP and R3M do inside their models.
"""

from typing import List

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from vptr_policy.networks.pictures import normalise_pictures, resize_pictures

STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))
"""Blocks, inner channels and stride of each stage."""
EXPANSION = 4


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return convolution


class Bottleneck(nn.Module):
    """One residual block, 1x1 - 3x3 - 1x1, ReLU after the sum."""

    def __init__(self, inputs: int, middle: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * middle
        self.conv1, self.bn1 = _convolution(inputs, middle, 1), nn.BatchNorm2d(middle)
        self.conv2, self.bn2 = _convolution(middle, middle, 3, stride), nn.BatchNorm2d(middle)
        self.conv3, self.bn3 = _convolution(middle, outputs, 1), nn.BatchNorm2d(outputs)
        changes = stride != 1 or inputs != outputs
        shortcut = nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
        self.downsample = shortcut if changes else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Add the residual branch to the shortcut."""
        kept = inputs if self.downsample is None else self.downsample(inputs)
        residual = torch.relu(self.bn1(self.conv1(inputs)))
        residual = torch.relu(self.bn2(self.conv2(residual)))
        return torch.relu(kept + self.bn3(self.conv3(residual)))


class ResNet50(nn.Module):
    """Pictures (B, 3, H, W) with values 0..255 -> features (B, ``size``)."""

    def __init__(self, outputs: int = 0, side: int = 0, batch_statistics: bool = False) -> None:
        """Make the network with random weights.

        Args:
            outputs: width of the last linear layer ``fc``; 0: none, the features are the 2048 means of the last map.
            side: pictures are squashed whole to a square of this side first; 0: they are taken as they come. VIP and
                R3M were trained on 224 and cut the centre out of 256, which would lose what lies at the border.
            batch_statistics: whether each batch in training is normalised by its own statistics, which also move the
                running ones (video pre-training), or always by the running ones, which stay (V-PTR D.3).
        """
        super().__init__()
        self.side, self.batch_statistics = side, batch_statistics
        self.conv1, self.bn1 = _convolution(3, 64, 7, 2), nn.BatchNorm2d(64)
        inputs = 64
        for index, (count, middle, stride) in enumerate(STAGES, 1):
            blocks: List[nn.Module] = []
            for place in range(count):
                blocks.append(Bottleneck(inputs, middle, stride if place == 0 else 1))
                inputs = EXPANSION * middle
            self.add_module(f"layer{index}", nn.Sequential(*blocks))
        self.fc: nn.Module = nn.Linear(inputs, outputs) if outputs else nn.Identity()
        self.size = outputs or inputs
        self.train()

    def train(self, mode: bool = True) -> "ResNet50":
        """Set training mode, but not in norms whose statistics are to stay."""
        super().train(mode)
        if not self.batch_statistics:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Encode pictures."""
        pictures = normalise_pictures(resize_pictures(images, self.side))
        maps = functional.max_pool2d(torch.relu(self.bn1(self.conv1(pictures))), 3, 2, 1)
        for index in range(1, len(STAGES) + 1):
            maps = self.get_submodule(f"layer{index}")(maps)
        return self.fc(maps.mean((2, 3)))
