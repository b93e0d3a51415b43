import dataclasses
import json

import numpy as np
import pytest
from killed import killed_after_a_shard

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from robot_bridge.sim import generate, mixed_expert
from robot_bridge.sim.generate import DataPlan
from robot_bridge.sim.scene import SceneSpec
from robot_bridge.sim.shards import ShardError, read_folder, read_index, read_shard
from vptr_cli.main import main

SHORT = DataPlan(("cucumber_in_bowl", "knife_in_pot"), episodes=2, seed=3, max_steps=2, shard_size=1)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*.tar"))}


@pytest.fixture(scope="module")
def short_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short")
    generate.generate(SHORT, folder)
    return folder


def test_one_episode_is_recorded_whole():
    plan = DataPlan(("cucumber_in_bowl",), episodes=1, seed=5, noise=0.0)
    trajectory = generate.record_episode(plan, 0)
    trajectory.validate()
    info = trajectory.info
    assert info["success"] and info["steps"] == len(trajectory.action) < plan.max_steps
    assert SceneSpec.from_json(json.dumps(info["scene"])).task == info["task"] == "cucumber_in_bowl"
    assert trajectory.images().shape == (info["steps"] + 1, 128, 128, 3)
    np.testing.assert_array_equal(trajectory.action, trajectory.label)
    assert (trajectory.action >= ACTION_LOW - 1e-6).all() and (trajectory.action <= ACTION_HIGH + 1e-6).all()
    moved = trajectory.state[-1, :3] - trajectory.state[0, :3]
    assert np.linalg.norm(moved - trajectory.executed[:, :3].sum(axis=0)) < 0.03, "states follow the executed actions"


def test_noise_is_in_the_action_and_not_in_the_label():
    plan = DataPlan(("cucumber_in_bowl",), episodes=1, noise=3.0, max_steps=6)
    trajectories = [generate.record_episode(dataclasses.replace(plan, seed=seed), 0) for seed in range(3)]
    noisy = [t for t in trajectories if t.info["expert"]["noise"] > 0]
    assert noisy, "85 % of the episodes are disturbed"
    assert all(np.abs(t.action - t.label).max() > 0.002 for t in noisy)


def test_latencies_are_whole_ticks_over_the_range():
    rng = np.random.default_rng(0)
    drawn = {generate._draw_settings(SHORT, rng)["latency_s"] for _ in range(200)}
    assert sorted(drawn) == [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12]


def test_fixed_length_goes_on_after_success():
    plan = DataPlan(("cucumber_in_bowl",), episodes=1, seed=5, noise=0.0, max_steps=30, fixed_length=True)
    trajectory = generate.record_episode(plan, 0)
    assert trajectory.info["steps"] == 30 and trajectory.info["success"]


def test_the_index_counts_what_is_there(short_data):
    index = read_index(short_data)
    assert index["complete"] and index["trajectories"] == 4 and index["steps"] == 8
    assert sorted(index["shards"]) == [f"shard-{n:05d}.tar" for n in range(4)]
    assert {name: row["trajectories"] for name, row in index["tasks"].items()} == dict.fromkeys(SHORT.tasks, 2)
    assert [t.info["task"] for t in read_folder(short_data)] == ["cucumber_in_bowl", "knife_in_pot"] * 2


def test_the_index_has_the_command_that_made_it(short_data, tmp_path):
    words = read_index(short_data)["command"].replace("DIR", str(tmp_path)).split()
    assert words[0] == "vptr"
    assert main([*words[1:], "--workers", "1"]) == 0
    assert contents(tmp_path) == contents(short_data)


def test_two_workers_write_the_same_bytes_as_one(short_data, tmp_path):
    seen = []
    generate.generate(SHORT, tmp_path, workers=2, on_progress=seen.append)
    assert contents(tmp_path) == contents(short_data)
    assert (seen[-1].episodes, seen[-1].kept) == (4, 0)


def test_what_is_finished_is_kept_and_what_is_missing_is_made(short_data, tmp_path):
    wanted = contents(short_data)
    for name, data in wanted.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "index.json").write_bytes((short_data / "index.json").read_bytes())
    (tmp_path / "shard-00001.tar").unlink()
    (tmp_path / "shard-00001.tar.partial").write_bytes(b"half")
    untouched = (tmp_path / "shard-00000.tar").stat().st_mtime_ns
    seen = []
    generate.generate(SHORT, tmp_path, on_progress=seen.append)
    assert contents(tmp_path) == wanted and not list(tmp_path.glob("*.partial"))
    assert (tmp_path / "shard-00000.tar").stat().st_mtime_ns == untouched
    assert (seen[-1].episodes, seen[-1].kept) == (1, 3)


def test_another_plan_is_refused_and_named(short_data):
    with pytest.raises(ShardError, match=r"seed: 3 there, 4 here.*another folder"):
        generate.generate(dataclasses.replace(SHORT, seed=4), short_data)


def test_a_damaged_shard_found_at_the_start_is_named(short_data, tmp_path):
    index = read_index(short_data)
    index["shards"] = {}
    (tmp_path / "index.json").write_text(json.dumps(index))
    (tmp_path / "shard-00002.tar").write_bytes(b"damaged")
    with pytest.raises(ShardError, match=r"shard-00002\.tar"):
        generate.generate(SHORT, tmp_path)


def test_two_runs_into_one_folder_do_not_meet(short_data, tmp_path):
    refused = []

    def run_another(_):
        with pytest.raises(ShardError, match="another process is writing there; wait until it has ended"):
            generate.generate(SHORT, tmp_path)
        refused.append(contents(tmp_path))

    generate.generate(SHORT, tmp_path, on_progress=run_another)
    assert [len(found) for found in refused] == [1, 2, 3, 4] and contents(tmp_path) == contents(short_data)
    assert generate.generate(SHORT, tmp_path)["complete"]


