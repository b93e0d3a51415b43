"""Rewards that say how far each step got, as an embedding sees it (VIP 5.2)."""

import os
from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from vptr_policy.algorithms.rwr import embedding_rewards
from vptr_policy.data.robot.transitions import Transitions
from vptr_policy.training.frozen_features import ROWS, embed
from vptr_policy.training.initial import fingerprint_of


def with_progress_rewards(transitions: Transitions, encoder: nn.Module, folder: Path) -> Transitions:
    """The transitions with the rewards of ``progress``, kept in ``folder`` in a file for each encoder and data."""
    path = folder / f"rewards-{fingerprint_of(encoder.state_dict())}-{transitions.fingerprint}.npy"
    if path.is_file():
        rewards = np.load(str(path), allow_pickle=False)
        if rewards.shape != transitions.rewards.shape:
            raise ValueError(f"{path} holds {len(rewards)} rewards of {len(transitions)} transitions; delete it")
    else:
        rewards = progress(transitions, encoder)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(str(partial), rewards, allow_pickle=False)
        os.replace(str(partial), str(path))
    return replace(transitions, rewards=rewards)


def progress(transitions: Transitions, encoder: nn.Module) -> np.ndarray:
    """The ``embedding_rewards`` of each transition o -> o', (n,) float32, as ``encoder`` sees it.

    g is the mean embedding of the last frames of the task's successful demonstrations (VIP F.1). The last frame of a
    demonstration, whose reward the paper sets to 0, begins no transition here. Embeddings are not kept: those of Bridge
    would not fit into memory.
    """
    last = np.flatnonzero(np.append(np.diff(transitions.trajectory) != 0, True))
    parts: List[Tuple[np.ndarray, Tensor]] = []
    for task in np.unique(transitions.task):
        ends = last[(transitions.task[last] == task) & transitions.success[last]]
        if not len(ends):
            raise ValueError(
                f"no demonstration of {transitions.tasks[task]} succeeded: there is no goal to measure from"
            )
        goals = [embed(transitions, transitions.next[rows], encoder) for rows in _parts(ends)]
        goal = torch.cat(goals).mean(0)
        parts += [(rows, goal) for rows in _parts(np.flatnonzero(transitions.task == task))]
    rewards = np.zeros(len(transitions), np.float32)
    for rows, goal in tqdm(parts, "embedding", unit="batch", dynamic_ncols=True):
        pairs = np.stack([transitions.now[rows], transitions.next[rows]])
        numbers, places = np.unique(pairs, return_inverse=True)  # a frame ends one transition and begins the next
        now, following = embed(transitions, numbers, encoder)[torch.from_numpy(places.reshape(pairs.shape))]
        rewards[rows] = embedding_rewards(now, following, goal).numpy()
    return rewards


def _parts(rows: np.ndarray) -> List[np.ndarray]:
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
