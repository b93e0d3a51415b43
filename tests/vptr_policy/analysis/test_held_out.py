import numpy as np
import pytest
from demonstrations import make

from vptr_policy.analysis.held_out import TEST, TRAINING, VALIDATION, choose, part_sizes, parts_of, split
from vptr_policy.data.demonstrations import open_cache
from vptr_policy.data.robot.transitions import TransitionOptions, assemble


@pytest.fixture
def data(tmp_path):
    tasks = ("cucumber_in_bowl", "knife_in_pot")
    source = open_cache(tmp_path, [make(number, 3, tasks[number % 2]) for number in range(12)], "source")
    target = open_cache(tmp_path, [make(20 + number, 2, "knife_in_pot") for number in range(3)], "target")
    return lambda with_target: assemble(
        (source,), TransitionOptions(target_tasks="shared"), (target,) if with_target else ()
    )


def test_trajectories_are_kept_whole_and_each_task_is_split():
    trajectory = np.repeat(np.arange(40), 7)
    task = (trajectory % 2).astype(int)
    parts = split(trajectory, task, 0)
    assert all(len(set(parts[trajectory == number])) == 1 for number in range(40))
    for number in (0, 1):
        counts = np.bincount(parts[task == number], minlength=3) / 7
        assert counts.tolist() == [12, 4, 4]
    assert (split(trajectory, task, 0) == parts).all() and (split(trajectory, task, 1) != parts).any()


def test_every_part_of_a_small_task_has_a_trajectory():
    parts = split(np.arange(3), np.zeros(3, int), 0)
    assert sorted(parts) == [TRAINING, VALIDATION, TEST]
    with pytest.raises(ValueError, match="has 2 trajectories, expected at least 3"):
        split(np.arange(2), np.zeros(2, int), 0)


def test_a_share_of_zero_gets_nothing():
    parts = split(np.arange(10), np.zeros(10, int), 0, (0.8, 0.2, 0.0))
    assert np.bincount(parts, minlength=3).tolist() == [8, 2, 0]


def test_other_data_are_what_is_judged_by(data):
    own = data(False)
    assert part_sizes(own, parts_of(own, 0))["test"] == {"trajectories": 2, "transitions": 6}
    both = data(True)
    parts = parts_of(both, 0)
    assert (parts[both.target] == TEST).all() and (parts[~both.target] != TEST).all()
    assert part_sizes(both, parts)["test"] == {"trajectories": 3, "transitions": 6}


def test_tasks_and_trajectories_are_chosen(data):
    chosen = choose(data(True), ("knife_in_pot",), 2, 0)
    assert chosen.tasks == ("knife_in_pot",) and set(chosen.task) == {0}
    assert len(np.unique(chosen.trajectory[~chosen.target])) == len(np.unique(chosen.trajectory[chosen.target])) == 2
    assert len(chosen) == len(chosen.rewards) == len(chosen.now) == 2 * 3 + 2 * 2
    everything = choose(data(True), (), None, 0)
    assert len(everything) == 12 * 3 + 3 * 2 and len(everything.tasks) == 2
    with pytest.raises(ValueError, match=r"no trajectory of 'tea'.*cucumber_in_bowl, knife_in_pot"):
        choose(data(True), ("tea",), None, 0)
