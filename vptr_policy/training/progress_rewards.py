"""Rewards that say how far each step got, as an embedding sees it (VIP 5.2)."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vptr_policy.algorithms.rwr import embedding_rewards
from vptr_policy.data.robot.transitions import Transitions
from vptr_policy.training.frozen_features import embeddings
from vptr_policy.training.initial import fingerprint_of


def with_progress_rewards(transitions: Transitions, encoder: nn.Module, folder: Path) -> Transitions:
    """The transitions with the rewards of ``progress``, kept in ``folder`` in a file for each encoder and data."""
    path = folder / f"rewards-{fingerprint_of(encoder.state_dict())}-{transitions.fingerprint}.npy"
    if path.is_file():
        rewards = np.load(str(path), allow_pickle=False)
        if rewards.shape != transitions.rewards.shape:
            raise ValueError(f"{path} holds {len(rewards)} rewards of {len(transitions)} transitions; delete it")
    else:
        rewards = progress(transitions, torch.cat(list(embeddings(transitions, encoder))))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(str(partial), rewards, allow_pickle=False)
        os.replace(str(partial), str(path))
    return replace(transitions, rewards=rewards)


def progress(transitions: Transitions, embedded: Tensor) -> np.ndarray:
    """The ``embedding_rewards`` of each transition o -> o', (n,) float32.

    g is the mean embedding of the last frames of the task's successful demonstrations (VIP F.1). The last frame of a
    demonstration, whose reward the paper sets to 0, begins no transition here.
    """
    rewards = np.zeros(len(transitions), np.float32)
    last = np.flatnonzero(np.append(np.diff(transitions.trajectory) != 0, True))
    for task in np.unique(transitions.task):
        ends = last[(transitions.task[last] == task) & transitions.success[last]]
        if not len(ends):
            raise ValueError(
                f"no demonstration of {transitions.tasks[task]} succeeded: there is no goal to measure from"
            )
        goal = embedded[transitions.next[ends]].mean(0)
        rows = np.flatnonzero(transitions.task == task)
        now, following = embedded[transitions.now[rows]], embedded[transitions.next[rows]]
        rewards[rows] = embedding_rewards(now, following, goal).numpy()
    return rewards
