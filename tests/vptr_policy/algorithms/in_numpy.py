"""What checks of a whole learner share: its loss again, in NumPy, of what its networks say in calls of their own."""

from dataclasses import fields, replace
from typing import Any, Callable, Dict, List, Tuple, TypeVar

import numpy as np
import pytest
import torch
from scipy import special, stats
from torch import Tensor, nn

from vptr_policy.algorithms.learner import Info, Learner

Kind = TypeVar("Kind", bound=Learner)
CHANGE = 1e-5
"""Of parameters, in finite differences."""


def noise() -> torch.Generator:
    """That of the update which is checked."""
    return torch.Generator().manual_seed(3)


def stirred(learner: Kind, by: float = 0.15) -> Kind:
    """In float64, and with all weights and statistics moved: no network is the copy of another, no bias is zero."""
    random = torch.Generator().manual_seed(4)
    for parameter in learner.double().parameters():
        parameter.data += by * torch.randn(parameter.shape, generator=random)
    for buffer in learner.buffers():
        if buffer.is_floating_point():
            buffer += by * torch.rand(buffer.shape, generator=random)
    return learner


def precise(batch: Any) -> Any:
    """A batch in float64; row numbers stay what they are."""
    given = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return replace(batch, **{n: x.double() for n, x in given.items() if x is not None and x.is_floating_point()})


@torch.no_grad()
def said(network: nn.Module, *inputs: Any) -> np.ndarray:
    """What a network answers, asked for nothing else."""
    return network(*inputs).numpy()


@torch.no_grad()
def gaussian(actor: nn.Module, images: Tensor, states: Tensor, tasks: Tensor) -> Tuple[np.ndarray, np.ndarray]:
    """Mean and log std of an actor."""
    policy = actor(images, states, tasks)
    return policy.mean.numpy(), policy.log_std.numpy()


def expect(learner: Learner, batch: Any, parts: Dict[str, Callable[[], float]]) -> Info:
    """The loss is the sum of ``parts``, each of which alone moves the parameters whose names begin with its name.

    Gradients are compared with slopes along a random direction: what a part takes as fixed must not hang on its own
    parameters.
    """
    learner.zero_grad()
    loss, info = learner(batch, noise())
    loss.backward()
    assert float(loss.detach()) == pytest.approx(sum(part() for part in parts.values()), rel=1e-7)
    random, left = torch.Generator().manual_seed(2), dict(learner.named_parameters())
    for name, part in parts.items():
        moved = [left.pop(key) for key in list(left) if key.startswith(name) and left[key].requires_grad]
        direction = [torch.randn(parameter.shape, generator=random) for parameter in moved]
        expected = sum(float((parameter.grad * along).sum()) for parameter, along in zip(moved, direction))
        assert _slope(part, moved, direction) == pytest.approx(expected, rel=1e-4, abs=1e-9), name
    assert all(parameter.grad is None for parameter in left.values())
    return info


def _slope(part: Callable[[], float], parameters: List[Tensor], direction: List[Tensor]) -> float:
    before, results = [parameter.data for parameter in parameters], []
    for by in (CHANGE, -CHANGE):
        for parameter, data, along in zip(parameters, before, direction):
            parameter.data = data + by * along
        results.append(part())
    for parameter, data in zip(parameters, before):
        parameter.data = data
    return (results[0] - results[1]) / (2 * CHANGE)


def log_pi(before_tanh: np.ndarray, mean: np.ndarray, log_std: np.ndarray) -> np.ndarray:
    """Of tanh(u), u normal: the density of u over the slope of tanh, 1 / cosh(u)^2, of all numbers of an action."""
    density = stats.norm(mean, np.exp(log_std)).logpdf(before_tanh) + 2.0 * np.log(np.cosh(before_tanh))
    return density.sum(-1)


def _huber(actions: np.ndarray, mean: np.ndarray, log_std: np.ndarray) -> np.ndarray:
    error, opening, wanted = np.tanh(mean) - actions, (np.tanh(mean) + 1) / 2, (actions + 1) / 2
    entropy = -special.xlogy(wanted, opening) - special.xlogy(1 - wanted, 1 - opening)
    return special.huber(0.1, error[:, :6]).mean(1) / 0.1 + 0.1 * entropy[:, 6]


CLONING: Dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "huber": _huber,
    "likelihood": lambda actions, mean, log_std: -log_pi(np.arctanh(actions), mean, log_std),
    "unit-gaussian": lambda actions, mean, _: -stats.norm(np.tanh(mean), 1.0).logpdf(actions).sum(1),
}
"""Losses (B,) of actions, mean and log std of the policy (B, 7)."""
