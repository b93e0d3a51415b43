"""Behaviour cloning and reward-weighted regression as the loop runs them."""

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import torch
from torch import Tensor, nn

from vptr_policy.algorithms.averages import average, frozen_copy, learned
from vptr_policy.algorithms.bc import LIKELIHOODS, LOSSES, errors
from vptr_policy.algorithms.features import encode, share_frozen_encoder
from vptr_policy.algorithms.learner import Info, Learner
from vptr_policy.algorithms.rwr import rwr_loss
from vptr_policy.data.batches import Batch
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.distribution import TanhGaussian


@dataclass(frozen=True)
class BCSettings:
    """Of behaviour cloning."""

    loss: str = "huber"
    """huber (with cross-entropy on the gripper), likelihood (of the tanh-Gaussian) or unit-gaussian (squared errors, as
    in bridge_data_v2)."""
    learning_rate: float = 3e-4
    """That of bridge_data_v2."""
    averaging: float = 0.999
    """Decay of the average of the weights, which is what is exported; 0: the last weights, as in the papers."""

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError("no loss {!r}; known: {}".format(self.loss, ", ".join(LOSSES)))


@dataclass(frozen=True)
class RWRSettings:
    """Of VIP F.2."""

    loss: str = "unit-gaussian"
    """-log pi: likelihood (of the tanh-Gaussian) or unit-gaussian (squared errors, as in R3M's experiments)."""
    temperature: float = 0.1
    """tau, which multiplies the reward; VIP: 1 for CloseDrawer."""
    learning_rate: float = 1e-3
    averaging: float = 0.999
    """Decay of the average of the weights, which is what is exported; 0: the last weights, as in the paper."""

    def __post_init__(self) -> None:
        if self.loss not in LIKELIHOODS:
            raise ValueError("no likelihood {!r}; known: {}".format(self.loss, ", ".join(LIKELIHOODS)))


class CloningLearner(Learner):
    """An actor that imitates, and the average of its weights."""

    def __init__(self, actor: Actor, learning_rate: float, averaging: float) -> None:
        super().__init__()
        self._learning_rate, self._averaging = learning_rate, averaging
        self.actor = actor
        self.average = frozen_copy(actor)
        if actor.config.frozen:
            share_frozen_encoder(actor, self.average)

    def train(self, mode: bool = True) -> "CloningLearner":
        """Set training mode everywhere but in the average."""
        super().train(mode)
        self.average.eval()
        return self

    def policy(self, batch: Batch, generator: torch.Generator) -> TanhGaussian:
        """The actor's distribution at the batch's observations; dropout's noise is of ``generator``."""
        return self.actor.distribution(encode(self.actor, batch.images), batch.states, batch.tasks, generator)

    def parameter_groups(self) -> List[Dict[str, Any]]:
        """One group, whose weight decay is the loop's."""
        return [{"name": "actor", "params": learned(self.actor), "lr": self._learning_rate}]

    def after_step(self, step: int) -> None:
        """Update the average."""
        average(self.average, self.actor, self._averaging, step)

    def initialise_encoders(self, state: Dict[str, Tensor]) -> None:
        """Start from the weights of an encoder."""
        for network in (self.actor, self.average):
            network.encoder.load_state_dict(state)

    def exports(self) -> Dict[str, nn.Module]:
        """The average."""
        return {"actor": self.average}


class BCLearner(CloningLearner):
    """Behaviour cloning."""

    def __init__(self, actor: Actor, settings: BCSettings = BCSettings()) -> None:
        super().__init__(actor, settings.learning_rate, settings.averaging)
        self.settings = settings

    def forward(self, batch: Batch, generator: torch.Generator) -> Tuple[Tensor, Info]:
        """The loss of the actor on the data's actions."""
        loss, info = LOSSES[self.settings.loss](batch.actions, self.policy(batch, generator))
        return loss, {name: value.detach() for name, value in info.items()}


class RWRLearner(CloningLearner):
    """Reward-weighted regression; the batch's rewards are those of ``embedding_rewards``."""

    def __init__(self, actor: Actor, settings: RWRSettings = RWRSettings()) -> None:
        super().__init__(actor, settings.learning_rate, settings.averaging)
        self.settings = settings

    def forward(self, batch: Batch, generator: torch.Generator) -> Tuple[Tensor, Info]:
        """The weighted log-likelihood of the data's actions."""
        if batch.rewards is None:
            raise ValueError("reward-weighted regression needs the batch's rewards, got none")
        policy = self.policy(batch, generator)
        log_probs = LIKELIHOODS[self.settings.loss](batch.actions, policy)
        loss, info = rwr_loss(log_probs, batch.rewards, self.settings.temperature)
        return loss, {**info, **errors(batch.actions, policy)}
