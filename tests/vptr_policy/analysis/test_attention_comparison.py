from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import CONFIG, TASKS, rollout, save_policy

from vptr_policy.analysis.attention_comparison import (
    EDGES,
    UNTRAINED,
    AttentionComparison,
    Gaze,
    compare_attention,
    edges,
    load_gaze,
    untrained_gaze,
    views,
)
from vptr_policy.card import Card
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.networks.actor import Actor

PARTS = ("background", "target", "gripper", "arm")


@pytest.fixture(scope="module")
def gaze(tmp_path_factory) -> Gaze:
    return load_gaze("mine", save_policy(tmp_path_factory.mktemp("policy")))


def masked(*names):
    """Rollouts of four pictures of noise whose upper left quarter is the target."""
    random = np.random.default_rng(0)
    mask = np.zeros((128, 128), np.uint8)
    mask[:64, :64] = 1
    made = []
    for name in names:
        one = rollout((0, 0, 0, 0), name, masks=(mask,) * 4)
        noise = [random.integers(0, 256, (128, 128, 3)).astype(np.uint8) for _ in one.observations]
        seen = tuple(replace(old, image=image) for old, image in zip(one.observations, noise))
        made.append(replace(one, observations=seen))
    return made


def test_the_views_are_spread_and_leave_out_the_end():
    found = views([rollout(range(10), "a"), rollout(range(4), "b")], 3)
    assert [(view.rollout, view.step) for view in found] == [("a", 0), ("a", 3), ("a", 6), ("b", 0), ("b", 1), ("b", 2)]
    assert found[1].picture[0, 0, 0] == 3 and found[0].mask is None
    with pytest.raises(ValueError, match="a has 3 frames, expected more than the 3"):
        views([rollout(range(3), "a")], 3)


def test_concentration_is_influence_over_pixels():
    """Half of the influence on a quarter of the pixels of one rollout, a quarter of it in the other."""
    seen = views(masked("a", "b"), 1)
    maps = np.zeros((2, 128, 128), np.float32)
    maps[0, :64, :64], maps[0, 64:, :64] = 1.0, 1.0
    maps[1] = 0.3
    found = AttentionComparison(seen, {"x": maps}, {}, PARTS)
    target = found.concentration("x", "target", 0)
    assert target.value == pytest.approx((0.5 + 0.25) / (0.25 + 0.25)) and target.units == 2
    assert (target.low, target.high) == (pytest.approx(1.0), pytest.approx(2.0))
    assert found.concentration("x", "gripper", 0) is None
    assert found.concentration("x", "target or gripper", 0).value == target.value
    assert set(found.concentrations("x", 0)) == {"background", "target", "target or gripper"}


def test_an_empty_map_is_counted_and_says_nothing():
    maps = np.zeros((2, 128, 128), np.float32)
    maps[1, :64, :64] = 1.0
    found = AttentionComparison(views(masked("a", "b"), 1), {"x": maps}, {}, PARTS)
    assert found.concentration("x", "target", 0).value == pytest.approx(4.0)
    assert found.results(0)["checkpoints"]["x"]["empty_maps"] == 1


def test_networks_and_edges_are_compared_on_the_same_views(gaze):
    seen, done = views(masked("a"), 2), []
    found = compare_attention([gaze, untrained_gaze(gaze, 1)], seen, PARTS, on_view=lambda: done.append(1))
    assert list(found.maps) == ["mine", UNTRAINED, EDGES] and len(done) == 4
    assert all(maps.shape == (2, 128, 128) for maps in found.maps.values())
    assert np.abs(found.maps["mine"] - found.maps[UNTRAINED]).max() > 0.1
    results = found.results(0)
    assert results["checkpoints"]["mine"]["map"] == (16, 16) and results["checkpoints"][EDGES]["map"] is None
    assert results["views"][1] == {"rollout": "a", "step": 2, "task": TASKS[0]}


def test_without_masks_there_are_maps_alone(gaze):
    found = compare_attention([gaze], views([rollout((0, 99, 9))], 1))
    assert found.concentrations("mine", 0) == {} and found.shown_parts() == []


def test_the_task_is_told_by_name_by_alias_or_by_all(gaze):
    assert gaze.told("knife_in_pot").tolist() == [[1.0, 0.0]] and gaze.told("other words").tolist() == [[0.0, 1.0]]
    assert gaze.tasks == {*TASKS, "other words"}
    unknown = views([rollout((0, 9), task="tea")], 1)
    with pytest.raises(ValueError, match="mine: the policy knows no task 'tea'"):
        compare_attention([gaze], unknown)
    compare_attention([gaze], unknown, told=TASKS[0])
    with pytest.raises(ValueError, match=r"r does not say its task.*--told"):
        compare_attention([gaze], views([rollout((0, 9), task="")], 1))


def test_a_policy_that_understands_words_is_told_their_vectors(tmp_path):
    language = {"texts": ["stir it"], "tasks": {"stir": "stir it"}, "model": "abc"}
    card = Card({"name": "bc"}, CONFIG, ("stir",), language=language)
    save_checkpoint(tmp_path / "p", Actor(CONFIG), card, embeddings=torch.tensor([[0.5, -2.0]]))
    assert load_gaze("x", tmp_path / "p").told("stir").tolist() == [[0.5, -2.0]]


def test_what_has_no_map_is_named_when_it_is_loaded(tmp_path):
    folder = save_policy(tmp_path / "p")
    with pytest.raises(ValueError, match="mine: no rule 'both' of Grad-CAM"):
        load_gaze("mine", folder, "both")


def test_edges_are_where_the_brightness_changes():
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:, 8:] = 200
    found = edges(picture)
    assert found.max() == 1.0 and found[:, 7:9].min() == 1.0 and found[:, :6].max() == found[:, 10:].max() == 0.0
    assert edges(np.zeros((4, 4, 3), np.uint8)).max() == 0.0
