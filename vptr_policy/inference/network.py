"""What a policy computes for one picture, as one function of tensors, and PyTorch running it."""

from typing import Optional, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from vptr_policy.networks.actor import ACTION_SIZE, Actor
from vptr_policy.networks.critic import Critic
from vptr_policy.networks.resnetv2 import fold_standardisation

VALUE_SAMPLES = 16
"""Actions over which a value is averaged; their noise is always the same, so that equal states have equal values."""


class Inference(Protocol):
    """Runs the network of a policy on one picture."""

    name: str
    """of the backend, as ``vptr serve --backend`` calls it"""

    def __call__(self, planes: Tensor, state: Tensor, task: Tensor) -> np.ndarray:
        """The normalised action, and the value behind it where there is a critic: (7,) or (8,).

        Args:
            planes: (1, 3, H, W), values 0..255.
            state: (1, 7) Bridge state.
            task: (1, tasks).
        """


class ActingNetwork(nn.Module):
    """tanh(mean) of an actor and, with a critic, V(s) = mean over actions a of the actor of min_i Q_i(s, a)."""

    noise: Tensor

    def __init__(self, actor: Actor, critic: Optional[Critic] = None) -> None:
        """Set both networks to evaluation; their weight standardisation is folded, in place."""
        super().__init__()
        self.actor = actor
        self.critic = critic
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("noise", torch.randn(VALUE_SAMPLES, ACTION_SIZE, generator=generator))
        self.requires_grad_(False).eval()
        fold_standardisation(self)

    def forward(self, planes: Tensor, state: Tensor, task: Tensor) -> Tensor:
        """(B, 7), or (B, 8) with the value last."""
        policy = self.actor(planes, state, task)
        if self.critic is None:
            return policy.mode()
        actions = torch.tanh(policy.mean.unsqueeze(1) + self.noise * policy.log_std.exp().unsqueeze(1))
        values = self.critic.q(self.critic.join(self.critic.encode(planes), state), task, actions).min(0).values
        return torch.cat([policy.mode(), values.mean(1, keepdim=True)], 1)


class Eager:
    """PyTorch, operation by operation, on the CPU or a GPU."""

    name = "eager"

    def __init__(self, network: ActingNetwork, device: str = "cpu") -> None:
        self._device = torch.device(device)
        self._network = network.to(self._device)

    def __call__(self, planes: Tensor, state: Tensor, task: Tensor) -> np.ndarray:
        """Run it."""
        with torch.inference_mode():
            answer = self._network(*(tensor.to(self._device) for tensor in (planes, state, task)))
        return answer[0].cpu().numpy()
