"""The twin Q-function of multi-task CQL: picture -> own encoder, joined by task and action -> two MLPs."""

from typing import Optional

import torch
from torch import Tensor

from vptr_policy.networks.actor import ACTION_SIZE, STATE_SIZE, Actor
from vptr_policy.networks.config import CRITIC_CONDITIONS, NetworkConfig
from vptr_policy.networks.encoders import VisualNetwork
from vptr_policy.networks.ensemble import EnsembleMLP

HEADS = 2


class Critic(VisualNetwork):
    """Q_i(picture, task, action), i = 1, 2; both heads read one encoder, which the actor does not share (V-PTR A.2).

    No proprioception (V-PTR 4.4), unless ``critic_state`` joins it to the picture's features. Each hidden layer is told
    the action again, and by ``critic_condition`` these features, which is V-PTR's public code and the default, or the
    task, which is V-PTR's text.
    """

    state_mean: Tensor
    state_std: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        if config.critic_condition not in CRITIC_CONDITIONS:
            known = ", ".join(CRITIC_CONDITIONS)
            raise ValueError(f"no critic condition {config.critic_condition!r}; known: {known}")
        self._told = config.critic_condition.split("-")
        seen = self.features
        if config.critic_state:
            seen += STATE_SIZE
            self.register_buffer("state_mean", torch.zeros(STATE_SIZE))
            self.register_buffer("state_std", torch.ones(STATE_SIZE))
        sizes = {"task": config.tasks, "pixels": seen}
        condition = [ACTION_SIZE] + [sizes[name] for name in self._told]
        self.heads = EnsembleMLP(HEADS, [seen, config.tasks, ACTION_SIZE], condition, config.hidden)

    @classmethod
    def of(cls, actor: Actor) -> "Critic":
        """A new critic of an actor's shape, which standardises states, if it sees them, by the same statistics."""
        critic = cls(actor.config)
        if actor.config.critic_state:
            critic.state_mean.copy_(actor.state_mean)
            critic.state_std.copy_(actor.state_std)
        return critic

    def forward(self, images: Tensor, tasks: Tensor, actions: Tensor, states: Optional[Tensor] = None) -> Tensor:
        """``q`` of ``encode``, joined by the states (B, 7) if it sees them."""
        return self.q(self.join(self.encode(images), states), tasks, actions)

    def join(self, features: Tensor, states: Optional[Tensor]) -> Tensor:
        """What the heads see: the features (B, F), and with ``critic_state`` the standardised states, (B, F + 7)."""
        if not self.config.critic_state:
            return features
        if states is None:
            raise ValueError("this critic sees proprioception, got no states; give them as (B, 7)")
        return torch.cat([features, (states - self.state_mean) / self.state_std], 1)

    def q(self, features: Tensor, tasks: Tensor, actions: Tensor) -> Tensor:
        """The values of actions; several actions of a picture share its features.

        Args:
            features: (B, F), of ``encode`` and ``join``.
            tasks: (B, tasks) one-hot or embedding.
            actions: (B, 7) or (B, N, 7), normalised.

        Returns:
            (2, B) or (2, B, N).
        """
        many = actions if actions.ndim == 3 else actions.unsqueeze(1)
        parts = {"pixels": features.unsqueeze(1), "task": tasks.unsqueeze(1)}
        inputs, condition = [parts["pixels"], parts["task"], many], [many] + [parts[name] for name in self._told]
        values = self.heads(inputs, condition)
        return values if actions.ndim == 3 else values.squeeze(-1)
