"""Multi-task CQL as the loop runs it: what is encoded and what moves what, and that it learns known values."""

import copy
from dataclasses import replace
from typing import Any, Dict, List, Tuple

import pytest
import torch
from tiny_networks import TASKS, Run, TinyEncoder, actor_and_critic, batch, frames, gradients
from torch import Tensor

from vptr_policy.algorithms.cql_learner import CQLLearner
from vptr_policy.algorithms.cql_settings import CQLSettings
from vptr_policy.data.batches import Batch
from vptr_policy.training.optimizer import make_optimizer


def _learner(settings: Dict[str, Any], **network: Any) -> CQLLearner:
    return CQLLearner(*actor_and_critic(**network), CQLSettings(**settings))


def _noise() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(("frozen", "expected"), [(False, 4), (True, 2)])
def test_each_picture_is_encoded_once_by_a_network(frozen: bool, expected: int) -> None:
    learner, calls = _learner({"bc_weight": 1.0, "averaging": 0.9}, frozen=frozen), []
    for name in ("actor", "critic", "target"):
        encoder = getattr(learner, name).encoder
        if not (frozen and name != "actor"):  # it is one and the same
            encoder.register_forward_hook(lambda _m, inputs, output: calls.append((inputs[0], output.requires_grad)))
    data = batch()
    learner(data, _noise())
    assert len(calls) == expected
    for images, learns in ((data.images, not frozen), (data.next_images, False)):
        seen = [learned for pictures, learned in calls if pictures is images]
        assert seen == [learns] * (expected // 2)


def test_losses_move_only_their_own_networks() -> None:
    def parts(**changes: float) -> Dict[str, List[Tensor]]:
        found = gradients(_learner({"alpha": 5.0, "bc_weight": 1.0, **changes}), batch())
        return {part: [g for name, g in found.items() if name.startswith(part)] for part in ("actor", "critic", "log_")}

    plain, other_alpha, other_weight = parts(), parts(alpha=50.0), parts(bc_weight=20.0)
    entropy = parts(target_entropy=-70.0)

    def same(a: List[Tensor], b: List[Tensor]) -> bool:
        return all(torch.equal(x, y) for x, y in zip(a, b))

    assert not same(plain["critic"], other_alpha["critic"]) and same(plain["actor"], other_alpha["actor"])
    assert same(plain["critic"], other_weight["critic"]) and not same(plain["actor"], other_weight["actor"])
    assert same(plain["critic"], entropy["critic"]) and same(plain["actor"], entropy["actor"])
    assert not same(plain["log_"], entropy["log_"])


def test_all_parameters_learn_and_followers_do_not() -> None:
    learner = _learner({"averaging": 0.999})
    found = gradients(learner, batch())
    grouped = {id(p) for group in learner.parameter_groups() for p in group["params"]}
    assert {id(dict(learner.named_parameters())[name]) for name in found} == grouped
    assert all(name.split(".")[0] in ("actor", "critic", "log_temperature") for name in found)
    assert [g["name"] for g in learner.parameter_groups()] == ["critic", "actor", "temperature"]


def test_the_target_follows_the_stepped_critic() -> None:
    learner = _learner({"target_rate": 0.25, "critic_learning_rate": 0.1})
    before = [p.clone() for p in learner.target.parameters()]
    Run(learner).update(batch())
    for old, now, online in zip(before, learner.target.parameters(), learner.critic.parameters()):
        assert torch.allclose(now, old + 0.25 * (online - old), atol=1e-6)
    assert not learner.target.training


def test_a_frozen_encoder_is_shared_and_may_be_left_out() -> None:
    learner, data = _learner({"averaging": 0.999, "critic_learning_rate": 0.1}, frozen=True, bottleneck=8), batch()
    state = TinyEncoder().state_dict()
    learner.initialise_encoders(state)
    assert data.next_images is not None
    encoder = learner.actor.encoder
    features = replace(data, images=encoder(data.images), next_images=encoder(data.next_images))
    expected = learner(data, _noise())[0].detach()
    assert torch.equal(learner(features, _noise())[0].detach(), expected)
    run = Run(learner)
    run.update(data)
    for network in (learner.actor, learner.critic, learner.target, learner.average):
        assert network is not None and network.encoder is encoder
    assert all(torch.equal(encoder.state_dict()[name], state[name]) for name in state)
    assert not any(name.startswith("actor.encoder") for name in gradients(learner, data))


def test_encoders_start_from_given_weights() -> None:
    learner, state = _learner({"averaging": 0.9}), TinyEncoder().state_dict()
    learner.initialise_encoders(state)
    for network in (learner.actor, learner.critic, learner.target, learner.average):
        assert network is not None
        assert all(torch.equal(network.encoder.state_dict()[name], state[name]) for name in state)
    assert learner.actor.encoder is not learner.critic.encoder


def test_the_actor_only_imitates_in_its_warm_up() -> None:
    settings = {"bc_weight": 2.0, "actor_warm_up": 2}
    run, always = Run(_learner(settings)), gradients(_learner({"bc_weight": 2.0}), batch())
    warming = gradients(run.learner, batch())
    assert float(warming["log_temperature"]) == 0.0 and float(always["log_temperature"]) != 0.0
    infos = [run.update(batch()) for _ in range(3)]
    assert all(info["actor_loss"] == pytest.approx(2.0 * info["imitation"]) for info in infos[:2])
    assert infos[2]["actor_loss"] != pytest.approx(2.0 * infos[2]["imitation"])
    assert infos[2]["temperature"] == 1.0
    with pytest.raises(ValueError, match="bc_weight"):
        CQLSettings(actor_warm_up=10)


def test_backup_of_one_action_and_clipped_targets() -> None:
    data = batch()
    for settings in ({"most_target": -5.0}, {"least_target": 50.0}, {"max_q_backup": False, "discount": 0.0}):
        _, info = _learner(settings)(data, _noise())
        assert data.rewards is not None
        expected = settings.get("most_target", settings.get("least_target", float(data.rewards.mean())))
        assert float(info["target"]) == pytest.approx(expected)


def test_returns_bound_the_term_on_request() -> None:
    _, info = _learner({"bound_by_returns": True})(batch(), _noise())
    assert 0.5 < float(info["bounded"]) <= 1.0  # new critics value all at about 0
    with pytest.raises(ValueError, match="returns"):
        _learner({"bound_by_returns": True})(replace(batch(), returns=None), _noise())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="next_images"):
        _learner({})(replace(batch(), next_images=None), _noise())
    with pytest.raises(ValueError, match="frozen, expected both or none"):
        CQLLearner(actor_and_critic()[0], actor_and_critic(frozen=True)[1], CQLSettings())
    with pytest.raises(ValueError, match="huber, likelihood, unit-gaussian"):
        CQLSettings(bc_loss="mse")
    with pytest.raises(ValueError, match="at least 1"):
        CQLSettings(actions=0)


