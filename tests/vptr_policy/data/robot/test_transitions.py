"""Transitions of several data sets against what was put in."""

from pathlib import Path
from typing import Any, Sequence, Tuple

import numpy as np
import pytest
from demonstrations import Demonstration, make

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from vptr_policy.data.demonstrations import Cache, open_cache
from vptr_policy.data.robot.conditioning import one_hot
from vptr_policy.data.robot.rewards import RewardOptions
from vptr_policy.data.robot.transitions import TransitionOptions, assemble

Spec = Tuple[int, int, str, bool]


def cache(folder: Path, specs: Sequence[Spec], mark: str = "mark") -> Cache:
    """Demonstrations of (number, steps, task, success)."""
    return open_cache(folder, [make(*spec) for spec in specs], mark)


@pytest.fixture
def mixed(tmp_path: Path) -> Cache:
    return cache(tmp_path, [(0, 5, "b", True), (1, 2, "a", False), (2, 1, "b", True), (3, 4, "a", True)])


def learn(caches: Any, targets: Sequence[Cache] = (), **options: Any) -> Any:
    return assemble(caches if isinstance(caches, list) else [caches], TransitionOptions(**options), targets)


def box(actions: np.ndarray) -> np.ndarray:
    return np.clip(2 * (actions - ACTION_LOW) / (ACTION_HIGH - ACTION_LOW) - 1, -0.99, 0.99)


def test_every_action_is_a_transition_to_the_next_frame(mixed: Cache) -> None:
    found = learn(mixed, successes_only=False)
    assert found.now.tolist() == [0, 1, 2, 3, 4, 6, 7, 9, 11, 12, 13, 14]
    assert found.next.tolist() == (found.now + 1).tolist()
    assert found.trajectory.tolist() == [0] * 5 + [1] * 2 + [2] + [3] * 4
    assert found.rewards.tolist() == [-1, -1, 10, 10, 10, -1, -1, 10, -1, 10, 10, 10]
    assert found.masks.tolist() == [1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0]
    assert np.allclose(found.returns, [7.256, 8.6, 10, 10, 10, -25, -25, 10, 8.6, 10, 10, 10])
    assert found.tasks == ("a", "b") and found.task.tolist() == [1] * 5 + [0] * 2 + [1] + [0] * 4
    assert found.success.tolist() == [True] * 5 + [False] * 2 + [True] * 5
    for row in range(len(found)):
        demonstration = make(*[(0, 5, "b"), (1, 2, "a"), (2, 1, "b"), (3, 4, "a")][found.trajectory[row]])
        step = row - int(np.flatnonzero(found.trajectory == found.trajectory[row])[0])
        assert np.array_equal(found.states[found.now[row]], demonstration.state[step])
        assert np.array_equal(found.states[found.next[row]], demonstration.state[step + 1])
        assert np.allclose(found.actions[row], box(demonstration.label[step]), atol=1e-6)
        assert np.array_equal(found.frames[found.now[row]], mixed.frames[found.now[row]])


def test_failures_are_left_out_for_imitation(mixed: Cache, tmp_path: Path) -> None:
    found = learn(mixed)
    assert found.now.tolist() == [0, 1, 2, 3, 4, 9, 11, 12, 13, 14] and found.success.all()
    summary = found.summary()
    assert (summary["trajectories"], summary["transitions"]) == (3, 10)
    assert summary["transitions_by_task"] == {"a": 4, "b": 6}
    everything = learn(mixed, successes_only=False).summary()
    assert (everything["trajectories"], everything["successful_trajectories"]) == (4, 3)
    with pytest.raises(ValueError, match="no demonstration succeeded"):
        learn(cache(tmp_path, [(1, 2, "a", False)], "failures"))


@pytest.mark.parametrize("which", ["label", "action", "executed", "achieved"])
def test_the_action_is_the_one_asked_for(tmp_path: Path, which: str) -> None:
    base = make(0, 3, "a")
    one = Demonstration("x", base.info, 0.1 * base.state, base.label + 0.01, base.label - 0.01, base.label, base.jpegs)
    found = learn(open_cache(tmp_path, [one], "mark"), action=which)
    motion = np.concatenate([np.diff(one.state, axis=0)[:, :6], one.action[:, 6:]], 1)
    expected = motion if which == "achieved" else getattr(one, which)
    assert found.actions.dtype == np.float32 and np.allclose(found.actions, box(expected), atol=1e-5)
    assert np.abs(found.actions).max() <= np.float32(0.99)


def test_the_latency_shift_pairs_actions_with_the_observation_after(mixed: Cache) -> None:
    found = learn(mixed, latency_shift=True, action="action")
    assert found.now.tolist() == [1, 2, 3, 4, 12, 13, 14]  # of 5, 1 and 4 actions 4, 0 and 3 are left
    assert found.next.tolist() == [2, 3, 4, 5, 13, 14, 15]
    assert np.allclose(found.actions[:4], box(make(0, 5).action[:4]), atol=1e-6)
    assert found.rewards.tolist() == [-1, 10, 10, 10, 10, 10, 10]
    moved = learn(mixed, latency_shift=True, action="achieved")
    difference = make(0, 5).state[2, 0] - make(0, 5).state[1, 0]
    assert np.isclose(moved.actions[0, 0], np.clip(difference / 0.05, -0.99, 0.99), atol=1e-5)


