"""The twin Q-function of multi-task CQL: picture -> own encoder, joined by task and action -> two MLPs."""

from torch import Tensor

from vptr_policy.networks.actor import ACTION_SIZE
from vptr_policy.networks.config import CRITIC_CONDITIONS, NetworkConfig
from vptr_policy.networks.encoders import VisualNetwork
from vptr_policy.networks.ensemble import EnsembleMLP

HEADS = 2


class Critic(VisualNetwork):
    """Q_i(picture, task, action), i = 1, 2; both heads read one encoder, which the actor does not share (V-PTR A.2).

    No proprioception (V-PTR 4.4). Each hidden layer is told the action again, and by ``critic_condition`` the picture's
    features, which is V-PTR's public code and the default, or the task, which is V-PTR's text.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        if config.critic_condition not in CRITIC_CONDITIONS:
            known = ", ".join(CRITIC_CONDITIONS)
            raise ValueError(f"no critic condition {config.critic_condition!r}; known: {known}")
        self._told = config.critic_condition.split("-")
        sizes = {"task": config.tasks, "pixels": self.features}
        condition = [ACTION_SIZE] + [sizes[name] for name in self._told]
        self.heads = EnsembleMLP(HEADS, [self.features, config.tasks, ACTION_SIZE], condition, config.hidden)

    def forward(self, images: Tensor, tasks: Tensor, actions: Tensor) -> Tensor:
        """``q`` of ``encode``."""
        return self.q(self.encode(images), tasks, actions)

    def q(self, features: Tensor, tasks: Tensor, actions: Tensor) -> Tensor:
        """The values of actions; several actions of a picture share its features.

        Args:
            features: (B, F), of ``encode``.
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
