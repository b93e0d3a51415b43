"""The paper's policy network: picture -> encoder, joined by proprioception and task -> MLP -> tanh-Gaussian."""

from dataclasses import dataclass
from typing import Callable, Dict, List, Tuple

import torch
from torch import Tensor, nn

from vptr_policy.networks.convolutional import ConvolutionalEncoder
from vptr_policy.networks.distribution import LOG_STD_MAX, LOG_STD_MIN, TanhGaussian
from vptr_policy.networks.resnetv2 import ResNetV2

STATE_SIZE = 7
ACTION_SIZE = 7


@dataclass(frozen=True)
class NetworkConfig:
    """Everything needed to build an actor of the same shape again."""

    tasks: int
    """Length of the one-hot task id."""
    encoder: str = "convolutional"
    """convolutional (trains on a CPU) or resnetv2-50 (the paper's)."""
    hidden: Tuple[int, ...] = (256, 256)
    """Widths of the hidden layers after the encoder."""
    width: int = 24
    """Channels of the convolutional encoder's first layer."""


ENCODERS: Dict[str, Callable[[NetworkConfig], nn.Module]] = {
    "convolutional": lambda config: ConvolutionalEncoder(config.width),
    "resnetv2-50": lambda _: ResNetV2(),
}


class ConditionedMLP(nn.Module):
    """An MLP that is told the condition again at each layer: (B, I), (B, C) -> (B, O) (V-PTR 4.4)."""

    def __init__(self, inputs: int, condition: int, hidden: Tuple[int, ...], outputs: int) -> None:
        super().__init__()
        widths = (inputs, *hidden)
        layers: List[nn.Module] = [nn.Linear(a + condition, b) for a, b in zip(widths[:-1], widths[1:])]
        self.hidden = nn.ModuleList(layers)
        self.output = nn.Linear(widths[-1] + condition, outputs)

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Apply the layers with ReLU between them."""
        for layer in self.hidden:
            inputs = torch.relu(layer(torch.cat([inputs, condition], 1)))
        return self.output(torch.cat([inputs, condition], 1))


class Actor(nn.Module):
    """pi(a | picture, state, task) over normalised actions."""

    state_mean: Tensor
    state_std: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        if config.encoder not in ENCODERS:
            raise ValueError("no encoder {!r}; known: {}".format(config.encoder, ", ".join(ENCODERS)))
        self.config = config
        self.encoder = ENCODERS[config.encoder](config)
        features = int(self.encoder.size)  # type: ignore[arg-type]
        self.head = ConditionedMLP(features + STATE_SIZE, config.tasks, config.hidden, 2 * ACTION_SIZE)
        self.register_buffer("state_mean", torch.zeros(STATE_SIZE))
        self.register_buffer("state_std", torch.ones(STATE_SIZE))

    def forward(self, images: Tensor, state: Tensor, task: Tensor) -> TanhGaussian:
        """The action distribution.

        Args:
            images: (B, 3, 128, 128), values 0..255, any number type.
            state: (B, 7) Bridge state in metres, radians and opening; normalised here with the data's statistics.
            task: (B, tasks) one-hot.
        """
        proprioception = (state - self.state_mean) / self.state_std
        output = self.head(torch.cat([self.encoder(images), proprioception], 1), task)
        mean, log_std = output.chunk(2, 1)
        return TanhGaussian(mean, log_std.clamp(LOG_STD_MIN, LOG_STD_MAX))
