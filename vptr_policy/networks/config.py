"""Everything needed to build a network of the same shape again; part of a checkpoint's card."""

from dataclasses import dataclass
from typing import Tuple

CRITIC_CONDITIONS = ("task", "pixels", "task-pixels")


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of an actor and of its critic."""

    tasks: int
    """Length of the vector that tells the task: a one-hot task id or a sentence embedding."""
    encoder: str = "convolutional"
    """convolutional (trains on a CPU), resnetv2-50 (V-PTR), resnet-34 (PTR), resnet-50 (VIP, R3M) or vit-b16 (MVP)."""
    hidden: Tuple[int, ...] = (256, 256)
    """Widths of the hidden layers after the encoder (V-PTR A.2 and PTR: 256 three times; V-PTR's code: 1024)."""
    width: int = 24
    """Channels of the convolutional encoder's first layer."""
    frozen: bool = False
    """Whether the encoder stays as it was loaded, in evaluation mode and without gradients."""
    batch_statistics: bool = False
    """Whether resnet-50 normalises by each batch when it trains (video pre-training) instead of by its running
    statistics (V-PTR D.3: temporal-difference learning is unstable with batch statistics)."""
    symmetric_padding: bool = False
    """Whether resnet-34 pads both ends alike, as is usual in PyTorch, instead of as PTR's public code."""
    image_side: int = 0
    """Side to which resnetv2-50 and resnet-50 resize pictures first; 0: as they come. The others have their own."""
    embedding: int = 0
    """Width of a linear layer that belongs to the encoder and is loaded and frozen with it (VIP: 1024); 0: none."""
    bottleneck: int = 0
    """Width of the linear layer, LayerNorm and tanh between encoder and head, as in PTR; 0: none."""
    dropout: float = 0.0
    """Share of the actor's hidden units that is dropped in training (Bridge v2's behaviour cloning: 0.1)."""
    critic_condition: str = "pixels"
    """What each hidden layer of the critic is told beside the action: pixels (the picture's features, as in the
    release's code), task (V-PTR 4.4) or task-pixels."""
    critic_state: bool = False
    """Whether the critic sees proprioception too, which neither the papers' nor their code's does."""
    pretrained: str = ""
    """Where the encoder's first weights came from, in words; empty: random."""
