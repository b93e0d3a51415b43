"""The losses of multi-task CQL against NumPy: of which network, pictures, actions and probabilities they are."""

from dataclasses import replace
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np
import pytest
import torch
from in_numpy import CLONING, expect, gaussian, log_pi, noise, precise, said, stirred
from tiny_networks import actor_and_critic, batch, frames
from torch import Tensor

from vptr_policy.algorithms.cql_learner import CQLLearner
from vptr_policy.algorithms.cql_settings import CQLSettings
from vptr_policy.data.batches import Batch
from vptr_policy.networks.critic import Critic

SIZE = 6
PLAIN = {"alpha": 2.0, "discount": 0.9, "actions": 3, "initial_temperature": 0.6, "target_entropy": -5.0}


class Expected:
    """The three losses of an update, row by row, after V-PTR 4.2 and D.1."""

    def __init__(self, learner: CQLLearner, data: Batch) -> None:
        self.learner, self.data, self.settings = learner, data, learner.settings
        count, random = self.settings.actions, noise()
        self.noise = torch.randn(SIZE, count + 1, 7, generator=random).numpy()
        best_of = count if self.settings.max_q_backup else 1
        self.next_noise = torch.randn(SIZE, best_of, 7, generator=random).numpy()
        self.uniform = 2.0 * torch.rand(SIZE, count, 7, generator=random).double().numpy() - 1.0
        self.learns = learner.updates >= self.settings.actor_warm_up

    def sample(self, images: Optional[Tensor], states: Optional[Tensor], noise: np.ndarray) -> Tuple[np.ndarray, ...]:
        """Actions (B, N, 7) of the actor, and log pi of each (B, N)."""
        mean, log_std = (part[:, None] for part in gaussian(self.learner.actor, images, states, self.data.tasks))
        before_tanh = mean + np.exp(log_std) * noise
        return np.tanh(before_tanh), log_pi(before_tanh, mean, log_std)

    def q(self, critic: Critic, images: Any, states: Any, actions: np.ndarray) -> np.ndarray:
        """(2, B, N); each action by a call of the whole network."""
        columns = torch.tensor(actions).unbind(1)
        return np.stack([said(critic, images, self.data.tasks, column, states) for column in columns], -1)

    def targets(self) -> np.ndarray:
        """r + gamma m max_n min_i Qbar_i(s', a'_n), clipped."""
        settings, data = self.settings, self.data
        following = data.next_images, data.next_states
        next_q = self.q(self.learner.target, *following, self.sample(*following, self.next_noise)[0])
        best = [max(min(pair) for pair in next_q[:, b].T) for b in range(SIZE)]
        free = data.rewards.numpy() + settings.discount * data.masks.numpy() * best
        least = -np.inf if settings.least_target is None else settings.least_target
        most = np.inf if settings.most_target is None else settings.most_target
        assert np.isinf([least, most]).all() or 0 < ((free < least) | (free > most)).sum() < SIZE
        return np.clip(free, least, most)

    def critic(self) -> float:
        """MSE and alpha times CQL(H), whose importance weights are of the very actions that Q is taken of."""
        settings, data, now = self.settings, self.data, (self.data.images, self.data.states)
        count, critic = settings.actions, self.learner.critic
        actions, log_probs = self.sample(*now, self.noise)
        (q,) = self.q(critic, *now, data.actions.numpy()[:, None]).transpose(2, 0, 1)
        policy_q = self.q(critic, *now, actions[:, :count])
        uniform_q = self.q(critic, *now, self.uniform)
        if settings.bound_by_returns:
            returns = data.returns.numpy()[:, None]
            assert 0 < (policy_q < returns).mean() < 1
            policy_q = np.maximum(policy_q, returns)
        targets, total = self.targets(), 0.0
        for b in range(SIZE):
            for head in range(2):
                mass = (np.exp(policy_q[head, b]) / np.exp(log_probs[b, :count])).sum()
                mass += (np.exp(uniform_q[head, b]) / 0.5**7).sum()
                total += (q[head, b] - targets[b]) ** 2 + settings.alpha * (np.log(mass) - q[head, b])
        return total / (2 * SIZE)

    def actor(self) -> float:
        """temperature log pi - min_i Q_i of one action, and the cloning of the rows to imitate."""
        settings, data, now = self.settings, self.data, (self.data.images, self.data.states)
        actions, log_probs = self.sample(*now, self.noise)
        least = self.q(self.learner.critic, *now, actions[:, -1:])[..., 0].min(0)
        temperature = np.exp(self.learner.log_temperature.item())
        loss = float((temperature * log_probs[:, -1] - least).mean()) if self.learns else 0.0
        labels = data.actions if data.labels is None else data.labels
        rows = range(SIZE) if data.imitated is None else data.imitated.tolist()
        cloning = CLONING[settings.bc_loss](labels.numpy(), *gaussian(self.learner.actor, *now, data.tasks))
        return loss + settings.bc_weight * sum(cloning[b] for b in rows) / SIZE

    def temperature(self) -> float:
        """temperature (entropy - target entropy)."""
        entropy = -self.sample(self.data.images, self.data.states, self.noise)[1][:, -1].mean()
        scale = np.exp(self.learner.log_temperature.item())
        return float(scale * (entropy - self.settings.target_entropy)) if self.learns else 0.0


