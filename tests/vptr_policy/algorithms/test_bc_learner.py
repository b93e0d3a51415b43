"""Behaviour cloning and reward-weighted regression as the loop runs them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from in_numpy import CLONING, expect, gaussian, precise, stirred
from tiny_networks import Run, TinyEncoder, actor_and_critic, batch, frames

from vptr_policy.algorithms.bc_learner import BCLearner, BCSettings, RWRLearner, RWRSettings
from vptr_policy.data.batches import Batch

PLACES = torch.arange(8).repeat(4)
TARGETS = torch.linspace(-0.8, 0.8, 8)[PLACES]


def _data(actions: torch.Tensor) -> Batch:
    size = len(actions)
    return replace(
        batch(size=size), images=frames(torch.arange(8).repeat(size // 8)), states=torch.zeros(size, 7), actions=actions
    )


@pytest.mark.parametrize("loss", ["huber", "unit-gaussian"])
def test_cloning_fits_what_depends_on_the_picture(loss: str) -> None:
    actions = torch.zeros(32, 7)
    actions[:, 0], actions[:, 6] = TARGETS, TARGETS.sign() * 0.99
    learner = BCLearner(actor_and_critic()[0], BCSettings(loss, learning_rate=3e-3, averaging=0.9))
    run, data = Run(learner), _data(actions)
    for _ in range(250):
        info = run.update(data)
    assert info["motion_error"] < 0.03 and info["gripper_right"] == 1.0
    exported = learner.exports()["actor"](data.images, data.states, data.tasks)
    assert float((exported.mode()[:, 0] - TARGETS).abs().max()) < 0.15


def test_likelihood_finds_mean_and_spread() -> None:
    random = torch.Generator().manual_seed(0)
    before_tanh = torch.linspace(-1, 1, 8).repeat(64)[:, None] + 0.3 * torch.randn(512, 7, generator=random)
    run = Run(BCLearner(actor_and_critic()[0], BCSettings("likelihood", learning_rate=3e-3)))
    data = _data(torch.tanh(before_tanh))
    for _ in range(300):
        run.update(data)
    with torch.no_grad():
        policy = run.learner.actor(data.images, data.states, data.tasks)
    assert float((policy.mean[:8] - torch.linspace(-1, 1, 8)[:, None]).abs().mean()) < 0.06
    assert float((policy.log_std.exp() - 0.3).abs().mean()) < 0.03


def test_regression_prefers_rewarded_actions() -> None:
    actions = torch.zeros(64, 7)
    actions[:32, 0], actions[32:, 0] = 0.6, -0.6
    data = replace(_data(actions), rewards=torch.cat([torch.ones(32), torch.zeros(32)]))
    weighted = RWRLearner(actor_and_critic()[0], RWRSettings(temperature=3.0, learning_rate=3e-3))
    cloned = BCLearner(actor_and_critic()[0], BCSettings("unit-gaussian", learning_rate=3e-3))
    chosen = []
    for learner in (weighted, cloned):
        run = Run(learner)
        for _ in range(150):
            run.update(data)
        chosen.append(learner.exports()["actor"](data.images, data.states, data.tasks).mode()[:, 0].mean().item())
    mean = 0.6 * (torch.e**3 - 1) / (torch.e**3 + 1)
    assert chosen[0] == pytest.approx(mean, abs=0.05) and chosen[1] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("loss", CLONING)
def test_the_loss_of_cloning_is_of_the_policy_that_learns(loss: str) -> None:
    learner, data = stirred(BCLearner(actor_and_critic()[0], BCSettings(loss))), precise(batch())

    def expected() -> float:
        policy = gaussian(learner.actor, data.images, data.states, data.tasks)
        return float(CLONING[loss](data.actions.numpy(), *policy).mean())

    expect(learner, data, {"actor": expected})


@pytest.mark.parametrize("loss", ["likelihood", "unit-gaussian"])
@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_the_loss_of_regression_is_weighted_by_rewards(loss: str, temperature: float) -> None:
    learner = stirred(RWRLearner(actor_and_critic()[0], RWRSettings(loss, temperature)))
    data = precise(replace(batch(), rewards=torch.linspace(-1.0, 1.0, 6)))

    def expected() -> float:  # VIP Eq. 7
        policy = gaussian(learner.actor, data.images, data.states, data.tasks)
        weights = np.exp(temperature * data.rewards.numpy())
        return float((weights * CLONING[loss](data.actions.numpy(), *policy)).mean())

    expect(learner, data, {"actor": expected})


def test_regression_needs_rewards() -> None:
    with pytest.raises(ValueError, match="rewards"):
        RWRLearner(actor_and_critic()[0])(replace(batch(), rewards=None), torch.Generator())


def test_names_of_losses_are_checked() -> None:
    with pytest.raises(ValueError, match="huber, likelihood, unit-gaussian"):
        BCSettings("hubber")
    with pytest.raises(ValueError, match="known: likelihood, unit-gaussian"):
        RWRSettings("huber")


def test_the_average_follows() -> None:
    learner = BCLearner(actor_and_critic()[0], BCSettings(learning_rate=0.1, averaging=0.999))
    before = [p.clone() for p in learner.average.parameters()]
    Run(learner).update(batch())
    share = 1 - 1 / 10  # the first update: the average forgets its random start
    for old, now, online in zip(before, learner.average.parameters(), learner.actor.parameters()):
        assert torch.allclose(now, old + share * (online - old), atol=1e-6)


def test_dropout_is_a_function_of_the_generator() -> None:
    learner = BCLearner(actor_and_critic(dropout=0.5)[0]).train()
    losses = [float(learner(batch(), torch.Generator().manual_seed(seed))[0].detach()) for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2] and not learner.average.training


def test_a_frozen_encoder_stays_and_may_be_left_out() -> None:
    learner = BCLearner(actor_and_critic(frozen=True)[0], BCSettings(learning_rate=0.1))
    state = TinyEncoder().state_dict()
    learner.initialise_encoders(state)
    data, run = batch(), Run(learner)
    features = replace(data, images=learner.actor.encoder(data.images))
    expected = learner(data, torch.Generator())[0].detach()
    assert torch.equal(learner(features, torch.Generator())[0].detach(), expected)
    run.update(data)
    assert all(torch.equal(learner.actor.encoder.state_dict()[name], state[name]) for name in state)
    assert learner.average.encoder is learner.actor.encoder
    grouped = {id(p) for group in learner.parameter_groups() for p in group["params"]}
    assert not grouped & {id(p) for p in learner.actor.encoder.parameters()}