def test_a_run_goes_on_to_the_bit() -> None:
    settings = {"averaging": 0.99, "bc_weight": 1.0, "actor_warm_up": 4}
    run, other = Run(_learner(settings, dropout=0.2)), Run(_learner(settings, dropout=0.2, seed=1))
    for step in range(3):
        run.update(batch(step))
    other.learner.load_state_dict(run.learner.state_dict())
    other.optimizer.load_state_dict(copy.deepcopy(run.optimizer.state_dict()))
    other.step = run.step
    assert [run.update(batch(s)) for s in range(3, 6)] == [other.update(batch(s)) for s in range(3, 6)]


@pytest.mark.parametrize("critic_state", [False, True])
def test_the_value_is_the_mean_over_sampled_actions(critic_state: bool) -> None:
    learner, data = _learner({"averaging": 0.9}, critic_state=critic_state), batch()
    exported = learner.exports()
    assert exported == {"actor": learner.average, "critic": learner.critic}
    value = learner.value(data.images, data.states, data.tasks, 5, _noise())
    with torch.no_grad():
        policy = exported["actor"](data.images, data.states, data.tasks)
        actions, _ = policy.sample_with_log_prob(5, _noise())
        q = torch.stack([learner.critic(data.images, data.tasks, actions[:, n], data.states) for n in range(5)], -1)
    assert torch.allclose(value, q.amin(0).mean(-1), atol=1e-6)
    mean = learner.value(data.images, data.states, data.tasks, 5, _noise(), pessimistic=False)
    assert torch.allclose(mean, q.mean((0, 2)), atol=1e-6)


