import json

import cv2
import numpy as np
import pytest
from demonstrations import make

from robot_bridge.sim.shards import ShardWriter, Trajectory, shard_name
from vptr_policy.analysis.rollouts import WITH, WITHOUT, read_rollouts
from vptr_policy.analysis.sequences import RobotSequences


@pytest.fixture
def shards(tmp_path):
    with ShardWriter(tmp_path / shard_name(0)) as shard:
        for number in range(6):
            task = ("knife_in_pot", "cucumber_in_bowl")[number % 2]
            shard.add(Trajectory(**vars(make(number, 3 + number, task, success=number != 3))))
    return tmp_path


def test_shards_give_rollouts_with_their_outcome(shards):
    found = list(read_rollouts(shards, WITH, (), None, 0))
    assert [one.name for one in found] == [f"d{number:03d}" for number in range(6)]
    assert [one.outcome for one in found] == ["success"] * 3 + ["failure"] + ["success"] * 2
    assert [len(one.observations) for one in found] == [4, 5, 6, 7, 8, 9]
    assert all(one.condition == WITH and one.masks is None for one in found)
    seen = found[1].observations[2]
    assert seen.image.shape == (128, 128, 3) and seen.image_stamp_s == pytest.approx(0.4)
    np.testing.assert_allclose(seen.state, make(1, 4).state[2])


def test_some_of_each_task_are_drawn(shards):
    found = list(read_rollouts(shards, WITHOUT, (), 2, 1))
    assert sorted(one.task for one in found) == ["cucumber_in_bowl"] * 2 + ["knife_in_pot"] * 2
    again = list(read_rollouts(shards, WITHOUT, (), 2, 1))
    assert [one.name for one in found] == [one.name for one in again]
    only = list(read_rollouts(shards, WITHOUT, ("knife_in_pot",), None, 0))
    assert {one.task for one in only} == {"knife_in_pot"} and len(only) == 3
    with pytest.raises(ValueError, match="no episode of tea here"):
        list(read_rollouts(shards, WITHOUT, ("tea",), None, 0))


def test_a_damaged_picture_costs_its_episode_which_is_named(tmp_path):
    with ShardWriter(tmp_path / shard_name(0)) as shard:
        for number in range(3):
            made = make(number, 4)
            if number:
                made.jpegs[2] = made.jpegs[2][: len(made.jpegs[2]) // 2]
            shard.add(Trajectory(**vars(made)))
    told = []
    found = list(read_rollouts(tmp_path, WITH, (), None, 0, told.append))
    assert [one.name for one in found] == ["d000"]
    assert [line[:15] for line in told] == ["d001: picture 2", "d002: picture 2"] and "cut off" in told[0]
    sequences = RobotSequences("r", tmp_path, None, 0)
    assert len(list(sequences)) == 1 and sequences.skipped == told


def test_where_all_is_damaged_there_is_nothing_to_read(tmp_path):
    with ShardWriter(tmp_path / shard_name(0)) as shard:
        made = make(0, 4)
        made.jpegs[0] = b"none"
        shard.add(Trajectory(**vars(made)))
    with pytest.raises(ValueError, match="all 1 episodes are damaged, as d000: picture 0"):
        list(read_rollouts(tmp_path, WITH, (), None, 0))


def test_our_episodes_are_read_where_they_were_judged(tmp_path):
    for name, success in (("a", True), ("b", None), ("c", False)):
        folder = tmp_path / name
        (folder / "images0").mkdir(parents=True)
        about = {"format": "vptr-episode-1", "task": "stir", "success": success}
        (folder / "episode.json").write_text(json.dumps(about))
        lines = []
        for step in range(3):
            picture = f"images0/{step:06d}.jpg"
            cv2.imwrite(str(folder / picture), np.full((48, 64, 3), 80, np.uint8))
            line = {"step": step, "images": [picture], "state": [0.1] * 7}
            lines.append({**line, "action": [0.0] * 7, "executed": [0.0] * 7} if step < 2 else line)
        (folder / "steps.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = list(read_rollouts(tmp_path, WITHOUT, (), None, 0))
    assert [one.outcome for one in found] == ["success", "failure"]
    assert found[0].task == "stir" and len(found[0].observations) == 3


def test_pictures_without_states_are_seen_from_the_neutral_pose(tmp_path):
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"im_{number}.png"), np.full((20, 30, 3), 60 * number, np.uint8))
    (found,) = read_rollouts(tmp_path, WITHOUT, (), None, 0)
    assert found.task == "" and found.outcome == "unjudged" and len(found.observations) == 4
    assert found.observations[3].image[0, 0, 0] == 180 and found.observations[0].state[6] == 1.0


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="no pictures"):
        list(read_rollouts(tmp_path, WITHOUT, (), None, 0))
