"""Batches of robot transitions as a function of seed and step."""

from pathlib import Path

import numpy as np
import pytest
import torch
from demonstrations import make_cache

from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.batches import Batch, BatchOptions, Mixture, RobotBatches
from vptr_policy.data.robot.conditioning import one_hot
from vptr_policy.data.robot.transitions import TransitionOptions, Transitions, assemble

STILL = Augmentation(0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def transitions(tmp_path_factory: pytest.TempPathFactory) -> Transitions:
    return assemble([make_cache(tmp_path_factory.mktemp("cache"), count=4, steps=5)], TransitionOptions())


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Transitions:
    source = make_cache(tmp_path_factory.mktemp("source"), count=4, steps=5)
    target = make_cache(tmp_path_factory.mktemp("target"), count=2, steps=5)
    return assemble([source], TransitionOptions(), [target])


def _batches(data: Transitions, size: int = 8, seed: int = 0, how: Augmentation = STILL, **more: int) -> RobotBatches:
    return RobotBatches(data, one_hot(data), BatchOptions(size, seed, how, **more))


def _equal(one: Batch, other: Batch) -> bool:
    pairs = [(vars(one)[name], vars(other)[name]) for name in vars(one)]
    return all((a is None and b is None) or torch.equal(a, b) for a, b in pairs)


def _row(data: Transitions, state: np.ndarray) -> int:
    return int(np.flatnonzero((data.states[data.now] == state).all(1))[0])


def test_what_is_in_a_row_belongs_together(transitions: Transitions) -> None:
    batch = _batches(transitions, rewards=True, successors=True)[3]
    assert batch.images.shape == (8, 3, 128, 128) and batch.tasks.shape == (8, 2)
    for place, state in enumerate(batch.states):
        row = _row(transitions, state.numpy())
        now, after = transitions.now[row], transitions.next[row]
        assert np.array_equal(batch.images[place].permute(1, 2, 0).numpy(), transitions.frames[now])
        assert np.array_equal(batch.next_images[place].permute(1, 2, 0).numpy(), transitions.frames[after])
        assert np.array_equal(batch.next_states[place].numpy(), transitions.states[after])
        assert int(batch.tasks[place].argmax()) == transitions.task[row] and float(batch.tasks[place].sum()) == 1.0
        assert np.array_equal(batch.actions[place].numpy(), transitions.actions[row])
        for name in ("rewards", "masks", "returns"):
            assert float(vars(batch)[name][place]) == vars(transitions)[name][row]


def test_imitation_does_without_what_comes_next(transitions: Transitions) -> None:
    batch = _batches(transitions)[0]
    assert batch.next_images is None and batch.rewards is None


def test_a_picture_and_its_successor_are_varied_each_for_itself(transitions: Transitions) -> None:
    again = assemble_same(transitions)
    batch = _batches(again, how=Augmentation(probability=1.0), successors=True)[0]
    differ = [not torch.equal(a, b) for a, b in zip(batch.images, batch.next_images)]
    assert all(differ)


def assemble_same(transitions: Transitions) -> Transitions:
    """The same data with every successor its own predecessor."""
    return Transitions(**{**vars(transitions), "next": transitions.now})


def test_each_epoch_sees_each_transition_once(transitions: Transitions) -> None:
    batches = _batches(transitions)  # 20 transitions: 5 batches are two epochs
    states = torch.cat([batches[step].states for step in range(5)]).numpy()
    expected = transitions.states[transitions.now]
    for epoch in (states[:20], states[20:]):
        assert np.array_equal(np.sort(epoch[:, 0]), np.sort(expected[:, 0]))
    assert not np.array_equal(states[:20], states[20:])


def test_the_same_seed_and_step_give_the_same_batch_in_any_order(transitions: Transitions) -> None:
    one, other = (_batches(transitions, how=Augmentation()) for _ in range(2))
    forward = [one[step] for step in range(4)]
    backward = [other[step] for step in reversed(range(4))][::-1]
    assert all(_equal(a, b) for a, b in zip(forward, backward))
    assert not _equal(forward[0], _batches(transitions, seed=1, how=Augmentation())[0])


def test_ranks_share_out_the_batch_of_one_process(transitions: Transitions) -> None:
    whole = _batches(transitions, how=Augmentation())[2]
    parts = [_batches(transitions, how=Augmentation(), rank=rank, world=2)[2] for rank in range(2)]
    for name in ("images", "states", "actions"):
        assert torch.equal(torch.cat([vars(part)[name] for part in parts]), vars(whole)[name]), name


def test_the_target_enters_at_its_update_in_its_share(both: Transitions) -> None:
    batches = RobotBatches(both, one_hot(both), BatchOptions(10, 0, STILL), Mixture(0.3, finetune_at=4))
    target = both.tasks.index("target")
    shares = [float(batches[step].tasks[:, target].sum()) for step in range(8)]
    assert shares == [0, 0, 0, 0, 3, 3, 3, 3]


def test_the_target_alone(both: Transitions, tmp_path: Path) -> None:
    batches = RobotBatches(both, one_hot(both), BatchOptions(10, 0, STILL), Mixture(1.0))
    assert float(batches[0].tasks[:, both.tasks.index("target")].sum()) == 10
    alone = assemble([], TransitionOptions(), [make_cache(tmp_path, count=2)])
    with pytest.raises(ValueError, match="update 0 has no data"):
        RobotBatches(alone, one_hot(alone), BatchOptions(4, 0, STILL), Mixture(1.0, finetune_at=1))[0]


def test_successes_have_their_share_of_the_source(both: Transitions) -> None:
    failed = np.isin(both.trajectory, np.unique(both.trajectory[~both.target])[:1])
    mixed = Transitions(**{**vars(both), "success": ~failed})
    options = BatchOptions(20, 0, STILL, labels=True)
    batches = RobotBatches(mixed, one_hot(mixed), options, Mixture(0.5, finetune_at=2, success_share=0.8))
    counts = [len(batches[step].imitated) for step in range(4)]
    assert counts == [16, 16, 18, 18]
    for one in (np.ones_like(failed), np.zeros_like(failed)):
        all_alike = Transitions(**{**vars(both), "success": one})
        batches = RobotBatches(all_alike, one_hot(both), options, Mixture(success_share=0.8))
        assert len(batches[0].imitated) == 20 * one[0]


def test_successes_have_their_share_of_the_target(both: Transitions) -> None:
    target = both.tasks.index("target")
    failed = np.isin(both.trajectory, [np.unique(both.trajectory[part])[0] for part in (both.target, ~both.target)])
    mixed = Transitions(**{**vars(both), "success": ~failed})
    mixture = Mixture(0.5, success_share=0.8, target_success_share=0.3)
    batches = RobotBatches(mixed, one_hot(mixed), BatchOptions(20, 0, STILL, labels=True), mixture)
    for step in range(4):
        is_target = batches[step].tasks[:, target].numpy() > 0
        succeeds = np.isin(np.arange(20), batches[step].imitated)
        assert (sum(is_target), sum(succeeds & is_target), sum(succeeds & ~is_target)) == (10, 3, 8)
