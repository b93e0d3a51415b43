"""Batches of robot transitions as a function of seed and step."""

from dataclasses import dataclass, replace
from typing import List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from vptr_policy.data.augmentation import Augmentation, augment, draw
from vptr_policy.data.robot.conditioning import Conditioning
from vptr_policy.data.robot.mixing import MixedIndex
from vptr_policy.data.robot.transitions import Transitions

PICTURES, SUCCESSORS = 1, 2
"""Tell the seeds of the augmentation of s and of s' from those of the order."""


@dataclass(frozen=True)
class Batch:
    """What one update learns from."""

    images: Tensor
    """(B, 3, 128, 128) uint8, values 0..255; or (B, D), what a frozen encoder made of them"""
    states: Tensor
    """(B, 7) Bridge states"""
    tasks: Tensor
    """(B, tasks) one-hot, or sentence embeddings"""
    actions: Tensor
    """(B, 7) in [-1, 1]"""
    next_images: Optional[Tensor] = None
    next_states: Optional[Tensor] = None
    rewards: Optional[Tensor] = None
    """(B,) after scaling"""
    masks: Optional[Tensor] = None
    """(B,) 0 where the value of the next state does not count"""
    returns: Optional[Tensor] = None
    """(B,) discounted sum of the rewards to the end of the trajectory"""
    labels: Optional[Tensor] = None
    """(B, 7) in [-1, 1], what to imitate where it is not ``actions``: what the demonstrator meant to do"""
    imitated: Optional[Tensor] = None
    """(K,) int64, which rows are of demonstrations that succeeded and are to be imitated"""


@dataclass(frozen=True)
class Mixture:
    """Which data the updates learn from: the source alone, and from an update on source and target in fixed shares."""

    target_share: float = 0.0
    """tau of V-PTR 4.3; with 1 the target alone"""
    finetune_at: int = 0
    """the first update with target data"""
    success_share: Optional[float] = None
    """of successful trajectories' rows among the source's; None: as they come"""
    target_success_share: Optional[float] = None
    """the same among the target's"""


@dataclass(frozen=True)
class BatchOptions:
    """What batches look like."""

    size: int
    """rows of all ranks together"""
    seed: int
    augmentation: Augmentation
    rewards: bool = False
    """with rewards, masks and returns"""
    successors: bool = False
    """with next states, whose pictures cost as much again"""
    rank: int = 0
    world: int = 1
    labels: bool = False
    """with what to imitate, and of whom"""


class RobotBatches:
    """A stream of batches: ``batches[step]``, the same for the same seed and step; a Source of the training loop."""

    def __init__(
        self,
        transitions: Transitions,
        conditioning: Conditioning,
        options: BatchOptions,
        mixture: Mixture = Mixture(),
        features: Optional[np.ndarray] = None,
    ) -> None:
        """``features``: (N, D) of all frames, which batches hold instead of pictures."""
        self._features = features
        self._transitions = transitions
        self._conditioning = conditioning
        self._options = options
        self._finetune_at = mixture.finetune_at
        source, target = transitions.strata()
        strata, shares = _by_success(source, transitions.success[source], mixture.success_share)
        self._alone = MixedIndex(strata, shares, options.seed) if len(source) else None
        new, parts = _by_success(target, transitions.success[target], mixture.target_success_share)
        tau = mixture.target_share
        shares = [*((1.0 - tau) * share for share in shares), *(tau * share for share in parts)]
        self._mixed = MixedIndex([*strata, *new], shares, options.seed) if len(target) else None

    def __getitem__(self, step: int) -> Batch:
        """The batch of update ``step``."""
        rows = self._rows(step)
        data, told = self._transitions, self._conditioning
        now, after = data.now[rows], data.next[rows]
        batch = Batch(
            images=self._pictures(now, step, PICTURES),
            states=torch.from_numpy(data.states[now]),
            tasks=torch.from_numpy(told.vectors[told.index[rows]]),
            actions=torch.from_numpy(data.actions[rows]),
        )
        if self._options.labels:
            imitated = np.flatnonzero(data.success[rows])
            batch = replace(batch, labels=torch.from_numpy(data.labels[rows]), imitated=torch.from_numpy(imitated))
        if self._options.rewards:
            columns = {name: torch.from_numpy(getattr(data, name)[rows]) for name in ("rewards", "masks", "returns")}
            batch = replace(batch, **columns)
        if self._options.successors:
            pictures = self._pictures(after, step, SUCCESSORS)
            batch = replace(batch, next_images=pictures, next_states=torch.from_numpy(data.states[after]))
        return batch

    def _rows(self, step: int) -> np.ndarray:
        options = self._options
        mixed = self._mixed is not None and step >= self._finetune_at
        index = self._mixed if mixed else self._alone
        if index is None:
            raise ValueError(
                f"update {step} has no data: the target's come in at {self._finetune_at}, a source there is not"
            )
        return index.rows(step, options.size // options.world, options.rank, options.world)

    def _pictures(self, frames: np.ndarray, step: int, which: int) -> Tensor:
        """Varied as if all ranks were one: drawn for the whole batch, of which each rank takes its part."""
        if self._features is not None:
            return torch.from_numpy(self._features[frames])
        options = self._options
        random = np.random.default_rng([options.seed, which, step])
        variation = draw(options.augmentation, options.size, random)
        share = len(frames)
        part = slice(options.rank * share, (options.rank + 1) * share)
        return augment(self._transitions.frames, frames, variation.part(part))


def _by_success(rows: np.ndarray, success: np.ndarray, share: Optional[float]) -> Tuple[List[np.ndarray], List[float]]:
    """Strata and their shares: the rows, or where both are there those that succeeded and those that failed."""
    if share is None or success.all() or not success.any():
        return [rows], [1.0]
    return [rows[success], rows[~success]], [share, 1.0 - share]
