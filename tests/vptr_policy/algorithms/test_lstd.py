"""Least-squares temporal differences against NumPy."""

import numpy as np
import torch

from vptr_policy.algorithms.lstd import lstd_loss

GOAL, NOW, NEXT = np.random.default_rng(0).normal(size=(3, 6, 3))


def test_loss() -> None:
    now, following = (np.sqrt(((x - GOAL) ** 2).sum(1)) for x in (NOW, NEXT))
    expected = np.mean([(-1 - 0.98 * following[b] + now[b]) ** 2 for b in range(6)])
    tensors = [torch.tensor(x, requires_grad=True) for x in (GOAL, NOW, NEXT)]
    loss, info = lstd_loss(*tensors)
    assert np.isclose(float(loss.detach()), expected, rtol=1e-12)
    assert np.isclose(float(info["td_error"]), np.mean(-1 - 0.98 * following + now))
    loss.backward()
    assert all(x.grad is not None and bool(x.grad.abs().sum() > 0) for x in tensors)


def test_at_the_goal_there_is_no_penalty() -> None:
    goal, now, following = (torch.tensor(x) for x in (GOAL, NOW, NEXT))
    reached, _ = lstd_loss(goal, goal, goal, rewards=torch.zeros(6))
    assert float(reached) == 0.0 < float(lstd_loss(goal, now, following)[0])
