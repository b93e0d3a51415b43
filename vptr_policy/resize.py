"""The one resize of camera pictures to what a policy sees, shared by data conversion, training and deployment."""

import numpy as np
import torch
import torch.nn.functional as functional

from robot_bridge.interface import IMAGE_SIZE

DESCRIPTION = "whole frame squashed to 128x128, bilinear with antialiasing on uint8, RGB"
"""What the card of a checkpoint says about its pictures."""


def resize(image: np.ndarray, size: int = IMAGE_SIZE) -> np.ndarray:
    """Squash an RGB uint8 (H, W, 3) picture of any shape to (size, size, 3); one of that size is returned as it is."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"resize expects an RGB uint8 picture (H, W, 3), got {image.dtype} {tuple(image.shape)}")
    if image.shape[:2] == (size, size):
        return image
    small = functional.interpolate(to_planes(image), size=(size, size), mode="bilinear", antialias=True)
    return np.ascontiguousarray(small[0].permute(1, 2, 0).numpy())


def to_planes(image: np.ndarray) -> torch.Tensor:
    """An RGB picture (H, W, 3), writable or not, as a batch of one (1, 3, H, W)."""
    return torch.from_numpy(np.require(image, requirements=["C", "W"])).permute(2, 0, 1).unsqueeze(0)
