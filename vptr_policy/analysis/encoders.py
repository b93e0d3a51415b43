"""Frozen encoders to be compared, and what they have to beat: untrained networks and the pixels themselves."""

from dataclasses import dataclass, replace
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn

from robot_bridge.interface import IMAGE_SIZE
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import VisualNetwork
from vptr_policy.resize import resize

BATCH = 64
PIXELS = 16
"""Side of the picture whose pixels are a baseline."""
SHAPE = ("encoder", "width", "image_side", "symmetric_padding", "embedding", "bottleneck")
"""What of a network's shape is its encoder's."""


@dataclass(frozen=True)
class FrozenEncoder:
    """Pictures (B, 3, S, S) with values 0..255 -> features (B, F), S being ``side``."""

    name: str
    origin: str
    """where it comes from"""
    encode: Callable[[Tensor], Tensor]
    shape: Optional[NetworkConfig] = None
    """of the network, where it is one"""
    seen: Optional[Tuple[str, ...]] = ()
    """fingerprints of the robot data it was trained on; None: not known"""
    baseline: bool = False
    side: int = IMAGE_SIZE
    device: str = "cpu"

    def __call__(self, frames: Iterable[np.ndarray]) -> np.ndarray:
        """The features (B, F) float32 of RGB uint8 pictures of any size, squashed as a policy's are."""
        stacked = np.stack([resize(frame, self.side) for frame in frames])
        planes = torch.from_numpy(stacked).permute(0, 3, 1, 2).to(self.device)
        with torch.inference_mode():
            return self.encode(planes).float().cpu().numpy()

    def on(self, device: torch.device) -> "FrozenEncoder":
        """The same on a device, where its weights are moved, laid out as convolutions are fastest."""
        owner = getattr(self.encode, "__self__", self.encode)
        if isinstance(owner, nn.Module):
            owner.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return replace(self, device=str(device))


def batches(frames: Callable[[np.ndarray], np.ndarray], index: np.ndarray, size: int = BATCH) -> Iterable[np.ndarray]:
    """The pictures ``frames(numbers)`` of ``index``, ``size`` at a time."""
    return (frames(index[start : start + size]) for start in range(0, len(index), size))


def untrained(encoders: Sequence[FrozenEncoder], seed: int = 0) -> List[FrozenEncoder]:
    """Networks of the encoders' shapes with random weights, one of each shape: the floor of what training gives."""
    shapes: Dict[str, FrozenEncoder] = {}
    for encoder in encoders:
        if encoder.shape is not None:
            shape = NetworkConfig(1, **{name: getattr(encoder.shape, name) for name in SHAPE})
            shapes.setdefault(repr(shape), replace(encoder, shape=shape))
    kinds = [like.shape.encoder for like in shapes.values() if like.shape is not None]
    made = []
    for kind, like in zip(kinds, shapes.values()):
        whose = f" as {like.name}" if kinds.count(kind) > 1 else ""
        made.append(_untrained(f"untrained {kind}{whose}", like, seed))
    return made


def _untrained(name: str, like: FrozenEncoder, seed: int) -> FrozenEncoder:
    assert like.shape is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = VisualNetwork(like.shape).eval()
    return FrozenEncoder(
        name, f"random weights, seed {seed}", network.encode, like.shape, baseline=True, side=like.side
    )


def pixels(side: int = PIXELS) -> FrozenEncoder:
    """The picture itself, averaged down to ``side`` x ``side``, with values 0..1."""

    def encode(images: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(images.float() / 255.0, side).flatten(1)

    return FrozenEncoder(f"pixels {side}x{side}", "the picture averaged down", encode, baseline=True)
