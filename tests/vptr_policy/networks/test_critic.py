"""The twin critic against NumPy, and that it encodes a picture once for all its actions."""

from typing import Dict, List

import numpy as np
import pytest
import torch
from torch import Tensor

from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import CRITIC_CONDITIONS, NetworkConfig
from vptr_policy.networks.critic import Critic

TOLD: Dict[str, List[str]] = {"task": ["task"], "pixels": ["pixels"], "task-pixels": ["task", "pixels"]}


def _critic(**options: object) -> Critic:
    torch.manual_seed(0)
    critic = Critic(NetworkConfig(tasks=3, hidden=(16, 8), **options))  # type: ignore[arg-type]
    with torch.no_grad():
        for layer in critic.heads.layers:
            layer.bias.normal_()
    return critic


def _expected(critic: Critic, head: int, features: Tensor, tasks: Tensor, actions: Tensor) -> np.ndarray:
    parts = {"pixels": features.numpy(), "task": tasks.numpy(), "action": actions.numpy()}
    told = [parts[name] for name in ["action", *TOLD[critic.config.critic_condition]]]
    hidden = np.concatenate([parts["pixels"], parts["task"], parts["action"]], 1)
    for index, layer in enumerate(critic.heads.layers):
        if index:
            hidden = np.concatenate([np.maximum(hidden, 0), *told], 1)
        hidden = hidden @ layer.weight[head].detach().numpy() + layer.bias[head].detach().numpy().reshape(-1)
    return hidden[:, 0]


@pytest.mark.parametrize("condition", CRITIC_CONDITIONS)
def test_both_heads_are_the_mlp_that_numpy_computes(condition: str) -> None:
    critic = _critic(critic_condition=condition)
    features, tasks, actions = torch.randn(5, 256), torch.eye(3)[[0, 1, 2, 0, 1]], torch.rand(5, 7) * 2 - 1
    values = critic.q(features, tasks, actions).detach().numpy()
    assert values.shape == (2, 5)
    for head in range(2):
        assert np.allclose(values[head], _expected(critic, head, features, tasks, actions), atol=1e-5)
    assert not np.allclose(values[0], values[1], atol=1e-2), "the heads must differ, or they are no twins"


@pytest.mark.parametrize("condition", CRITIC_CONDITIONS)
def test_many_actions_share_one_encoding(condition: str) -> None:
    critic = _critic(critic_condition=condition)
    calls: List[int] = []
    critic.encoder.register_forward_hook(lambda *_: calls.append(1))
    features = critic.encode(torch.randint(0, 256, (2, 3, 128, 128), dtype=torch.uint8))
    actions = torch.rand(2, 10, 7)
    values = critic.q(features, torch.eye(3)[:2], actions)
    assert values.shape == (2, 2, 10) and len(calls) == 1
    for place in range(10):
        assert torch.allclose(values[..., place], critic.q(features, torch.eye(3)[:2], actions[:, place]), atol=1e-5)


@pytest.mark.parametrize("condition", CRITIC_CONDITIONS)
def test_a_critic_that_sees_states_reads_them_standardised_beside_the_features(condition: str) -> None:
    critic = _critic(critic_condition=condition, critic_state=True)
    critic.state_mean.fill_(0.5)
    critic.state_std.fill_(2.0)
    features, tasks, actions = torch.randn(4, 256), torch.eye(3)[[0, 1, 2, 0]], torch.rand(4, 7) * 2 - 1
    states = torch.randn(4, 7)
    values = critic.q(critic.join(features, states), tasks, actions).detach().numpy()
    joined = torch.cat([features, (states - 0.5) / 2.0], 1)
    for head in range(2):
        assert np.allclose(values[head], _expected(critic, head, joined, tasks, actions), atol=1e-5)
    with pytest.raises(ValueError, match="sees proprioception, got no states"):
        critic.join(features, None)


def test_a_critic_of_an_actor_has_its_statistics() -> None:
    actor = Actor(NetworkConfig(tasks=1, hidden=(4,), critic_state=True))
    actor.state_mean.fill_(3.0)
    actor.state_std.fill_(7.0)
    critic = Critic.of(actor)
    assert critic.config == actor.config
    assert bool((critic.state_mean == 3.0).all()) and bool((critic.state_std == 7.0).all())
    assert not [name for name in Critic(NetworkConfig(tasks=1)).state_dict() if name.startswith("state_")]


def test_pictures_meet_only_the_encoder_and_heads_learn_together() -> None:
    critic = _critic(bottleneck=12)
    images, tasks, actions = torch.randint(0, 256, (2, 3, 128, 128)), torch.eye(3)[:2], torch.rand(2, 7)
    critic(images, tasks, actions)[0].sum().backward()
    first = critic.heads.layers[0].weight.grad
    assert bool((first[0] != 0).any()) and bool((first[1] == 0).all()), "the second head learned from the first's value"
    missed = [name for name, parameter in critic.encoder.named_parameters() if parameter.grad is None]
    assert not missed and bool((critic.bottleneck[0].weight.grad != 0).any())


def test_heads_begin_as_in_the_public_code() -> None:
    torch.manual_seed(0)
    critic = Critic(NetworkConfig(tasks=3, hidden=(16, 8)))
    hidden, output = (
        critic.heads.layers[1].weight[0].detach().numpy(),
        critic.heads.layers[2].weight[0].detach().numpy(),
    )
    assert np.allclose(hidden.T @ hidden, 2 * np.eye(8), atol=1e-5) and np.isclose(np.linalg.norm(output), 0.01)
    assert all(bool((layer.bias == 0).all()) for layer in critic.heads.layers)


def test_an_unknown_condition_is_named() -> None:
    with pytest.raises(ValueError, match="no critic condition 'state'; known: task, pixels, task-pixels"):
        Critic(NetworkConfig(tasks=1, critic_condition="state"))
