"""The cache of decoded demonstrations."""

import os
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np
import pytest
from demonstrations import Demonstration, make, make_cache

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from vptr_policy.data.demonstrations import STATE_STD_FLOOR, fingerprint, open_cache, select


def test_rows_frames_and_tasks_belong_together(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, count=4, steps=5)
    assert cache.tasks == ("cucumber_in_bowl", "knife_in_pot")
    assert cache.frames.shape == (24, 128, 128, 3) and cache.rows["state"].shape == (24, 7)
    demonstration = make(2)
    first = 2 * 6
    for step, jpeg in enumerate(demonstration.jpegs):
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.array_equal(cache.frames[first + step], decoded)
        assert np.array_equal(cache.rows["state"][first + step], demonstration.state[step])
    assert np.array_equal(cache.rows["label"][first : first + 5], demonstration.label)
    assert cache.rows["valid"].tolist() == ([True] * 5 + [False]) * 4
    assert cache.rows["task"].tolist() == [1] * 6 + [0] * 6 + [1] * 6 + [0] * 6


def test_it_is_made_once(tmp_path: Path) -> None:
    make_cache(tmp_path)

    def never() -> Iterator[Demonstration]:
        raise AssertionError("read again")
        yield  # the function is a generator

    assert len(open_cache(tmp_path, never(), "mark").frames) == 24


def test_interrupted_making_leaves_nothing_that_is_taken_for_whole(tmp_path: Path) -> None:
    def broken() -> Iterator[Demonstration]:
        yield make(0)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        open_cache(tmp_path, broken(), "mark")
    assert len(open_cache(tmp_path, [make(0)], "mark").frames) == 6


def test_a_damaged_cache_is_noticed(tmp_path: Path) -> None:
    make_cache(tmp_path)
    os.truncate(str(tmp_path / "mark" / "frames.u8"), 1000)
    with pytest.raises(ValueError, match=r"has not the size of 24 frames; delete .*mark and start again"):
        make_cache(tmp_path)


def test_failures_are_left_out_unless_wanted_and_the_last_step_always(tmp_path: Path) -> None:
    cache = open_cache(tmp_path, [make(0), make(1, success=False), make(2)], "mark")
    assert select(cache).index.tolist() == [0, 1, 2, 3, 4, 12, 13, 14, 15, 16]
    assert len(select(cache, successes_only=False).index) == 15
    summary = select(cache).summary()
    assert (summary["trajectories"], summary["successful_trajectories"], summary["transitions"]) == (3, 2, 10)
    only_failures = open_cache(tmp_path, [make(1, success=False)], "other")
    with pytest.raises(ValueError, match="no demonstration succeeded"):
        select(only_failures)


def test_targets_are_the_labels_in_the_box(tmp_path: Path) -> None:
    transitions = select(make_cache(tmp_path))
    expected = 2 * (make(0).label - ACTION_LOW) / (ACTION_HIGH - ACTION_LOW) - 1
    assert np.allclose(transitions.targets[:5], np.clip(expected, -0.99, 0.99), atol=1e-6)
    mean, std = transitions.state_statistics()
    states = np.concatenate([make(number).state[:5] for number in range(4)])
    assert np.allclose(mean, states.mean(0), atol=1e-6) and np.allclose(
        std, np.maximum(states.std(0), STATE_STD_FLOOR), atol=1e-6
    )


def test_a_state_far_outside_of_narrow_data_is_not_extreme_once_standardised(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    cache.rows["state"][:, 3:5] = 0.0  # a simulation whose gripper always points straight down
    mean, std = select(cache).state_statistics()
    assert np.all(std >= np.float32([0.02, 0.02, 0.02, 0.1, 0.1, 0.1, 0.1]))
    assert np.abs((np.array([0.3, 0.0, 0.1, 0.3, -0.3, 0.0, 1.0]) - mean) / std)[3:5].max() < 4.0


def test_what_does_not_fit_together_is_named(tmp_path: Path) -> None:
    good = make(0)
    short = Demonstration("d9", good.info, good.state[:-1], good.action, good.executed, good.label, good.jpegs)
    with pytest.raises(ValueError, match="demonstration d9: 5 actions, 5 states and 6 frames"):
        open_cache(tmp_path, [short], "a")
    with pytest.raises(ValueError, match="hold no demonstration"):
        open_cache(tmp_path, [], "b")


def test_the_fingerprint_follows_the_files(tmp_path: Path) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    for path in files:
        path.write_text("x")
    before = fingerprint(files)
    assert fingerprint(list(reversed(files))) == before
    files[1].write_text("xy")
    assert fingerprint(files) != before
