"""The loss of intent-conditioned value functions against NumPy."""

import numpy as np
import pytest
import torch

from vptr_policy.algorithms.icvf import expectile_weight, icvf_loss, intent_advantage

RANDOM = np.random.default_rng(0)
SIZE = 17
V, NEXT, NEXT_Z, NOW_Z = (RANDOM.normal(-5, 3, (2, SIZE)) for _ in range(4))
REACHED, REACHED_Z = (RANDOM.random(SIZE) < 0.3 for _ in range(2))


def _advantage(discount: float = 0.99, pessimistic: bool = True) -> torch.Tensor:
    rewards, masks = torch.tensor(REACHED_Z - 1.0), torch.tensor(1.0 - REACHED_Z)
    return intent_advantage(torch.tensor(NEXT_Z), torch.tensor(NOW_Z), rewards, masks, discount, pessimistic)


def _numpy_advantage(discount: float, pessimistic: bool) -> np.ndarray:
    result = np.empty(SIZE)
    for b in range(SIZE):
        heads = NEXT_Z[:, b]
        following = min(heads) if pessimistic else sum(heads) / 2
        goes_on = 0.0 if REACHED_Z[b] else 1.0
        result[b] = -goes_on + discount * goes_on * following - (NOW_Z[0, b] + NOW_Z[1, b]) / 2
    return result


@pytest.mark.parametrize("pessimistic", [True, False])
def test_advantage(pessimistic: bool) -> None:
    assert np.allclose(_advantage(0.9, pessimistic), _numpy_advantage(0.9, pessimistic), rtol=1e-12)


@pytest.mark.parametrize(("expectile", "discount"), [(0.9, 0.99), (0.7, 0.95)])
def test_loss(expectile: float, discount: float) -> None:
    advantage = _numpy_advantage(discount, True)
    assert 2 < (advantage >= 0).sum() < SIZE - 2
    expected = 0.0
    for head in range(2):
        errors = [
            (expectile if advantage[b] >= 0 else 1 - expectile)
            * ((0 if REACHED[b] else -1 + discount * NEXT[head, b]) - V[head, b]) ** 2
            for b in range(SIZE)
        ]
        expected += sum(errors) / SIZE
    loss, info = icvf_loss(
        torch.tensor(V), torch.tensor(NEXT), torch.tensor(REACHED - 1.0), torch.tensor(1.0 - REACHED),
        _advantage(discount), expectile, discount,
    )  # fmt: skip
    assert np.isclose(float(loss), expected, rtol=1e-12)
    assert np.isclose(float(info["advantage_positive"]), (advantage >= 0).mean())


def test_no_advantage_counts_as_positive() -> None:
    assert expectile_weight(torch.tensor([-1e-9, 0.0, 1e-9]), 0.9).tolist() == pytest.approx([0.1, 0.9, 0.9])


def test_gradients_flow_to_the_values_alone() -> None:
    values, following = torch.tensor(V, requires_grad=True), torch.tensor(NEXT, requires_grad=True)
    advantage = _advantage().requires_grad_()
    icvf_loss(values, following, torch.tensor(REACHED - 1.0), torch.tensor(1.0 - REACHED), advantage)[0].backward()
    assert values.grad is not None and following.grad is None and advantage.grad is None
