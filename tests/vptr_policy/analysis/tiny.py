"""Small checkpoints, encoders and rollouts that the tests of the diagnostics share."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np
import torch

from robot_bridge.interface import Observation
from vptr_policy.analysis.encoders import FrozenEncoder
from vptr_policy.analysis.rollouts import WITHOUT, Rollout
from vptr_policy.card import Card
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.networks.critic import Critic

TASKS = ("knife_in_pot", "cucumber_in_bowl")
CONFIG = NetworkConfig(len(TASKS), width=8, hidden=(16,))


def save_policy(folder: Path, critic: bool = True, seed: int = 0, data: Optional[Any] = None) -> Path:
    torch.manual_seed(seed)
    card = Card({"name": "cql"}, CONFIG, TASKS, data=data or {}, aliases={"other words": TASKS[1]})
    save_checkpoint(folder, Actor(CONFIG), card, Critic(CONFIG) if critic else None)
    return folder


def rollout(levels: Sequence[int], name: str = "r", **changes: Any) -> Rollout:
    """Pictures of these brightnesses."""
    seen = [Observation(np.full((128, 128, 3), level, np.uint8), np.zeros(7), 0.2 * t, 0.2 * t)
            for t, level in enumerate(levels)]  # fmt: skip
    return replace(Rollout(name, TASKS[0], tuple(seen), WITHOUT, True), **changes)


def redness(name: str = "redness", **changes: Any) -> FrozenEncoder:
    """The mean of each colour, 0..1."""
    encoder = FrozenEncoder(name, "made by hand", lambda images: images.float().mean((2, 3)) / 255.0)
    return replace(encoder, **changes)
