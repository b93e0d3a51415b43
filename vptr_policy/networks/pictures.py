"""Pictures as encoders want them: floats of a known size."""

import torch
import torch.nn.functional as functional
from torch import Tensor


def resize_pictures(images: Tensor, side: int) -> Tensor:
    """Pictures (B, 3, H, W) squashed whole to (B, 3, ``side``, ``side``) in float32, bilinear with antialiasing.

    Pictures that are of this size, or any when ``side`` is 0, only become floats.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"pictures are {tuple(images.shape)}, expected (batch, 3, height, width)")
    images = images.to(torch.float32)
    if side == 0 or images.shape[-2:] == (side, side):
        return images
    return functional.interpolate(images, (side, side), mode="bilinear", antialias=True)


IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def normalise_pictures(images: Tensor) -> Tensor:
    """Float pictures with values 0..255 divided by 255 and standardised by ImageNet's statistics."""
    mean = torch.tensor(IMAGENET_MEAN, device=images.device).view(3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=images.device).view(3, 1, 1)
    return (images / 255.0 - mean) / std