DISCOUNT = 0.9
GOOD, BAD = 0.5, -0.5
EXACT = {GOOD: [6.2, 8.0, 10.0], BAD: [4.58, 6.2, 8.0]}
"""Q* of the chain: a good action moves one place on, at -1, but from the last into the goal, at 10; a bad one stays."""


def _seen(place: Tensor, felt: bool) -> Tuple[Tensor, Tensor]:
    """Pictures and states (B, 7) at places of the chain: seen, or with dark pictures felt by proprioception alone."""
    states = torch.zeros(len(place), 7)
    if not felt:
        return frames(place), states
    states[:, 0] = place.float() - 1.0
    return torch.zeros_like(frames(place)), states


def _chain(seed: int, size: int = 64, felt: bool = False) -> Batch:
    random = torch.Generator().manual_seed(seed)
    place = torch.randint(3, (size,), generator=random)
    good = torch.rand(size, generator=random) < 0.5
    actions = 0.1 * torch.randn(size, 7, generator=random)
    actions[:, 0] += torch.where(good, GOOD, BAD)
    done = good & (place == 2)
    return Batch(
        *_seen(place, felt), torch.eye(TASKS)[torch.zeros(size).long()], actions.clamp(-0.99, 0.99),
        *_seen((place + good.long()).clamp(max=2), felt), 11.0 * done - 1.0, 1.0 - done.float(),
    )  # fmt: skip


@pytest.mark.parametrize("felt", [False, True])
def test_it_learns_the_values_of_a_chain_and_distrusts_other_actions(felt: bool) -> None:
    settings = {
        "alpha": 0.1, "discount": DISCOUNT, "target_rate": 0.05, "critic_learning_rate": 3e-3,
        "actor_learning_rate": 3e-3, "temperature_learning_rate": 3e-3, "most_target": 10.0,
    }  # fmt: skip
    run = Run(_learner(settings, critic_state=felt))
    for step in range(600):
        info = run.update(_chain(step, felt=felt))
    (places, states), tasks = _seen(torch.arange(3), felt), torch.eye(TASKS)[torch.zeros(3).long()]
    with torch.no_grad():
        for action, exact in EXACT.items():
            data_action = torch.zeros(3, 7)
            data_action[:, 0] = action
            q = run.learner.critic(places, tasks, data_action, states)
            assert float((q - torch.tensor(exact)).abs().max()) < 1.0
        mode = run.learner.actor(places, states, tasks).mode()
        assert bool((mode[:, 0] > 0.2).all())
    assert info["uniform_q"] < info["data_q"] - 1.0


def test_only_what_is_to_be_imitated_moves_the_actor_by_imitation() -> None:
    settings = {"bc_weight": 1.0, "actor_warm_up": 10}  # only the cloning term counts
    data = batch()
    labels = -data.actions
    every = torch.arange(len(labels))
    first, others = every[:1], every[1:]

    def actor(**more: Tensor) -> List[Tensor]:
        found = gradients(_learner(settings), replace(data, **more))
        return [gradient for name, gradient in found.items() if name.startswith("actor")]

    def same(a: List[Tensor], b: List[Tensor]) -> bool:
        return all(torch.allclose(x, y, atol=1e-7) for x, y in zip(a, b))

    plain = actor()
    assert same(plain, actor(labels=data.actions, imitated=every))
    assert not same(plain, actor(labels=labels, imitated=every))
    mixed = torch.cat([labels[:1], data.actions[1:]])
    assert same(actor(labels=labels, imitated=first), actor(labels=mixed, imitated=first))
    assert not same(actor(labels=labels, imitated=first), actor(labels=labels, imitated=others))
    assert all(not gradient.any() for gradient in actor(labels=labels, imitated=every[:0]))


def test_networks_decay_as_asked_and_the_temperature_never() -> None:
    groups = make_optimizer(_learner({}).parameter_groups(), weight_decay=0.3).param_groups
    assert {g["name"]: g["weight_decay"] for g in groups} == {"critic": 0.3, "actor": 0.3, "temperature": 0.0}
