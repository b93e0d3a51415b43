"""Multi-task CQL, phases 2 and 3, as the loop runs it."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

from vptr_policy.algorithms.averages import (
    approach,
    average,
    copy_buffers,
    counterparts,
    frozen_copy,
    learned,
    without_gradients,
)
from vptr_policy.algorithms.bc import LOSSES, errors
from vptr_policy.algorithms.cql import actor_loss, backup, conservative_term, critic_loss, temperature_loss
from vptr_policy.algorithms.cql_settings import CQLSettings
from vptr_policy.algorithms.features import encode, share_frozen_encoder
from vptr_policy.algorithms.learner import Info, Learner
from vptr_policy.data.batches import Batch
from vptr_policy.networks.actor import ACTION_SIZE, Actor
from vptr_policy.networks.critic import Critic
from vptr_policy.networks.distribution import TanhGaussian
from vptr_policy.networks.encoders import VisualNetwork


class _Seen(NamedTuple):
    """What the losses of an update have in common."""

    critic_features: Tensor
    policy: TanhGaussian
    actions: Tensor
    """(B, N + 1, 7) of the policy, with gradients to it: N for the conservative term, the last for the actor"""
    log_probs: Tensor
    """(B, N + 1)"""


class CQLLearner(Learner):
    """Actor, twin critic, its target network, temperature, and, if asked for, an average of the actor.

    An update encodes each picture once a network: critic s, actor s, and without gradients target s' and actor s'.
    The reference implementations step the critic first and let the actor learn from the stepped one; here both learn
    in one backward pass from the weights before the step. As there, the target network follows the stepped critic.

    With a frozen encoder (NetworkConfig.frozen of both) all networks share the actor's one, which runs twice an update;
    a batch may then hold its features (B, size) in the place of pictures.
    """

    updates: Tensor

    def __init__(self, actor: Actor, critic: Critic, settings: CQLSettings) -> None:
        super().__init__()
        if actor.config.frozen != critic.config.frozen:
            raise ValueError("the encoder of one of actor and critic is frozen, expected both or none")
        self.settings = settings
        self.actor = actor
        self.critic = critic
        self.target = frozen_copy(critic)
        self.average: Optional[Actor] = None if settings.averaging is None else frozen_copy(actor)
        self.log_temperature = nn.Parameter(torch.tensor(settings.initial_temperature).log())
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))
        self._frozen = actor.config.frozen
        if self._frozen:
            for other in self._networks()[1:]:
                share_frozen_encoder(actor, other)

    def train(self, mode: bool = True) -> "CQLLearner":
        """Set training mode everywhere but in target network and average."""
        super().train(mode)
        self.target.eval()
        if self.average is not None:
            self.average.eval()
        return self

    def forward(self, batch: Batch, generator: torch.Generator) -> Tuple[Tensor, Info]:
        """The losses of critic, actor and temperature, added; none moves the networks of another."""
        images = self._pictures(batch.images)
        policy = self.actor.distribution(encode(self.actor, images), batch.states, batch.tasks, generator)
        actions, log_probs = policy.sample_with_log_prob(self.settings.actions + 1, generator)
        seen = _Seen(_seen_by(self.critic, images, batch.states), policy, actions, log_probs)
        with torch.no_grad():
            targets = self._targets(batch, generator)
        of_critic, critic_info = self._critic_loss(batch, seen, targets, generator)
        of_actor, actor_info = self._actor_loss(batch, seen)
        return of_critic + of_actor, {"critic_loss": of_critic.detach(), **critic_info, **actor_info}

    def _targets(self, batch: Batch, generator: torch.Generator) -> Tensor:
        settings = self.settings
        images = self._pictures(_given(batch.next_images, "next_images"))
        states = _given(batch.next_states, "next_states")
        policy = self.actor.distribution(encode(self.actor, images), states, batch.tasks, generator)
        count = settings.actions if settings.max_q_backup else 1
        actions, _ = policy.sample_with_log_prob(count, generator)
        next_q = self.target.q(_seen_by(self.target, images, states), batch.tasks, actions)
        rewards, masks = _given(batch.rewards, "rewards"), _given(batch.masks, "masks")
        return backup(rewards, masks, next_q, settings.discount, settings.least_target, settings.most_target)

    def _critic_loss(
        self, batch: Batch, seen: _Seen, targets: Tensor, generator: torch.Generator
    ) -> Tuple[Tensor, Info]:
        count = self.settings.actions
        shape = (len(batch.actions), count, ACTION_SIZE)
        uniform = 2.0 * torch.rand(shape, generator=generator, device=generator.device).to(seen.actions) - 1.0
        every = torch.cat([batch.actions[:, None], seen.actions[:, :count].detach(), uniform], 1)
        q = self.critic.q(seen.critic_features, batch.tasks, every)
        returns = _given(batch.returns, "returns") if self.settings.bound_by_returns else None
        conservative, info = conservative_term(
            q[..., 0], q[..., 1 : count + 1], seen.log_probs[:, :count], q[..., count + 1 :], returns
        )
        loss, more = critic_loss(q[..., 0], targets, conservative, self.settings.alpha)
        return loss, {**more, **info}

    def _actor_loss(self, batch: Batch, seen: _Seen) -> Tuple[Tensor, Info]:
        """Of actor and temperature; in the warm-up only what imitates counts."""
        settings = self.settings
        labels = batch.actions if batch.labels is None else batch.labels
        temperature, log_probs = self.log_temperature.exp(), seen.log_probs[:, -1]
        with without_gradients(self.critic):
            q = self.critic.q(seen.critic_features.detach(), batch.tasks, seen.actions[:, -1])
        loss, info = actor_loss(log_probs, q, temperature)
        balance, more = temperature_loss(temperature, log_probs, settings.target_entropy)
        on = (self.updates >= settings.actor_warm_up).to(loss)  # a tensor: no wait for the GPU
        total = on * (loss + balance)
        if settings.bc_weight:
            imitation = self._imitation(labels, seen.policy, batch.imitated)
            total = total + settings.bc_weight * imitation
            more["imitation"] = imitation.detach()
        return total, {"actor_loss": total.detach(), **info, **more, **errors(labels, seen.policy)}

    def _imitation(self, labels: Tensor, policy: TanhGaussian, imitated: Optional[Tensor]) -> Tensor:
        """The cloning loss of the rows to imitate, as a mean over all rows: 0 where there are none.

        How many there are is known from their numbers' shape: no wait for the GPU.
        """
        loss = LOSSES[self.settings.bc_loss]
        if imitated is None or len(imitated) == len(labels):
            return loss(labels, policy)[0]
        if not len(imitated):
            return policy.mean.sum() * 0.0
        labels_of, mean, log_std = (part.index_select(0, imitated) for part in (labels, policy.mean, policy.log_std))
        return loss(labels_of, TanhGaussian(mean, log_std))[0] * (len(imitated) / len(labels))

    def parameter_groups(self) -> List[Dict[str, Any]]:
        """Of critic, actor and temperature, which is no weight and never decays."""
        settings = self.settings
        return [
            {"name": "critic", "params": learned(self.critic), "lr": settings.critic_learning_rate},
            {"name": "actor", "params": learned(self.actor), "lr": settings.actor_learning_rate},
            {
                "name": "temperature",
                "params": [self.log_temperature],
                "lr": settings.temperature_learning_rate,
                "weight_decay": 0.0,
            },
        ]

    def after_step(self, step: int) -> None:
        """Let target network and average follow, and count."""
        approach(counterparts(self.target, self.critic), learned(self.critic), self.settings.target_rate)
        copy_buffers(self.target, self.critic)
        if self.average is not None and self.settings.averaging is not None:
            average(self.average, self.actor, self.settings.averaging, step)
        self.updates.fill_(step)

    def exports(self) -> Dict[str, nn.Module]:
        """The actor, or its average where there is one, and the critic."""
        return {"actor": self.actor if self.average is None else self.average, "critic": self.critic}

    def initialise_encoders(self, state: Dict[str, Tensor]) -> None:
        """Let actor and critic both start from the weights of an encoder, as that of phase 1 (V-PTR 4.2)."""
        for network in self._networks():
            network.encoder.load_state_dict(state)

    @torch.no_grad()
    def value(
        self,
        images: Tensor,
        states: Tensor,
        tasks: Tensor,
        count: int = 10,
        generator: Optional[torch.Generator] = None,
        pessimistic: bool = True,
    ) -> Tensor:
        """V(s): the mean of Q over ``count`` actions sampled from the exported policy (V-PTR Fig. 6); (B,).

        Of the heads the lesser, as in the code's targets, or with ``pessimistic`` false their mean; the paper is
        silent.
        """
        actor = self.actor if self.average is None else self.average
        images = self._pictures(images)
        policy = actor.distribution(encode(actor, images), states, tasks)
        actions, _ = policy.sample_with_log_prob(count, generator)
        q = self.critic.q(_seen_by(self.critic, images, states), tasks, actions)
        return (q.amin(0) if pessimistic else q.mean(0)).mean(-1)

    def _networks(self) -> List[VisualNetwork]:
        averages = [] if self.average is None else [self.average]
        return [self.actor, self.critic, self.target, *averages]

    def _pictures(self, images: Tensor) -> Tensor:
        """Pictures, or the features of the one frozen encoder."""
        if not self._frozen or images.ndim != 4:
            return images
        return self.actor.encoder(images)


def _seen_by(critic: Critic, images: Tensor, states: Tensor) -> Tensor:
    return critic.join(encode(critic, images), states)


def _given(tensor: Optional[Tensor], name: str) -> Tensor:
    if tensor is None:
        raise ValueError(f"CQL needs the batch's {name}, got none; take batches with rewards and next observations")
    return tensor
