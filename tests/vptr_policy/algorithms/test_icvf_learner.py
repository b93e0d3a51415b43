"""Value pre-training as the loop runs it, and that values tell the temporal distance."""

import copy
from typing import Any, List, Tuple

import numpy as np
import pytest
import torch
from in_numpy import expect, precise, said, stirred
from tiny_networks import Run, TinyEncoder, frames, gradients

from vptr_policy.algorithms.icvf_learner import ICVFLearner, ICVFSettings
from vptr_policy.data.video.batches import IntentBatch
from vptr_policy.networks.icvf import ICVF

LENGTH = 8
DEFAULTS = ICVFSettings()


def _learner(settings: ICVFSettings = DEFAULTS, **shape: Any) -> ICVFLearner:
    torch.manual_seed(0)
    return ICVFLearner(ICVF(TinyEncoder(), **{"width": 32, **shape}), settings)


def _batch(step: int, size: int = 64) -> IntentBatch:
    """Of one clip of 8 frames; goals and intents are frames from now on, half of the time the same."""
    random = torch.Generator().manual_seed(step)
    now = torch.randint(LENGTH, (size,), generator=random)
    goal, intent = (now + (torch.rand(size, generator=random) * (LENGTH - now)).long() for _ in range(2))
    intent = torch.where(torch.rand(size, generator=random) < 0.5, goal, intent)
    reached, intended = (now == goal).float(), (now == intent).float()
    following = (now + 1).clamp(max=LENGTH - 1)
    pictures = (frames(places) for places in (now, following, goal, intent))
    return IntentBatch(*pictures, reached - 1, 1 - reached, intended - 1, 1 - intended)


def test_each_picture_is_encoded_once_by_a_network() -> None:
    learner, rows = _learner(), []
    for network in (learner.icvf, learner.target):
        network.encoder.register_forward_hook(
            lambda _module, inputs, output: rows.append((len(inputs[0]), output.requires_grad))
        )
    learner(_batch(0, 4), torch.Generator())
    assert rows == [(3 * 4, True), (4 * 4, False)]  # s, g, z; s', g, z, s


def test_the_target_follows_the_weights_before_the_step() -> None:
    learner = _learner(ICVFSettings(target_rate=0.25, learning_rate=0.1))
    run = Run(learner)
    for _ in range(2):
        before, target = (list(map(torch.clone, m.parameters())) for m in (learner.icvf, learner.target))
        run.update(_batch(0, 4))
        for follower, old, online in zip(learner.target.parameters(), target, before):
            assert torch.allclose(follower, old + 0.25 * (online - old), atol=1e-7)
    assert any(not torch.equal(a, b) for a, b in zip(before, learner.icvf.parameters()))


def test_only_the_online_network_has_gradients() -> None:
    learner = _learner()
    names = set(gradients(learner, _batch(0, 16)))
    assert names == {name for name, _ in learner.named_parameters() if name.startswith("icvf.")}
    assert sum(len(group["params"]) for group in learner.parameter_groups()) == len(names)
    assert learner.parameter_groups()[0]["eps"] == 3.125e-4


def _numpy_loss(learner: ICVFLearner, batch: IntentBatch) -> Tuple[float, np.ndarray]:
    """Loss and advantages after Ghosh et al. and V-PTR 4.1; who has arrived is told from the pictures themselves."""
    settings, size = learner.settings, len(batch.now)
    values = said(learner.icvf, batch.now, batch.goal, batch.intent)
    next_values = said(learner.target, batch.next, batch.goal, batch.intent)
    ahead = said(learner.target, batch.next, batch.intent, batch.intent)
    behind = said({"target": learner.target, "online": learner.icvf}[settings.baseline], batch.now, *2 * [batch.intent])
    total, advantages = 0.0, np.empty(size)
    for b in range(size):
        at_goal, at_intent = (torch.equal(batch.now[b], other[b]) for other in (batch.goal, batch.intent))
        best = min(ahead[:, b]) if settings.pessimistic else np.mean(ahead[:, b])
        advantages[b] = (0.0 if at_intent else -1.0 + settings.discount * best) - np.mean(behind[:, b])
        weight = settings.expectile if advantages[b] >= 0 else 1.0 - settings.expectile
        for head in range(2):
            target = 0.0 if at_goal else -1.0 + settings.discount * next_values[head, b]
            total += weight * (target - values[head, b]) ** 2 / size
    return total, advantages


@pytest.mark.parametrize("baseline", ["target", "online"])
@pytest.mark.parametrize("pessimistic", [True, False])
@pytest.mark.parametrize(("expectile", "discount"), [(0.9, 0.99), (0.7, 0.8)])
def test_the_loss_is_that_of_the_papers(baseline: str, pessimistic: bool, expectile: float, discount: float) -> None:
    learner = stirred(_learner(ICVFSettings(expectile, discount, pessimistic, baseline), width=8), 0.25)
    batch = precise(_batch(1, 32))
    _, advantages = _numpy_loss(learner, batch)
    info = expect(learner, batch, {"icvf": lambda: _numpy_loss(learner, batch)[0]})
    assert 4 < (advantages >= 0).sum() < 28
    assert float(info["advantage"]) == pytest.approx(advantages.mean(), rel=1e-7)


def test_the_baseline_of_the_papers_is_the_online_network() -> None:
    losses: List[float] = []
    for baseline in ("target", "online"):
        learner = _learner(ICVFSettings(baseline=baseline))
        with torch.no_grad():
            for parameter in learner.target.parameters():
                parameter.mul_(0.5)
        losses.append(float(learner(_batch(0), torch.Generator())[1]["advantage"]))
    assert losses[0] != losses[1]
    with pytest.raises(ValueError, match="target, online"):
        ICVFSettings(baseline="none")


@pytest.mark.parametrize("baseline", ["target", "online"])
def test_a_run_goes_on_to_the_bit(baseline: str) -> None:
    settings = ICVFSettings(baseline=baseline)
    run = Run(_learner(settings, dropout=0.2))
    for step in range(3):
        run.update(_batch(step, 8))
    other = Run(_learner(settings, dropout=0.2))
    other.learner.load_state_dict(run.learner.state_dict())
    other.optimizer.load_state_dict(copy.deepcopy(run.optimizer.state_dict()))
    other.step = run.step
    assert [run.update(_batch(step, 8)) for step in (3, 4)] == [other.update(_batch(step, 8)) for step in (3, 4)]


def test_encoders_start_from_given_weights() -> None:
    learner, state = _learner(), TinyEncoder().state_dict()
    learner.initialise_encoders(state)
    for network in (learner.icvf, learner.target):
        assert all(torch.equal(network.encoder.state_dict()[name], state[name]) for name in state)
    assert learner.exports() == {"encoder": learner.icvf.encoder}


def test_values_tell_the_temporal_distance() -> None:
    learner = _learner(ICVFSettings(discount=0.9, target_rate=0.05, learning_rate=2e-3, epsilon=1e-8))
    run = Run(learner)
    for step in range(500):
        run.update(_batch(step))
    clip = frames(torch.arange(LENGTH))
    goal = clip[-1:].expand(LENGTH, -1, -1, -1)
    with torch.no_grad():
        values = learner.icvf(clip, goal, goal).mean(0)
    exact = torch.tensor([-(1 - 0.9**steps) / (1 - 0.9) for steps in range(LENGTH - 1, -1, -1)])
    assert bool((values.diff() > 0).all())
    assert float((values[:-1] - exact[:-1]).abs().max()) < 0.7
