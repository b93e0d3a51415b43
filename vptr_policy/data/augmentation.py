"""Random shift and colour jitter of a batch of pictures, vectorised."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Augmentation:
    """How much pictures are varied while training."""

    shift_px: int = 4
    """largest shift each way, the edge repeated"""
    brightness: float = 0.2
    """factor within 1 +- this"""
    contrast: float = 0.2
    """factor about the picture's mean luma within 1 +- this"""
    saturation: float = 0.2
    """factor about each pixel's luma within 1 +- this"""


def shift(frames: np.ndarray, index: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Gather ``frames[index]``, each moved by its offset (dy, dx) with the edge repeated; (B, H, W, 3) uint8."""
    height, width = frames.shape[1:3]
    out = np.empty((len(index), height, width, 3), np.uint8)
    for picture, row, (dy, dx) in zip(out, index, offsets):
        top, bottom, left, right = max(dy, 0), height + min(dy, 0), max(dx, 0), width + min(dx, 0)
        picture[top:bottom, left:right] = frames[row, top - dy : bottom - dy, left - dx : right - dx]
        picture[top:bottom, :left] = picture[top:bottom, left : left + 1]
        picture[top:bottom, right:] = picture[top:bottom, right - 1 : right]
        picture[:top] = picture[top]
        picture[bottom:] = picture[bottom - 1]
    return out


def jitter(pictures: Tensor, factors: Tensor) -> Tensor:
    """Change saturation, then contrast, then brightness.

    Args:
        pictures: (B, H, W, 3) uint8.
        factors: (B, 3) saturation s, contrast c, brightness b. With luma y(x) and its mean m over the picture:
            b (c (s x + (1 - s) y(x)) + (1 - c) m), which is linear in x, clipped to 0..255.

    Returns:
        (B, 3, H, W) float32 in channels-last memory.
    """
    saturation, contrast, brightness = factors.t().reshape(3, -1, 1)
    values = pictures.flatten(1, 2).to(torch.float32)
    luma = values @ torch.tensor(LUMA)
    mean = luma.mean(1, keepdim=True)
    common = luma.mul_(brightness * contrast * (1 - saturation)).add_(brightness * (1 - contrast) * mean)
    values.mul_((brightness * contrast * saturation).unsqueeze(-1)).add_(common.unsqueeze(-1)).clamp_(0.0, 255.0)
    return values.reshape(pictures.shape).permute(0, 3, 1, 2)


def augment(frames: np.ndarray, index: np.ndarray, how: Augmentation, random: np.random.Generator) -> Tensor:
    """The pictures ``frames[index]`` varied at random: (B, 3, H, W) float32 with values 0..255."""
    offsets = random.integers(-how.shift_px, how.shift_px + 1, (len(index), 2))
    spans = np.array([how.saturation, how.contrast, how.brightness])
    factors = 1.0 + random.uniform(-1.0, 1.0, (len(index), 3)) * spans
    pictures = torch.from_numpy(shift(frames, index, offsets))
    return jitter(pictures, torch.from_numpy(factors.astype(np.float32)))