def test_only_failures_are_kept_where_asked(tmp_path):
    kept = generate.generate(dataclasses.replace(SHORT, keep="failures"), tmp_path / "f")
    assert kept["trajectories"] == 4, "two steps are too few to succeed"
    none = generate.generate(dataclasses.replace(SHORT, keep="successes"), tmp_path / "s")
    assert none["trajectories"] == 0 and none["complete"]


UNTIL = DataPlan(
    ("axis_targets",), 1, seed=0, noise=0.0, max_steps=18, keep="successes", shard_size=3, until=5, colour_spread=1.0
)
"""Three of these episodes, some in each shard, need more than 18 steps."""


@pytest.fixture(scope="module")
def until_data(tmp_path_factory):
    folder, seen = tmp_path_factory.mktemp("until"), []
    generate.generate(UNTIL, folder, workers=2, on_progress=seen.append)
    return folder, seen[-1]


def test_until_so_many_are_kept_others_are_tried_in_their_places(until_data):
    folder, progress = until_data
    trajectories = list(read_folder(folder))
    assert [t.key for t in trajectories] == [f"axis_targets-{number:06d}" for number in range(5)]
    assert all(t.info["success"] for t in trajectories) and read_index(folder)["complete"]
    kinds = [t.info["scene"]["target"]["kind"] for t in trajectories]
    assert kinds == ["croissant", "sweet_potato", "knife", "cucumber", "baguette"], "kinds take turns"
    assert progress.episodes > progress.successes == progress.finished == 5
    again = [
        t for t in trajectories if t.info["seed"] != generate.episode_seed("generate", UNTIL.seed, int(t.key[-6:]))
    ]
    assert [t.key[-1] for t in again] == ["1", "2", "4"], "in each shard some did not succeed at once"


def test_until_does_not_depend_on_workers_or_interruptions(until_data, tmp_path):
    folder, _ = until_data
    wanted = contents(folder)
    (tmp_path / "index.json").write_bytes((folder / "index.json").read_bytes())
    (tmp_path / "shard-00000.tar").write_bytes(wanted["shard-00000.tar"])
    generate.generate(UNTIL, tmp_path)
    assert contents(tmp_path) == wanted
    command = read_index(tmp_path)["command"]
    assert "--until 5" in command and "--colour-spread 1.0" in command and "--quality" not in command


def test_until_gives_up_with_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "TRIES", 2)
    plan = dataclasses.replace(SHORT, keep="successes", until=1)
    with pytest.raises(RuntimeError, match=r"none of 2 episodes of cucumber_in_bowl .*max_steps 2"):
        generate.generate(plan, tmp_path)


def test_a_plan_of_the_first_episodes_is_the_same_data_until_as_many_are_kept(short_data, tmp_path):
    generate.generate(dataclasses.replace(SHORT, until=4), tmp_path)
    assert contents(tmp_path) == contents(short_data)


def test_folders_from_before_there_were_qualities_can_be_finished(short_data, tmp_path):
    index = read_index(short_data)
    for name in generate.LATER_FIELDS:
        del index["plan"][name]
    (tmp_path / "index.json").write_text(json.dumps(index))
    generate.generate(SHORT, tmp_path)
    assert contents(tmp_path) == contents(short_data)
    with pytest.raises(ShardError, match="quality: expert there, mixed here"):
        generate.generate(dataclasses.replace(SHORT, quality="mixed"), tmp_path)


def test_data_of_mixed_quality_has_another_demonstrator(monkeypatch):
    monkeypatch.setattr(mixed_expert, "MISTAKES", {"early": 1.0})
    plan = DataPlan(("pear_in_bin",), episodes=1, seed=1, max_steps=12, noise=0.0)
    expert, mixed = (generate.record_episode(dataclasses.replace(plan, quality=q), 0) for q in ("expert", "mixed"))
    assert expert.info["scene"] == mixed.info["scene"]
    closed = [int(np.argmin(trajectory.label[:, 6])) for trajectory in (expert, mixed)]
    assert closed[1] < closed[0], "it closes too soon"


@pytest.mark.parametrize(
    "change, message",
    [
        ({"tasks": ("make_tea",)}, "make_tea"),
        ({"episodes": 0}, "at least 1"),
        ({"latency_s": (0.1, 0.5)}, "range within"),
        ({"keep": "best"}, "keep is 'best'"),
        ({"quality": "poor"}, "quality is 'poor'.*expert, mixed"),
        ({"until": -1}, "until is -1"),
        ({"colour_spread": 2.0}, "colour_spread 2.0"),
        ({"colour_spread": 0.5, "variant": "colours"}, "unseen colours already"),
        ({"clutter": 7}, "clutter is 7, expected 0 to 6"),
        ({"clutter": -1}, "clutter is -1"),
    ],
)
def test_a_wrong_plan_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SHORT, **change)


def test_a_killed_run_leaves_whole_shards_only_and_can_be_finished(tmp_path):
    plan = dataclasses.replace(SHORT, episodes=4, max_steps=6)
    code = (
        "from pathlib import Path; from robot_bridge.sim.generate import *;"
        f"generate(DataPlan(**{dataclasses.asdict(plan)!r}), Path({str(tmp_path)!r}))"
    )
    left = killed_after_a_shard(code, tmp_path, "shard-*.tar")
    assert 1 <= len(left) < plan.shards
    assert all(len(list(read_shard(path))) == 1 for path in left)
    index = generate.generate(plan, tmp_path)
    assert index["complete"] and index["trajectories"] == 8 and not list(tmp_path.glob("*.partial"))
