"""Small networks, batches and updates that the tests of the learners share; pictures are 8 x 8."""

from typing import Any, Dict, Tuple

import torch
from torch import Tensor, nn

from vptr_policy.algorithms.learner import Learner
from vptr_policy.data.batches import Batch
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.critic import Critic

SIDE = 8
TASKS = 2


class TinyEncoder(nn.Module):
    """Two linear layers on the pixels."""

    def __init__(self, size: int = 16) -> None:
        super().__init__()
        self.size = size
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 32), nn.ReLU(), nn.Linear(32, size))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images / 255.0)


def config(**changes: Any) -> NetworkConfig:
    return NetworkConfig(**{"tasks": TASKS, "encoder": "tiny", "hidden": (32, 32), **changes})


def actor_and_critic(seed: int = 0, **changes: Any) -> Tuple[Actor, Critic]:
    torch.manual_seed(seed)
    return Actor(config(**changes)), Critic(config(**changes))


def frames(places: Tensor) -> Tensor:
    """Pictures (N, 3, 8, 8) that are dark but for a bright column at each of ``places`` (N,) in 0..7."""
    images = torch.zeros(len(places), 3, SIDE, SIDE)
    images[torch.arange(len(places)), :, :, places] = 255.0
    return images


def batch(seed: int = 0, size: int = 6) -> Batch:
    random = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=random)

    return Batch(
        images=255.0 * uniform(size, 3, SIDE, SIDE),
        states=uniform(size, 7),
        tasks=torch.eye(TASKS)[torch.arange(size) % TASKS],
        actions=1.8 * uniform(size, 7) - 0.9,
        next_images=255.0 * uniform(size, 3, SIDE, SIDE),
        next_states=uniform(size, 7),
        rewards=11.0 * (uniform(size) > 0.5) - 1.0,
        masks=(uniform(size) > 0.5).float(),
        returns=10.0 * uniform(size),
    )


class Run:
    """Updates of a learner as the loop makes them."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner.train()
        self.optimizer = torch.optim.AdamW(learner.parameter_groups(), weight_decay=0.0)
        self.step = 0

    def update(self, data: Any) -> Dict[str, float]:
        generator = torch.Generator().manual_seed(self.step)
        loss, info = self.learner(data, generator)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1
        self.learner.after_step(self.step)
        return {"loss": loss.item(), **{name: value.item() for name, value in info.items()}}


def gradients(learner: Learner, data: Any) -> Dict[str, Tensor]:
    learner.zero_grad()
    learner(data, torch.Generator().manual_seed(0))[0].backward()
    return {name: p.grad.clone() for name, p in learner.named_parameters() if p.grad is not None}
