"""The paper's policy network: picture -> encoder, joined by proprioception and task -> MLP -> tanh-Gaussian."""

from typing import List, Optional, Tuple

import torch
from torch import Tensor, nn

from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.distribution import LOG_STD_MAX, LOG_STD_MIN, TanhGaussian
from vptr_policy.networks.dropout import drop
from vptr_policy.networks.encoders import ENCODERS, VisualNetwork

__all__ = ["ACTION_SIZE", "ENCODERS", "STATE_SIZE", "Actor", "ConditionedMLP", "NetworkConfig"]

STATE_SIZE = 7
ACTION_SIZE = 7


class ConditionedMLP(nn.Module):
    """An MLP that is told the condition again at each layer: (B, I), (B, C) -> (B, O) (V-PTR 4.4)."""

    def __init__(
        self, inputs: int, condition: int, hidden: Tuple[int, ...], outputs: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        widths = (inputs, *hidden)
        layers: List[nn.Module] = [nn.Linear(a + condition, b) for a, b in zip(widths[:-1], widths[1:])]
        self.hidden = nn.ModuleList(layers)
        self.output = nn.Linear(widths[-1] + condition, outputs)
        self.dropout = dropout

    def forward(self, inputs: Tensor, condition: Tensor, generator: Optional[torch.Generator] = None) -> Tensor:
        """Apply the layers with ReLU between them, and in training dropout with the noise of ``generator``."""
        for layer in self.hidden:
            inputs = torch.relu(layer(torch.cat([inputs, condition], 1)))
            if self.dropout and self.training:
                inputs = drop(inputs, self.dropout, generator)
        return self.output(torch.cat([inputs, condition], 1))


class Actor(VisualNetwork):
    """pi(a | picture, state, task) over normalised actions."""

    state_mean: Tensor
    state_std: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        inputs = self.features + STATE_SIZE
        self.head = ConditionedMLP(inputs, config.tasks, config.hidden, 2 * ACTION_SIZE, config.dropout)
        self.register_buffer("state_mean", torch.zeros(STATE_SIZE))
        self.register_buffer("state_std", torch.ones(STATE_SIZE))

    def forward(
        self, images: Tensor, state: Tensor, task: Tensor, generator: Optional[torch.Generator] = None
    ) -> TanhGaussian:
        """The action distribution.

        Args:
            images: (B, 3, H, W), values 0..255, any number type.
            state: (B, 7) Bridge state in metres, radians and opening; normalised here with the data's statistics.
            task: (B, tasks) one-hot or embedding.
            generator: of dropout's noise, in training.
        """
        return self.distribution(self.encode(images), state, task, generator)

    def distribution(
        self, features: Tensor, state: Tensor, task: Tensor, generator: Optional[torch.Generator] = None
    ) -> TanhGaussian:
        """The action distribution given ``encode(images)`` (B, F)."""
        proprioception = (state - self.state_mean) / self.state_std
        inputs = torch.cat([features, proprioception], 1)
        mean, log_std = self.head(inputs, task, generator).chunk(2, 1)
        return TanhGaussian(mean, log_std.clamp(LOG_STD_MIN, LOG_STD_MAX))
