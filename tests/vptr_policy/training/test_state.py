"""The state of a run, and the optimiser that is part of it."""

import json
from pathlib import Path
from typing import List

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from vptr_policy.algorithms.cql_learner import CQLLearner
from vptr_policy.algorithms.cql_settings import CQLSettings
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.critic import Critic
from vptr_policy.training.optimizer import gradient_norm, make_optimizer, scale_rates
from vptr_policy.training.state import STATE, Best, TrainingState


def _state(seed: int) -> TrainingState:
    """Of a learner whose networks share one frozen encoder."""
    torch.manual_seed(seed)
    config = NetworkConfig(2, hidden=(8,), width=8, frozen=True)
    learner = CQLLearner(Actor(config), Critic(config), CQLSettings(averaging=0.9))
    return TrainingState(learner, make_optimizer(learner.parameter_groups()))


def _step(state: TrainingState) -> None:
    for group in state.optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.full_like(parameter, 0.5)
    state.optimizer.step()
    state.step += 1


def test_it_comes_back_whole_with_networks_that_share_an_encoder(tmp_path: Path) -> None:
    saved, restored = _state(0), _state(1)
    _step(saved)
    saved.best, saved.elapsed_s = Best("checkpoints/step-000001", {"success": 0.5}), 12.5
    saved.met = {"damaged_frames": [1, 7, 5 << 40]}
    saved.save(tmp_path)
    assert restored.restore(tmp_path)
    assert (restored.step, restored.elapsed_s, restored.best) == (1, 12.5, saved.best)
    assert restored.met == saved.met
    for state in (saved, restored):
        _step(state)  # the moments of the optimiser must be the same too
    ours, theirs = saved.learner.state_dict(), restored.learner.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert restored.learner.actor.encoder is restored.learner.critic.encoder  # type: ignore[union-attr]


def test_a_state_from_before_damage_was_kept_still_loads(tmp_path: Path) -> None:
    _state(0).save(tmp_path)
    with safe_open(str(tmp_path / STATE), "pt") as stored:
        counters = json.loads(stored.metadata()["counters"])
    del counters["met"]
    save_file(load_file(str(tmp_path / STATE)), str(tmp_path / STATE), {"counters": json.dumps(counters)})
    restored = _state(1)
    assert restored.restore(tmp_path) and restored.met == {}


def test_a_damaged_or_foreign_state_is_named(tmp_path: Path) -> None:
    assert not _state(0).restore(tmp_path)
    (tmp_path / STATE).write_bytes(b"\0" * 100)
    with pytest.raises(ValueError, match=r"is not the state of this run .*start again in another --out"):
        _state(0).restore(tmp_path)


def test_each_group_keeps_its_own_rate() -> None:
    parameters: List[torch.Tensor] = [torch.zeros(3, requires_grad=True) for _ in range(2)]
    groups = [
        {"name": "a", "params": [parameters[0]], "lr": 0.1},
        {"name": "b", "params": [parameters[1]], "lr": 0.01, "weight_decay": 0.5, "eps": 1e-3},
    ]
    optimizer = make_optimizer(groups, weight_decay=0.2)
    scale_rates(optimizer, 0.5)
    scale_rates(optimizer, 0.1)
    assert np.allclose([group["lr"] for group in optimizer.param_groups], [0.01, 0.001])
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.2, 0.5]
    assert [group["eps"] for group in optimizer.param_groups] == [1e-8, 1e-3]
    for parameter, value in zip(parameters, (3.0, 4.0)):
        parameter.grad = torch.full((3,), value)
    assert float(gradient_norm(optimizer)) == pytest.approx(np.sqrt(3 * 9 + 3 * 16))
    optimizer.step()
    assert parameters[0].detach().numpy() == pytest.approx([-0.01] * 3, rel=1e-5)
    parameters[1].grad = torch.full((3,), float("nan"))
    assert not np.isfinite(float(gradient_norm(optimizer)))
