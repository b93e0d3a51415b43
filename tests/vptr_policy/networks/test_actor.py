"""The actor: what it is told, where, and what of it learns."""

import numpy as np
import pytest
import torch

from vptr_policy.networks.actor import Actor, ConditionedMLP, NetworkConfig


def test_the_condition_reaches_every_layer() -> None:
    mlp = ConditionedMLP(5, 3, (8, 8), 2)
    assert [layer.in_features for layer in mlp.hidden] == [5 + 3, 8 + 3] and mlp.output.in_features == 8 + 3
    with torch.no_grad():
        for layer in mlp.hidden:
            layer.weight.zero_()
            layer.bias.zero_()
    one, other = torch.eye(3)[:1], torch.eye(3)[1:2]
    inputs = torch.randn(1, 5)
    assert not torch.allclose(mlp(inputs, one), mlp(inputs, other)), "the output layer does not see the task"


def test_the_actor_normalises_the_state_and_depends_on_all_its_inputs() -> None:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=2)).eval()
    images = torch.randint(0, 256, (1, 3, 128, 128), dtype=torch.uint8)
    state, task = torch.rand(1, 7), torch.tensor([[1.0, 0.0]])
    mean = actor(images, state, task).mean
    assert mean.shape == (1, 7)
    assert not torch.allclose(actor(255 - images, state, task).mean, mean)
    assert not torch.allclose(actor(images, state + 0.1, task).mean, mean)
    assert not torch.allclose(actor(images, state, task.flip(1)).mean, mean)
    actor.state_mean.copy_(torch.full((7,), 3.0))
    actor.state_std.copy_(torch.full((7,), 2.0))
    assert torch.allclose(actor(images, 2.0 * state + 3.0, task).mean, mean, atol=1e-6)


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(ValueError, match="no encoder 'resnet'; known: convolutional, resnetv2-50"):
        Actor(NetworkConfig(tasks=1, encoder="resnet"))


def test_encode_and_distribution_are_forward() -> None:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=2, bottleneck=32))
    images, state, task = torch.randint(0, 256, (2, 3, 128, 128)), torch.rand(2, 7), torch.eye(2)
    features = actor.encode(images)
    assert features.shape == (2, 32) and actor.features == 32 and bool((features.abs() <= 1).all())
    whole, parts = actor(images, state, task), actor.distribution(features, state, task)
    assert torch.equal(whole.mean, parts.mean) and torch.equal(whole.log_std, parts.log_std)


def test_the_bottleneck_is_dense_layernorm_tanh() -> None:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=1, bottleneck=8))
    images = torch.randint(0, 256, (2, 3, 128, 128))
    weight, bias = actor.bottleneck[0].weight.detach().numpy(), actor.bottleneck[0].bias.detach().numpy()
    dense = actor.encoder(images).detach().numpy() @ weight.T + bias
    scaled = (dense - dense.mean(1, keepdims=True)) / np.sqrt(dense.var(1, keepdims=True) + 1e-5)
    assert np.allclose(actor.encode(images).detach().numpy(), np.tanh(scaled), atol=1e-5)


def test_a_frozen_encoder_gets_no_gradient_and_stays_in_evaluation() -> None:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=1, frozen=True, bottleneck=16)).train()
    assert actor.training and not actor.encoder.training
    images = torch.randint(0, 256, (2, 3, 128, 128))
    actor(images, torch.rand(2, 7), torch.ones(2, 1)).mean.sum().backward()
    learned = {name for name, parameter in actor.named_parameters() if parameter.grad is not None}
    assert learned == {name for name, _ in actor.named_parameters() if not name.startswith("encoder.")}
    assert not any(parameter.requires_grad for parameter in actor.encoder.parameters())
    assert not actor.encoder(images).requires_grad, "autograd would keep the activations of a frozen encoder"


def test_dropout_follows_its_generator_and_ends_with_training() -> None:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=1, dropout=0.5))
    inputs = torch.rand(2, 256), torch.rand(2, 7), torch.ones(2, 1)
    first = actor.distribution(*inputs, torch.Generator().manual_seed(1)).mean
    assert torch.equal(first, actor.distribution(*inputs, torch.Generator().manual_seed(1)).mean)
    assert not torch.equal(first, actor.distribution(*inputs, torch.Generator().manual_seed(2)).mean)
    actor.eval()
    assert torch.equal(actor.distribution(*inputs).mean, actor.distribution(*inputs).mean)