def test_rewards_follow_their_options(mixed: Cache) -> None:
    found = learn(mixed, rewards=RewardOptions(final_steps=1, scale=1.0, shift=0.0, discount=0.5))
    assert found.rewards.tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    assert found.returns.tolist() == [0.0625, 0.125, 0.25, 0.5, 1, 1, 0.125, 0.25, 0.5, 1]


def test_several_sources_are_one_after_the_other(tmp_path: Path) -> None:
    one = cache(tmp_path, [(0, 2, "b", True), (1, 1, "c", True)], "one")
    two = cache(tmp_path, [(2, 3, "a", True), (3, 1, "c", True)], "two")
    found = learn([one, two])
    assert found.tasks == ("a", "b", "c") and found.task.tolist() == [1, 1, 2, 0, 0, 0, 2]
    assert found.now.tolist() == [0, 1, 3, 5, 6, 7, 9] and found.trajectory.tolist() == [0, 0, 1, 2, 2, 2, 3]
    assert np.array_equal(found.states[found.now[3]], make(2, 3).state[0])
    assert np.array_equal(found.frames[6], two.frames[1]) and len(found.frames) == 11
    assert not found.target.any() and found.fingerprint != learn([two, one]).fingerprint
    assert learn([one], action="action").fingerprint != learn([one]).fingerprint == learn([one]).fingerprint


@pytest.mark.parametrize(
    ("target_tasks", "tasks", "of_target"),
    [
        ("one", ("b", "c", "new"), [2, 2]),
        ("each", ("b", "c", "a", "target/b"), [2, 3]),
        ("shared", ("a", "b", "c"), [0, 1]),
    ],
)
def test_target_data_are_a_new_task(tmp_path: Path, target_tasks: str, tasks: Any, of_target: Any) -> None:
    source = cache(tmp_path, [(0, 2, "b", True), (1, 1, "c", True)], "source")
    target = cache(tmp_path, [(2, 1, "a", True), (3, 1, "b", True)], "target")
    found = learn([source], [target], target_tasks=target_tasks, target_name="new")
    assert found.tasks == tasks and found.task[found.target].tolist() == of_target
    names = [found.tasks[number] for number in found.task[~found.target]]
    assert names == ["b", "b", "c"]
    rows, target_rows = found.strata()
    assert rows.tolist() == [0, 1, 2] and target_rows.tolist() == [3, 4]
    assert found.summary()["target_trajectories"] == 2
    assert found.summary()["target_tasks"] == [tasks[number] for number in sorted(set(of_target))]
    vectors = one_hot(found)
    assert np.array_equal(vectors.vectors[vectors.index], np.eye(len(tasks), dtype=np.float32)[found.task])


def test_a_target_of_the_name_of_a_source_task_is_told_apart(tmp_path: Path) -> None:
    source = cache(tmp_path, [(0, 2, "target", True)], "source")
    found = learn([source], [cache(tmp_path, [(1, 2, "x", True)], "other")])
    assert found.tasks == ("target", "target/target")


def test_what_was_said_is_numbered_beside_the_task(tmp_path: Path) -> None:
    spoken = make(0, 2, "knife_in_pot")
    spoken.info["language"] = "put it in"
    found = learn(open_cache(tmp_path, [spoken, make(1, 1, "knife_in_pot"), make(2, 1, "a_b")], "mark"))
    assert found.texts == ("a b", "knife in pot", "put it in") and found.text.tolist() == [2, 2, 1, 0]
    assert found.tasks == ("a_b", "knife_in_pot") and found.task.tolist() == [1, 1, 1, 0]


def test_statistics_are_of_the_states_that_are_learned_from(mixed: Cache) -> None:
    found = learn(mixed)
    mean, std = found.state_statistics()
    states = np.concatenate([make(0, 5).state[:5], make(2, 1).state[:1], make(3, 4).state[:4]])
    assert np.allclose(mean, states.mean(0), atol=1e-6) and np.all(std >= states.std(0) - 1e-6)


def test_a_state_far_outside_of_narrow_data_is_not_extreme_once_standardised(mixed: Cache) -> None:
    mixed.rows["state"][:, 3:5] = 0.0  # a simulation whose gripper always points straight down
    mean, std = learn(mixed).state_statistics()
    assert np.all(std >= np.float32([0.02, 0.02, 0.02, 0.1, 0.1, 0.1, 0.1]))
    assert np.abs((np.array([0.3, 0.0, 0.1, 0.3, -0.3, 0.0, 1.0]) - mean) / std)[3:5].max() < 4.0


def test_options_are_checked() -> None:
    for options in ({"action": "commanded"}, {"target_tasks": "two"}):
        with pytest.raises(ValueError, match="expected one of"):
            TransitionOptions(**options)
