"""The small visual encoder: four convolutions, read out by where things are rather than by what the average is."""

import math

import torch
from torch import Tensor, nn

from vptr_policy.networks.pictures import resize_pictures


class SpatialSoftmax(nn.Module):
    """The expected (x, y) in [-1, 1] of each channel's softmax over the map: (B, C, H, W) -> (B, 2 C).

    Levine et al., End-to-End Training of Deep Visuomotor Policies, 2016; one learned temperature a channel.
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.log_temperature = nn.Parameter(torch.zeros(channels, 1))
        rows, columns = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
        self.register_buffer("places", torch.stack([columns.flatten(), rows.flatten()], 1), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Channel-wise expected positions."""
        weights = torch.softmax(features.flatten(2) * self.log_temperature.exp(), -1)
        return (weights @ self.places).flatten(1)  # type: ignore[operator]


class SpatialEmbeddings(nn.Module):
    """Learned weightings of the map, ``count`` a channel: (B, C, H, W) -> (B, C count). The read-out of PTR."""

    def __init__(self, channels: int, height: int, width: int, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, height * width, count) / math.sqrt(height * width))

    def forward(self, features: Tensor) -> Tensor:
        """Inner product of each channel with each of its weightings."""
        return torch.bmm(features.flatten(2).transpose(0, 1), self.weight).transpose(0, 1).flatten(1)


def _block(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return nn.Sequential(convolution, nn.GroupNorm(8, outputs), nn.ReLU(inplace=True))


class ConvolutionalEncoder(nn.Module):
    """Pictures (B, 3, H, W) with values 0..255 -> features (B, ``size``); trains on a CPU.

    The read-outs know each place of the map, so that pictures of another size than 128 x 128 are resized first.
    """

    IMAGE_SIDE = 128
    SIDE = 16
    """Side of the last feature map."""

    def __init__(self, width: int = 24, embeddings: int = 8, bottleneck: int = 256) -> None:
        super().__init__()
        channels = 2 * width
        self.layers = nn.Sequential(
            _block(3, width, 7, 4), _block(width, channels, 3, 2), _block(channels, channels, 3, 1),
            _block(channels, channels, 3, 1),
        )  # fmt: skip
        self.softmax = SpatialSoftmax(channels, self.SIDE, self.SIDE)
        self.embeddings = SpatialEmbeddings(channels, self.SIDE, self.SIDE, embeddings)
        self.bottleneck = nn.Sequential(
            nn.Linear(channels * (2 + embeddings), bottleneck), nn.LayerNorm(bottleneck), nn.Tanh()
        )
        self.size = bottleneck

    def forward(self, images: Tensor) -> Tensor:
        """Encode pictures."""
        maps = self.layers(resize_pictures(images, self.IMAGE_SIDE).div(127.5).sub_(1.0)).contiguous()
        return self.bottleneck(torch.cat([self.softmax(maps), self.embeddings(maps)], 1))
