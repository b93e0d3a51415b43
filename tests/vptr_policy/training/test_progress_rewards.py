"""Rewards by the distance to a goal in an embedding, against a slow calculation."""

from pathlib import Path

import numpy as np
import pytest
import torch
from demonstrations import make

from vptr_policy.data.demonstrations import open_cache
from vptr_policy.data.robot.transitions import TransitionOptions, Transitions, assemble
from vptr_policy.training import progress_rewards
from vptr_policy.training.frozen_features import embed
from vptr_policy.training.progress_rewards import progress, with_progress_rewards


class Means(torch.nn.Module):
    """Embeds a picture as the mean of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.scale * images.float().mean((2, 3))


@pytest.fixture(scope="module")
def transitions(tmp_path_factory: pytest.TempPathFactory) -> Transitions:
    tasks = ("knife_in_pot", "cucumber_in_bowl")
    made = [make(number, 3 + number, tasks[number % 2], number != 2) for number in range(5)]
    cache = open_cache(tmp_path_factory.mktemp("cache"), made, "mark")
    return assemble([cache], TransitionOptions(successes_only=False))


def test_pictures_are_embedded_in_the_order_asked_for(transitions: Transitions) -> None:
    numbers = np.random.default_rng(0).permutation(len(transitions.frames))[:9]
    pictures = [transitions.frames[number].mean((0, 1)) for number in numbers]
    assert np.allclose(embed(transitions, numbers, Means()).numpy(), pictures, atol=1e-3)


@pytest.mark.parametrize("rows_at_a_time", [1, 4, 256])
def test_each_step_is_rewarded_with_its_progress(
    transitions: Transitions, monkeypatch: pytest.MonkeyPatch, rows_at_a_time: int
) -> None:
    points = np.random.default_rng(0).normal(size=(len(transitions.frames), 3))  # all last pictures look alike
    monkeypatch.setattr(progress_rewards, "embed", lambda _, numbers, encoder: torch.tensor(points[numbers]))
    monkeypatch.setattr(progress_rewards, "ROWS", rows_at_a_time)
    found = progress(transitions, Means())
    for task in range(2):
        rows = np.flatnonzero(transitions.task == task)
        ends = [
            transitions.next[row]
            for row in rows
            if transitions.success[row] and (row == len(found) - 1 or transitions.next[row] != transitions.now[row + 1])
        ]
        assert len(ends) == 2
        goal = np.mean([points[end] for end in ends], 0)
        for row in rows:
            before, after = (np.linalg.norm(points[i] - goal) for i in (transitions.now[row], transitions.next[row]))
            assert found[row] == pytest.approx(before - after, rel=1e-5, abs=1e-6)


def test_they_are_kept_for_each_encoder(transitions: Transitions, tmp_path: Path) -> None:
    first = with_progress_rewards(transitions, Means(), tmp_path / "run")
    (kept,) = (tmp_path / "run").iterdir()
    np.save(str(kept), first.rewards + 1)
    assert np.array_equal(with_progress_rewards(transitions, Means(), tmp_path / "run").rewards, first.rewards + 1)
    other = Means()
    other.scale.data.fill_(2.0)
    assert np.allclose(with_progress_rewards(transitions, other, tmp_path / "run").rewards, 2 * first.rewards)
    assert len(list((tmp_path / "run").iterdir())) == 2
    reordered = Transitions(**{**vars(transitions), "fingerprint": "of the same demonstrations in another order"})
    assert np.array_equal(with_progress_rewards(reordered, Means(), tmp_path / "run").rewards, first.rewards)
    assert len(list((tmp_path / "run").iterdir())) == 3
    np.save(str(kept), np.zeros(3))
    with pytest.raises(ValueError, match=r"holds 3 rewards of 25 transitions; delete it"):
        with_progress_rewards(transitions, Means(), tmp_path / "run")


def test_a_task_without_a_success_has_no_goal(transitions: Transitions) -> None:
    none = Transitions(**{**vars(transitions), "success": np.zeros(len(transitions), bool)})
    with pytest.raises(ValueError, match="no demonstration of cucumber_in_bowl succeeded: there is no goal"):
        progress(none, Means())
