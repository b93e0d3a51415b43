"""Phase 1, value pre-training on video, as the loop runs it."""

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import torch
from torch import Tensor, nn

from vptr_policy.algorithms.averages import approach, copy_buffers, counterparts, frozen_copy, learned
from vptr_policy.algorithms.icvf import icvf_loss, intent_advantage
from vptr_policy.algorithms.learner import Info, Learner
from vptr_policy.data.video.batches import IntentBatch
from vptr_policy.networks.icvf import ICVF

BASELINES = ("target", "online")


@dataclass(frozen=True)
class ICVFSettings:
    """Of the public code of ICVF where it differs from the papers."""

    expectile: float = 0.9
    """tau"""
    discount: float = 0.99
    """gamma"""
    pessimistic: bool = True
    """Take the lesser head of the next state's value in the advantage, else the mean."""
    baseline: str = "target"
    """Network of V(s, z, z) in the advantage: target (the code) or online (V-PTR 4.1 and the ICVF paper)."""
    target_rate: float = 0.005
    """Share of the online weights that the target network takes at each update."""
    learning_rate: float = 5e-5
    """V-PTR: 1e-4 with a cosine."""
    epsilon: float = 3.125e-4
    """Of Adam."""
    weight_decay: float = 0.0
    """V-PTR says weight decay, but no value; the code of ICVF has none."""

    def __post_init__(self) -> None:
        if self.baseline not in BASELINES:
            raise ValueError("no ICVF baseline {!r}; known: {}".format(self.baseline, ", ".join(BASELINES)))


class ICVFLearner(Learner):
    """An intent-conditioned value function and its target network.

    The target network follows the weights from before the optimiser's step, as in the public code.
    """

    def __init__(self, icvf: ICVF, settings: ICVFSettings = ICVFSettings()) -> None:
        super().__init__()
        self.settings = settings
        self.icvf = icvf
        self.target = frozen_copy(icvf)
        self._before: List[Tensor] = []

    def train(self, mode: bool = True) -> "ICVFLearner":
        """Set training mode everywhere but in the target network."""
        super().train(mode)
        self.target.eval()
        return self

    def forward(self, batch: IntentBatch, generator: torch.Generator) -> Tuple[Tensor, Info]:
        """The expectile loss; each picture is encoded once a network."""
        settings = self.settings
        if torch.is_grad_enabled():
            self._before = [parameter.detach().clone() for parameter in learned(self.icvf)]
        now, goal, intent = self.icvf.encode(torch.cat([batch.now, batch.goal, batch.intent])).chunk(3)
        values = self.icvf.value(now, goal, intent, generator)
        with torch.no_grad():
            next_values, advantage = self._evaluate(batch, now, intent, generator)
        return icvf_loss(
            values, next_values, batch.rewards, batch.masks, advantage, settings.expectile, settings.discount
        )

    def _evaluate(
        self, batch: IntentBatch, online_now: Tensor, online_intent: Tensor, generator: torch.Generator
    ) -> Tuple[Tensor, Tensor]:
        """V_i(s', g, z) of the target network (2, B), and the advantage (B,); ``generator`` is of dropout's noise."""
        settings, target = self.settings, self.target
        pictures = [batch.next, batch.goal, batch.intent]
        if settings.baseline == "target":
            following, goal, intent, now = target.encode(torch.cat([*pictures, batch.now])).chunk(4)
            baseline = target.value(now, intent, intent)
        else:
            following, goal, intent = target.encode(torch.cat(pictures)).chunk(3)
            baseline = self.icvf.value(online_now, online_intent, online_intent, generator)
        advantage = intent_advantage(
            target.value(following, intent, intent), baseline, batch.intent_rewards, batch.intent_masks,
            settings.discount, settings.pessimistic,
        )  # fmt: skip
        return target.value(following, goal, intent), advantage

    def parameter_groups(self) -> List[Dict[str, Any]]:
        """One group for Adam."""
        settings = self.settings
        return [
            {
                "name": "icvf", "params": learned(self.icvf), "lr": settings.learning_rate, "eps": settings.epsilon,
                "weight_decay": settings.weight_decay,
            }
        ]  # fmt: skip

    def after_step(self, step: int) -> None:  # noqa: ARG002
        """The target network takes its share of the weights that ``forward`` saw."""
        approach(counterparts(self.target, self.icvf), self._before, self.settings.target_rate)
        copy_buffers(self.target, self.icvf)

    def initialise_encoders(self, state: Dict[str, Tensor]) -> None:
        """Start from the weights of an encoder."""
        for network in (self.icvf, self.target):
            network.encoder.load_state_dict(state)

    def exports(self) -> Dict[str, nn.Module]:
        """The visual encoder."""
        return {"encoder": self.icvf.encoder}
