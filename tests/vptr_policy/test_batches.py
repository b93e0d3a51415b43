"""Batches as a function of seed and step."""

import numpy as np
import pytest
import torch
from demonstrations import make_cache

from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.batches import Batch, Prefetcher, Sampler
from vptr_policy.data.demonstrations import Transitions, select

STILL = Augmentation(0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def transitions(tmp_path_factory: pytest.TempPathFactory) -> Transitions:
    return select(make_cache(tmp_path_factory.mktemp("cache"), count=4, steps=5))


def _equal(one: Batch, other: Batch) -> bool:
    return all(torch.equal(vars(one)[name], vars(other)[name]) for name in vars(one))


def test_what_is_in_a_row_belongs_together(transitions: Transitions) -> None:
    cache, batch = transitions.cache, Sampler(transitions, 8, 0, STILL).batch(3)
    assert batch.images.shape == (8, 3, 128, 128) and batch.tasks.shape == (8, 2)
    for image, state, task, action in zip(batch.images, batch.states, batch.tasks, batch.actions):
        row = int(np.flatnonzero((cache.rows["state"] == state.numpy()).all(1))[0])
        assert np.allclose(image.permute(1, 2, 0).numpy(), cache.frames[row], atol=1e-3)
        assert int(task.argmax()) == cache.rows["task"][row] and float(task.sum()) == 1.0
        assert np.array_equal(action.numpy(), transitions.targets[row])


def test_each_epoch_sees_each_transition_once(transitions: Transitions) -> None:
    sampler = Sampler(transitions, 8, 0, STILL)  # 20 transitions: 5 batches are two epochs
    states = torch.cat([sampler.batch(step).states for step in range(5)]).numpy()
    expected = transitions.cache.rows["state"][transitions.index]
    for epoch in (states[:20], states[20:]):
        assert np.array_equal(np.sort(epoch[:, 0]), np.sort(expected[:, 0]))
    assert not np.array_equal(states[:20], states[20:])


def test_the_same_seed_and_step_give_the_same_batch_in_any_order(transitions: Transitions) -> None:
    one, other = Sampler(transitions, 8, 0, Augmentation()), Sampler(transitions, 8, 0, Augmentation())
    forward = [one.batch(step) for step in range(4)]
    backward = [other.batch(step) for step in reversed(range(4))][::-1]
    assert all(_equal(a, b) for a, b in zip(forward, backward))
    assert not _equal(forward[0], Sampler(transitions, 8, 1, Augmentation()).batch(0))


def test_the_thread_hands_out_the_batches_in_order_and_ends(transitions: Transitions) -> None:
    sampler = Sampler(transitions, 4, 0, STILL)
    with Prefetcher(sampler, first=7, depth=2) as batches:
        for step in range(7, 12):
            assert _equal(batches.next(), sampler.batch(step))
        thread = batches._thread
    assert not thread.is_alive()


def test_what_goes_wrong_in_the_thread_is_raised(transitions: Transitions) -> None:
    broken = Transitions(transitions.cache, np.array([10**6]), transitions.targets)
    with Prefetcher(Sampler(broken, 4, 0, STILL), 0) as batches, pytest.raises(RuntimeError, match="out of bounds"):
        batches.next()
