"""What learners read of pictures, or of features that a frozen encoder made of them before."""

from typing import TypeVar

from torch import Tensor

from vptr_policy.networks.encoders import VisualNetwork

Visual = TypeVar("Visual", bound=VisualNetwork)


def encode(network: VisualNetwork, images: Tensor) -> Tensor:
    """The features of a network of pictures (B, 3, H, W), or of its encoder's output (B, size) on them."""
    return network.encode(images) if images.ndim == 4 else network.bottleneck(images)


def share_frozen_encoder(owner: VisualNetwork, other: Visual) -> Visual:
    """Let ``other`` use the encoder of ``owner``, which does not learn: it is kept and run only once."""
    other.encoder = owner.encoder
    return other
