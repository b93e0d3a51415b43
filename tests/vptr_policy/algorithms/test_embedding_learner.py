"""Pre-training of embeddings as the loop runs it, and that the distance to the goal falls along a clip."""

import math
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest
import torch
from in_numpy import expect, noise, precise, said, stirred
from tiny_networks import Run, TinyEncoder, frames

from vptr_policy.algorithms.embedding_learner import OBJECTIVES, EmbeddingLearner, EmbeddingSettings
from vptr_policy.data.video.batches import ClipBatch, ContrastBatch, OrderedBatch
from vptr_policy.networks.embedding import Embedding

LENGTH = 8
Rows = np.ndarray
"""(B, D), one kind of frame of all clips, embedded"""


def _learner(loss: str, **changes: Any) -> EmbeddingLearner:
    torch.manual_seed(0)
    return EmbeddingLearner(Embedding(TinyEncoder(), 4), EmbeddingSettings(loss, learning_rate=3e-3, **changes))


def _tinted(places: torch.Tensor, clips: torch.Tensor) -> torch.Tensor:
    """Frames whose clip is told by the brightness of the blue channel."""
    images = frames(places)
    images[:, 2] += 40.0 * clips[:, None, None]
    return images


def _batch(loss: str, step: int, size: int = 32) -> Any:
    random = torch.Generator().manual_seed(step)
    clips = torch.randint(4, (size,), generator=random)
    if OBJECTIVES[loss].batch is OrderedBatch:
        orders = [torch.randperm(LENGTH, generator=random)[:5].sort().values for _ in range(size)]
        return OrderedBatch(*(_tinted(row, clips) for row in torch.stack(orders, 1)))
    if OBJECTIVES[loss].batch is ContrastBatch:
        orders = [torch.randperm(LENGTH, generator=random)[:4].sort().values for _ in range(size)]
        return ContrastBatch(*(_tinted(row, clips) for row in torch.stack(orders, 1)))

    def between(low: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
        return low + (torch.rand(size, generator=random) * (end - low)).long()

    start = between(torch.zeros(size).long(), torch.full((size,), LENGTH - 2))
    goal = between(start + 1, torch.full((size,), LENGTH))
    now = between(start, goal)
    return ClipBatch(*(_tinted(row, clips) for row in (start, goal, now, now + 1)))


def _distances(learner: EmbeddingLearner, clip: int) -> torch.Tensor:
    with torch.no_grad():
        embeddings = learner.embedding(_tinted(torch.arange(LENGTH), torch.full((LENGTH,), clip)))
    return (embeddings - embeddings[-1]).norm(dim=1)


@pytest.mark.parametrize(("loss", "steps"), [("vip", 400), ("lstd", 300)])
def test_the_distance_to_the_goal_falls_along_a_clip(loss: str, steps: int) -> None:
    run = Run(_learner(loss))
    for step in range(steps):
        run.update(_batch(loss, step))
    for clip in range(4):
        assert bool((_distances(run.learner, clip).diff() < 0).all())


@pytest.mark.parametrize("loss", ["r3m", "tcn"])
def test_contrast_puts_frames_in_order(loss: str) -> None:
    run = Run(_learner(loss, l1=1e-5, l2=1e-5))
    before = run.update(_batch(loss, 0))["aligned"]
    for step in range(1, 200):
        after = run.update(_batch(loss, step))["aligned"]
    assert after > 0.9 > before


@pytest.mark.parametrize(("loss", "encoded"), [("vip", 4), ("lstd", 3), ("r3m", 3), ("tcn", 4)])
def test_frames_are_encoded_in_one_pass(loss: str, encoded: int) -> None:
    learner, rows = _learner(loss), []
    learner.embedding.encoder.register_forward_hook(lambda _module, inputs, _output: rows.append(len(inputs[0])))
    total, info = learner(_batch(loss, 0, 5), torch.Generator())
    assert rows == [5 * encoded]
    assert torch.isclose(total, info["objective"] + 1e-3 * (info["norm_l1"] + info["norm_l2"]))


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).sum()))


def _orders(settings: EmbeddingSettings, size: int, random: torch.Generator) -> List[List[int]]:
    return [torch.randperm(size, generator=random).tolist() for _ in range(settings.negatives)]


