"""The losses of conservative Q-learning against NumPy."""

from typing import Optional

import numpy as np
import pytest
import torch

from vptr_policy.algorithms.cql import actor_loss, backup, conservative_term, critic_loss, temperature_loss

RANDOM = np.random.default_rng(0)
SIZE, ACTIONS = 9, 4
Q = RANDOM.normal(3, 2, (2, SIZE))
NEXT_Q, POLICY_Q, UNIFORM_Q = (RANDOM.normal(3, 2, (2, SIZE, ACTIONS)) for _ in range(3))
LOG_PROBS = RANDOM.normal(1, 3, (SIZE, ACTIONS))
REWARDS, MASKS, RETURNS = RANDOM.choice([-1.0, 10.0], SIZE), RANDOM.choice([0.0, 1.0], SIZE), RANDOM.normal(3, 2, SIZE)


def _backup(discount: float = 0.96, least: Optional[float] = None, most: Optional[float] = None) -> np.ndarray:
    arrays = (torch.tensor(x) for x in (REWARDS, MASKS, NEXT_Q))
    return backup(*arrays, discount, least, most).numpy()


def test_backup_takes_the_lesser_head_of_each_action_and_then_the_best_action() -> None:
    best = [max(min(NEXT_Q[0, b, n], NEXT_Q[1, b, n]) for n in range(ACTIONS)) for b in range(SIZE)]
    expected = [REWARDS[b] + 0.96 * MASKS[b] * best[b] for b in range(SIZE)]
    assert np.allclose(_backup(), expected, rtol=1e-12)
    other_order = [REWARDS[b] + 0.96 * MASKS[b] * NEXT_Q[:, b].max(1).min() for b in range(SIZE)]
    assert not np.allclose(expected, other_order)


def test_backup_is_clipped_on_request() -> None:
    free = _backup()
    assert free.min() < 2.0 and free.max() > 5
    assert np.array_equal(_backup(least=2.0, most=5.0), np.clip(free, 2, 5))
    assert np.array_equal(_backup(most=5.0), np.minimum(free, 5))


def _numpy_term(returns: Optional[np.ndarray] = None) -> float:
    total = 0.0
    for head in range(2):
        for b in range(SIZE):
            policy_q = POLICY_Q[head, b] if returns is None else np.maximum(POLICY_Q[head, b], returns[b])
            mass = np.exp(policy_q - LOG_PROBS[b]).sum() + (np.exp(UNIFORM_Q[head, b]) * 2.0**7).sum()
            total += np.log(mass) - Q[head, b]
    return total / (2 * SIZE)


@pytest.mark.parametrize("returns", [None, RETURNS])
def test_conservative_term(returns: Optional[np.ndarray]) -> None:
    tensors = (torch.tensor(x) for x in (Q, POLICY_Q, LOG_PROBS, UNIFORM_Q))
    term, info = conservative_term(*tensors, None if returns is None else torch.tensor(returns))
    assert np.isclose(float(term), _numpy_term(returns), rtol=1e-12)
    if returns is not None:
        assert np.isclose(float(info["bounded"]), (returns[:, None] > POLICY_Q).mean())
        assert not np.isclose(_numpy_term(), _numpy_term(returns))


def test_a_bounded_action_is_pushed_no_further() -> None:
    policy_q = torch.tensor(POLICY_Q, requires_grad=True)
    tensors = (torch.tensor(x) for x in (LOG_PROBS, UNIFORM_Q, RETURNS))
    conservative_term(torch.tensor(Q), policy_q, *tensors)[0].backward()
    assert policy_q.grad is not None
    assert np.array_equal(policy_q.grad.numpy() == 0, RETURNS[:, None] > POLICY_Q)


def test_critic_loss() -> None:
    targets = RANDOM.normal(0, 1, SIZE)
    expected = np.mean([(Q[i, b] - targets[b]) ** 2 for i in range(2) for b in range(SIZE)]) + 5 * 1.25
    loss, info = critic_loss(torch.tensor(Q), torch.tensor(targets), torch.tensor(1.25), 5.0)
    assert np.isclose(float(loss), expected, rtol=1e-6)
    assert np.isclose(float(info["td_error"]), expected - 6.25, rtol=1e-6)


def test_actor_and_temperature() -> None:
    log_probs, temperature = LOG_PROBS[:, 0], 0.7
    scale = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    loss, info = actor_loss(torch.tensor(log_probs), torch.tensor(Q), scale)
    assert np.isclose(float(loss), np.mean(temperature * log_probs - Q.min(0)), rtol=1e-12)
    assert not loss.requires_grad
    balance, _ = temperature_loss(scale, torch.tensor(log_probs), -7.0)
    assert np.isclose(float(balance.detach()), temperature * (-log_probs.mean() + 7.0), rtol=1e-12)
    assert np.isclose(float(info["entropy"]), -log_probs.mean())
    balance.backward()
    assert scale.grad is not None and np.isclose(float(scale.grad), -log_probs.mean() + 7.0)
