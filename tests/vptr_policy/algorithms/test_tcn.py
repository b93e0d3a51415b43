"""Time-contrastive losses against NumPy."""

import numpy as np
import torch

from vptr_policy.algorithms.tcn import r3m_loss, tcn_loss

RANDOM = np.random.default_rng(0)
SIZE = 5


def _similarity(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.exp(-np.sqrt(((a - b) ** 2).sum())))


def test_windows() -> None:
    anchor, positives, negatives = (
        RANDOM.normal(size=(SIZE, 3)),
        RANDOM.normal(size=(SIZE, 2, 3)),
        RANDOM.normal(size=(SIZE, 2, 4, 3)),
    )
    terms = []
    for b in range(SIZE):
        for k in range(2):
            far = np.mean([_similarity(anchor[b], negatives[b, k, m]) for m in range(4)])
            terms.append(-np.log(_similarity(anchor[b], positives[b, k]) / far))
    loss, _ = tcn_loss(torch.tensor(anchor), torch.tensor(positives), torch.tensor(negatives))
    assert np.isclose(float(loss), np.mean(terms), rtol=1e-12)


def test_r3m() -> None:
    first, second, third = RANDOM.normal(size=(3, SIZE, 3))
    early, late = np.array([[RANDOM.permutation(SIZE) for _ in range(3)] for _ in range(2)])
    e, terms, aligned = 1e-8, [], []
    for b in range(SIZE):
        s12, s13, s23 = (
            _similarity(first[b], second[b]),
            _similarity(first[b], third[b]),
            _similarity(second[b], third[b]),
        )
        n1 = sum(_similarity(first[b], first[order[b]]) for order in early)
        n3 = sum(_similarity(third[b], third[order[b]]) for order in late)
        terms.append(-np.log(e + s12 / (e + s12 + s13 + n1)) - np.log(e + s23 / (e + s23 + s13 + n3)))
        aligned.append(s12 > s13 and s23 > s13)
    tensors = (torch.tensor(x) for x in (first, second, third, early, late))
    loss, info = r3m_loss(*tensors)
    assert np.isclose(float(loss), np.mean(terms) / 2, rtol=1e-12)
    assert np.isclose(float(info["aligned"]), np.mean(aligned))


def test_r3m_of_far_embeddings_stays_finite() -> None:
    frames = [(500.0 * torch.tensor(x, dtype=torch.float32)).requires_grad_() for x in RANDOM.normal(size=(3, SIZE, 3))]
    orders = torch.stack([torch.arange(SIZE).roll(1)] * 3)
    loss, _ = r3m_loss(frames[0], frames[1], frames[2], orders, orders)
    loss.backward()
    assert torch.isfinite(loss) and np.isclose(float(loss.detach()), -np.log(1e-8), rtol=1e-5)
    assert all(x.grad is not None and torch.isfinite(x.grad).all() for x in frames)
