"""The objective of VIP against NumPy."""

import numpy as np
import pytest
import torch

from vptr_policy.algorithms.vip import vip_loss

RANDOM = np.random.default_rng(0)
START, GOAL, NOW, NEXT = RANDOM.normal(size=(4, 6, 3))
ORDERS = np.stack([RANDOM.permutation(6) for _ in range(3)])
FRAMES = tuple(torch.tensor(x) for x in (START, GOAL, NOW, NEXT))


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).sum()))


def _numpy(discount: float, orders: np.ndarray, joint: bool = False) -> float:
    size = len(START)
    attraction = (1 - discount) * np.mean([_distance(START[b], GOAL[b]) for b in range(size)])

    def term(b: int, other: int) -> float:  # exp(1 + gamma d(o', g) - d(o, g)): signs as in Alg. 2
        return float(np.exp(1 + discount * _distance(NEXT[other], GOAL[b]) - _distance(NOW[other], GOAL[b])))

    own = [term(b, b) for b in range(size)]
    others = [term(b, order[b]) for order in orders for b in range(size)]
    if joint:
        return float(attraction + np.log(1e-8 + np.mean(own + others)))
    loss = attraction + np.log(1e-8 + np.mean(own))
    return float(loss + np.log(1e-8 + np.mean(others)) if others else loss)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("joint", [False, True])
def test_loss(count: int, joint: bool) -> None:
    loss, _ = vip_loss(*FRAMES, torch.tensor(ORDERS[:count]), discount=0.98, joint=joint)
    assert np.isclose(float(loss), _numpy(0.98, ORDERS[:count], joint), rtol=1e-12)


def test_rewards_take_the_place_of_minus_one() -> None:
    given, _ = vip_loss(*FRAMES, rewards=torch.full((6,), -1.0, dtype=torch.float64))
    assert np.isclose(float(given), _numpy(0.98, ORDERS[:0]), rtol=1e-12)
    none, _ = vip_loss(*FRAMES, rewards=torch.zeros(6, dtype=torch.float64))
    assert np.isclose(float(none), float(given) - 1.0, rtol=1e-6)


def test_far_embeddings_do_not_overflow() -> None:
    far = [torch.tensor(500.0 * x, dtype=torch.float32, requires_grad=True) for x in (START, GOAL, NOW, NEXT)]
    loss, _ = vip_loss(*far, torch.tensor(ORDERS))
    loss.backward()
    assert torch.isfinite(loss) and all(x.grad is not None and torch.isfinite(x.grad).all() for x in far)


def test_a_step_towards_the_goal_costs_less_than_a_step_away() -> None:
    goal, near, far = torch.zeros(1, 2), torch.ones(1, 2), 2 * torch.ones(1, 2)
    towards, _ = vip_loss(far, goal, far, near)
    away, _ = vip_loss(far, goal, near, far)
    assert float(towards) < float(away)
