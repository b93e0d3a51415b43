"""Behaviour cloning as the loop runs it."""

import copy
from typing import Any, Dict, List, Tuple

import torch
from torch import Tensor, nn

from vptr_policy.algorithms.bc import LOSSES
from vptr_policy.algorithms.learner import Info, Learner
from vptr_policy.data.batches import Batch
from vptr_policy.networks.actor import Actor


class BCLearner(Learner):
    """An actor and the moving average of its weights, which is what is saved."""

    def __init__(self, actor: Actor, loss: str, learning_rate: float, averaging: float) -> None:
        super().__init__()
        if loss not in LOSSES:
            raise ValueError("no loss {!r}; known: {}".format(loss, ", ".join(LOSSES)))
        self._loss, self._learning_rate, self._decay = LOSSES[loss], learning_rate, averaging
        self.actor = actor
        self.average = copy.deepcopy(actor).requires_grad_(False)

    def forward(self, batch: Batch, _: torch.Generator) -> Tuple[Tensor, Info]:
        """The loss of the actor on the data's actions."""
        return self._loss(batch.actions, self.actor(batch.images, batch.states, batch.tasks))

    def parameter_groups(self) -> List[Dict[str, Any]]:
        """One group."""
        return [{"name": "actor", "params": list(self.actor.parameters()), "lr": self._learning_rate}]

    def after_step(self, step: int) -> None:
        """average += (1 - decay) (actor - average), with a smaller decay in the first updates."""
        weight = 1.0 - min(self._decay, step / (9.0 + step))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.actor.parameters()), weight)

    def exports(self) -> Dict[str, nn.Module]:
        """The average."""
        return {"actor": self.average}
