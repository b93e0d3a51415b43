"""The baselines' pre-training on video, as the loop runs it: VIP, LSTD, R3M without language, TCN."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NamedTuple, Tuple, Type

import torch
from torch import Tensor, nn

from vptr_policy.algorithms.averages import learned
from vptr_policy.algorithms.distances import norm_penalty, permutations
from vptr_policy.algorithms.learner import Info, Learner
from vptr_policy.algorithms.lstd import lstd_loss
from vptr_policy.algorithms.tcn import r3m_loss, tcn_loss
from vptr_policy.algorithms.vip import vip_loss
from vptr_policy.data.video.batches import ClipBatch, ContrastBatch, OrderedBatch
from vptr_policy.networks.embedding import Embedding

Frames = Dict[str, Tensor]


@dataclass(frozen=True)
class EmbeddingSettings:
    """Of VIP's public code, which are the paper's."""

    loss: str = "vip"
    """vip, lstd (VIP Eq. 29), r3m (its time-contrastive loss, which is VIP's TCN too) or tcn (VIP Eq. 12)."""
    discount: float = 0.98
    """gamma of vip and lstd"""
    negatives: int = 3
    """Other clips that each clip of a batch is contrasted with, in vip and r3m."""
    joint_negatives: bool = False
    """Average vip's negatives together with the clip's own transitions (VIP D.1), instead of apart as its code does."""
    l1: float = 1e-3
    """Weight of the mean L1 norm of the embeddings; R3M: 1e-5."""
    l2: float = 1e-3
    """Weight of the mean L2 norm of the embeddings; R3M: 1e-5."""
    learning_rate: float = 1e-4
    """Of Adam, constant."""

    def __post_init__(self) -> None:
        if self.loss not in OBJECTIVES:
            raise ValueError("no embedding loss {!r}; known: {}".format(self.loss, ", ".join(OBJECTIVES)))


def _vip(frames: Frames, settings: EmbeddingSettings, generator: torch.Generator) -> Tuple[Tensor, Info]:
    orders = permutations(settings.negatives, len(frames["now"]), generator)
    start, goal, now, following = (frames[name] for name in ("start", "goal", "now", "next"))
    return vip_loss(start, goal, now, following, orders, discount=settings.discount, joint=settings.joint_negatives)


def _lstd(frames: Frames, settings: EmbeddingSettings, _: torch.Generator) -> Tuple[Tensor, Info]:
    return lstd_loss(frames["goal"], frames["now"], frames["next"], discount=settings.discount)


def _r3m(frames: Frames, settings: EmbeddingSettings, generator: torch.Generator) -> Tuple[Tensor, Info]:
    early, late = (permutations(settings.negatives, len(frames["first"]), generator) for _ in range(2))
    return r3m_loss(frames["first"], frames["second"], frames["third"], early, late)


def _tcn(frames: Frames, _: EmbeddingSettings, __: torch.Generator) -> Tuple[Tensor, Info]:
    negatives = torch.stack([frames["negative"], frames["other_negative"]], 1)
    return tcn_loss(frames["anchor"], frames["positive"][:, None], negatives[:, None])


class Objective(NamedTuple):
    """A loss and the frames it looks at: no others are encoded."""

    batch: Type[Any]
    frames: Tuple[str, ...]
    loss: Callable[[Frames, EmbeddingSettings, torch.Generator], Tuple[Tensor, Info]]


OBJECTIVES: Dict[str, Objective] = {
    "vip": Objective(ClipBatch, ("start", "goal", "now", "next"), _vip),
    "lstd": Objective(ClipBatch, ("goal", "now", "next"), _lstd),
    "r3m": Objective(OrderedBatch, ("first", "second", "third"), _r3m),
    "tcn": Objective(ContrastBatch, ("anchor", "positive", "negative", "other_negative"), _tcn),
}


class EmbeddingLearner(Learner):
    """An embedding of frames in which distance means time.

    R3M's code also encodes, and takes the norms of, the two frames of its language loss, which is not here.
    """

    def __init__(self, embedding: Embedding, settings: EmbeddingSettings = EmbeddingSettings()) -> None:
        super().__init__()
        self.settings = settings
        self.embedding = embedding
        self._objective = OBJECTIVES[settings.loss]

    def forward(self, batch: Any, generator: torch.Generator) -> Tuple[Tensor, Info]:
        """The objective plus the penalty on norms; all frames are encoded in one pass.

        Args:
            batch: ClipBatch for vip and lstd, OrderedBatch for r3m, ContrastBatch for tcn.
            generator: of the choice of negatives.
        """
        expected, names, compute = self._objective
        if not isinstance(batch, expected):
            raise ValueError(f"{self.settings.loss} learns from {expected.__name__}, got {type(batch).__name__}")
        embeddings = self.embedding(torch.cat([getattr(batch, name) for name in names]))
        loss, info = compute(dict(zip(names, embeddings.chunk(len(names)))), self.settings, generator)
        penalty, norms = norm_penalty(embeddings, self.settings.l1, self.settings.l2)
        return loss + penalty, {"objective": loss.detach(), **info, **norms}

    def parameter_groups(self) -> List[Dict[str, Any]]:
        """One group, whose weight decay is the loop's (0 in the public code)."""
        return [{"name": "embedding", "params": learned(self.embedding), "lr": self.settings.learning_rate}]

    def after_step(self, step: int) -> None:
        """Nothing follows an embedding."""

    def exports(self) -> Dict[str, nn.Module]:
        """The embedding with its linear layer, which is a visual encoder itself."""
        return {"encoder": self.embedding}