def _numpy_vip(settings: EmbeddingSettings, start: Rows, goal: Rows, now: Rows, following: Rows) -> float:
    """VIP Eq. 4 with the signs of Alg. 2; the clips that negatives are taken from give both of their frames."""
    size, gamma = len(start), settings.discount

    def term(b: int, clip: int) -> float:
        return math.exp(1.0 + gamma * _distance(following[clip], goal[b]) - _distance(now[clip], goal[b]))

    own = [term(b, b) for b in range(size)]
    others = [term(b, order[b]) for order in _orders(settings, size, noise()) for b in range(size)]
    groups = [own + others] if settings.joint_negatives else [own, others]
    attraction = (1.0 - gamma) * np.mean([_distance(start[b], goal[b]) for b in range(size)])
    return float(attraction + sum(math.log(1e-8 + np.mean(group)) for group in groups))


def _numpy_lstd(settings: EmbeddingSettings, goal: Rows, now: Rows, following: Rows) -> float:
    """VIP Eq. 29."""
    far = ((_distance(now[b], goal[b]), _distance(following[b], goal[b])) for b in range(len(goal)))
    return float(np.mean([(-1.0 - settings.discount * after + before) ** 2 for before, after in far]))


def _numpy_r3m(settings: EmbeddingSettings, *clips: Rows) -> float:
    """Two contrasts, of the first and of the last of three frames; each draws negatives of its own, one by one."""
    size, random, terms = len(clips[0]), noise(), []
    for end in (0, 2):
        orders = _orders(settings, size, random)
        for b in range(size):
            s12, s13, s23 = (math.exp(-_distance(clips[i][b], clips[j][b])) for i, j in ((0, 1), (0, 2), (1, 2)))
            others = sum(math.exp(-_distance(clips[end][b], clips[end][order[b]])) for order in orders)
            near = s23 if end else s12
            terms.append(-math.log(1e-8 + near / (1e-8 + near + s13 + others)))
    return float(np.mean(terms))


def _numpy_tcn(_: EmbeddingSettings, anchor: Rows, positive: Rows, *negatives: Rows) -> float:
    """VIP Eq. 12."""
    terms = []
    for b in range(len(anchor)):
        far = np.mean([math.exp(-_distance(anchor[b], negative[b])) for negative in negatives])
        terms.append(-math.log(math.exp(-_distance(anchor[b], positive[b])) / far))
    return float(np.mean(terms))


NUMPY: Dict[str, Tuple[Callable[..., float], Tuple[str, ...]]] = {
    "vip": (_numpy_vip, ("start", "goal", "now", "next")),
    "lstd": (_numpy_lstd, ("goal", "now", "next")),
    "r3m": (_numpy_r3m, ("first", "second", "third")),
    "tcn": (_numpy_tcn, ("anchor", "positive", "negative", "other_negative")),
}


@pytest.mark.parametrize(
    ("loss", "changes"),
    [
        ("vip", {}),
        ("vip", {"negatives": 1, "discount": 0.8}),
        ("vip", {"joint_negatives": True}),
        ("lstd", {}),
        ("lstd", {"discount": 0.8}),
        ("r3m", {}),
        ("r3m", {"negatives": 1}),
        ("tcn", {}),
    ],
)
def test_the_loss_is_that_of_the_paper(loss: str, changes: Dict[str, Any]) -> None:
    learner, batch = stirred(_learner(loss, l1=0.02, l2=0.03, **changes)), precise(_batch(loss, 3, 6))
    compute, names = NUMPY[loss]

    def expected() -> float:
        clips = [said(learner.embedding, getattr(batch, name)) for name in names]
        rows = np.concatenate(clips)
        penalty = 0.02 * np.abs(rows).sum(1).mean() + 0.03 * np.sqrt((rows**2).sum(1)).mean()
        return compute(learner.settings, *clips) + float(penalty)

    expect(learner, batch, {"embedding": expected})


def test_batches_and_names_are_checked() -> None:
    with pytest.raises(ValueError, match="vip learns from ClipBatch, got OrderedBatch"):
        _learner("vip")(_batch("r3m", 0), torch.Generator())
    with pytest.raises(ValueError, match="vip, lstd, r3m, tcn"):
        EmbeddingSettings("infonce")


def test_the_encoder_is_exported_with_its_linear_layer() -> None:
    learner = _learner("vip")
    assert learner.exports() == {"encoder": learner.embedding} and learner.embedding.size == 4
    assert len(learner.parameter_groups()[0]["params"]) == len(list(learner.embedding.parameters()))