def _data() -> Batch:
    """Six places, each seen, felt and followed by another; two of the steps end."""
    places, masks = torch.arange(SIZE), torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    return replace(
        batch(1, SIZE), images=frames(places), next_images=frames(places + 1), masks=masks, rewards=10.0 - 11.0 * masks,
        states=torch.linspace(-2.0, 2.0, 7 * SIZE).view(SIZE, 7), returns=torch.linspace(-1.0, 2.0, SIZE),
    )  # fmt: skip


def _check(data: Batch, network: Dict[str, Any], updates: int = 0, **settings: Any) -> None:
    learner = stirred(CQLLearner(*actor_and_critic(**network), CQLSettings(**{**PLAIN, **settings})))
    learner.updates.fill_(updates)
    data = precise(data)
    expected = Expected(learner, data)
    parts: Dict[str, Callable[[], float]] = {
        "critic": expected.critic, "actor": expected.actor, "log_temperature": expected.temperature
    }  # fmt: skip
    info = expect(learner, data, parts)
    assert float(info["critic_loss"]) == pytest.approx(expected.critic(), rel=1e-7)


@pytest.mark.parametrize("max_q_backup", [True, False])
@pytest.mark.parametrize("bound_by_returns", [True, False])
@pytest.mark.parametrize("network", [{}, {"critic_state": True}, {"frozen": True, "bottleneck": 8}])
def test_losses(max_q_backup: bool, bound_by_returns: bool, network: Dict[str, Any]) -> None:
    _check(_data(), network, max_q_backup=max_q_backup, bound_by_returns=bound_by_returns, averaging=0.9)


@pytest.mark.parametrize(
    "clip", [{"least_target": -1.0}, {"most_target": -0.5}, {"least_target": -1.0, "most_target": -0.5}]
)
def test_targets_are_clipped(clip: Dict[str, float]) -> None:
    _check(_data(), {}, **clip)


@pytest.mark.parametrize("updates", [0, 1])
@pytest.mark.parametrize("bc_loss", CLONING)
def test_imitation_is_added_and_is_all_there_is_in_the_warm_up(bc_loss: str, updates: int) -> None:
    _check(_data(), {}, updates, bc_weight=0.7, bc_loss=bc_loss, actor_warm_up=1)


def test_imitation_is_of_labels_in_the_rows_that_succeeded() -> None:
    data = _data()
    _check(replace(data, labels=0.5 - 0.4 * data.actions, imitated=torch.tensor([1, 4])), {}, bc_weight=0.7)
