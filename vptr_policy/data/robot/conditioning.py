"""The vector that tells a network its task: one-hot task ids or sentence embeddings."""

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from vptr_policy.data.robot.language import Sentences
from vptr_policy.data.robot.transitions import Transitions


@dataclass(frozen=True)
class Conditioning:
    """Task vectors: that of transition i is ``vectors[index[i]]``."""

    vectors: np.ndarray
    """(C, V) float32"""
    index: np.ndarray
    """(n,) int64"""
    names: Tuple[str, ...]
    """of the C vectors: task names, or the sentences that were embedded"""


def one_hot(transitions: Transitions) -> Conditioning:
    """A task id of its own for each task, in the order of ``transitions.tasks``."""
    return Conditioning(np.eye(len(transitions.tasks), dtype=np.float32), transitions.task, transitions.tasks)


def sentences(transitions: Transitions, embeddings: Sentences) -> Conditioning:
    """The embedding of what each trajectory was told to do (V-PTR section 4.2 and 5.2, "language")."""
    return Conditioning(embeddings.embed(transitions.texts), transitions.text, transitions.texts)
