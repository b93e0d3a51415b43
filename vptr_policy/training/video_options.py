"""The options of encoders that are pre-trained on video: phase 1 of V-PTR, and what it is compared with."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Dict, Tuple

from vptr_policy.training.limits import CHANNELS, COUNT, FROM_ZERO, PART, SHARE, SIDE, SOME, UNITS, WIDEST, Limit
from vptr_policy.training.options import LoopOptions


@dataclass(frozen=True)
class VideoPaths:
    """Where a run reads and writes."""

    video: Tuple[Path, ...]
    """Folders of clips (clips-*.tar), as `vptr data import` and `vptr sim videos` write them."""
    out: Path
    """Folder of the run: config, metrics, checkpoint. Run the same command again to resume."""


@dataclass(frozen=True)
class VideoOptions(LoopOptions, VideoPaths):
    """What every pre-training on video has."""

    LIMITS: ClassVar[Dict[str, Limit]] = {
        **LoopOptions.LIMITS,
        "width": CHANNELS,
        "side": SIDE,
        "crop": SOME,
        "discount": PART,
    }

    learning_rate: float = 3e-4
    """At the start, after a linear warm-up."""
    evaluate_every: int = 0
    """Of policies alone: 0, the last encoder is taken."""
    encoder: str = "convolutional"
    """convolutional (trains on a CPU), resnetv2-50 (V-PTR), resnet-50 (VIP, R3M) or resnet-34 (PTR)."""
    width: int = 24
    """Channels of the convolutional encoder's first layer; its others have twice as many."""
    side: int = 128
    """Side of the pictures the encoder sees [px]; the convolutional encoder takes 128 only."""
    crop: float = 0.2
    """Smallest share of a frame's area that is seen; all frames of a clip in a row of a batch are cropped alike."""
    discount: float = 0.99
    """gamma"""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect("video", bool(self.video), "a folder or more")
        self.expect_apart(self.out, "video")
        judged = "0: an encoder has no evaluation by which to choose; leave it out, and judge by `vptr analyze`"
        self.expect("evaluate_every", self.evaluate_every == 0, judged)


@dataclass(frozen=True)
class ICVFOptions(VideoOptions):
    """Intent-conditioned value functions (V-PTR 4.1)."""

    LIMITS: ClassVar[Dict[str, Limit]] = {
        **VideoOptions.LIMITS,
        "shift": Limit(least=0, most=64),
        "colour": SHARE,
        "expectile": Limit(above=0, below=1),
        "target_rate": SOME,
        "heads": UNITS,
        "layers": COUNT,
        "dropout": PART,
    }

    goals: str = "icvf"
    """How goals are drawn: icvf (anywhere .3, future .5, current .2) or video (.1, .8, .1; a published variant)."""
    shift: int = 4
    """Random shift of each picture, each way [px]."""
    colour: float = 0.2
    """Random change of the brightness, as a share; contrast and saturation change half, the hue .15 as much (PTR)."""
    expectile: float = 0.9
    """tau"""
    baseline: str = "target"
    """Network of V(s, z, z) in the advantage: target (the public code) or online (the papers)."""
    pessimistic: bool = True
    """Take the lesser head of the next state's value in the advantage, else the mean."""
    target_rate: float = 0.005
    """Share of the online weights that the target network takes at each update."""
    heads: int = 256
    """Width of the layers of the heads."""
    layers: int = 2
    """Of each head; 2 in the public code and V-PTR A.1, 3 in V-PTR 4.4."""
    dropout: float = 0.0
    """After each layer of the heads."""
    form: str = "vector"
    """Of T: vector (the public code) or matrix (the papers)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect_one("goals", ("icvf", "video"))
        self.expect_one("baseline", ("target", "online"))
        self.expect_one("form", ("vector", "matrix"))


@dataclass(frozen=True)
class EmbeddingOptions(VideoOptions):
    """Embeddings in which distance means time: VIP, LSTD, and time-contrastive learning."""

    LIMITS: ClassVar[Dict[str, Limit]] = {
        **VideoOptions.LIMITS,
        "negatives": COUNT,
        "embedding": Limit(least=0, most=WIDEST),
        "l1": FROM_ZERO,
        "l2": FROM_ZERO,
    }

    loss: str = "vip"
    """vip, lstd (VIP Eq. 29), r3m (its time-contrastive loss, which is VIP's TCN too) or tcn (VIP Eq. 12)."""
    weight_decay: float = 0.0
    """Of AdamW."""
    discount: float = 0.98
    """gamma of vip and lstd"""
    negatives: int = 3
    """Other clips that each clip of a batch is contrasted with, in vip and r3m."""
    joint_negatives: bool = False
    """Average vip's negatives together with the clip's own transitions (VIP D.1), instead of apart as its code does."""
    embedding: int = 1024
    """Numbers of the embedding, by a linear layer that belongs to the encoder from then on; 0: the encoder's own."""
    l1: float = 1e-3
    """Weight of the mean L1 norm of the embeddings."""
    l2: float = 1e-3
    """Weight of the mean L2 norm of the embeddings."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect_one("loss", ("vip", "lstd", "r3m", "tcn"))
