from dataclasses import replace

import cv2
import numpy as np
import pytest
from demonstrations import make
from tiny import redness

from vptr_policy.analysis.held_out import parts_of
from vptr_policy.analysis.sarsa import moments
from vptr_policy.analysis.sarsa_comparison import RIDGES, batch_count, compare_sarsa, difference, notes, walk_of
from vptr_policy.data.demonstrations import open_cache
from vptr_policy.data.robot.rewards import RewardOptions
from vptr_policy.data.robot.transitions import TransitionOptions, assemble

REWARDS = RewardOptions(final_steps=1)


def cache_of(folder, lengths, success=True):
    """Demonstrations with pictures as bright as the steps that are left are few, and states that are noise."""
    made = []
    for number, steps in enumerate(lengths):
        one = make(number, steps, success=success)
        levels = 250 - 10 * np.arange(steps, -1, -1)
        jpegs = [bytes(cv2.imencode(".png", np.full((128, 128, 3), level, np.uint8))[1]) for level in levels]
        made.append(replace(one, jpegs=jpegs))
    return open_cache(folder, made, "mark")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    lengths = 8 + np.arange(15) % 5
    cache = cache_of(tmp_path_factory.mktemp("data"), lengths.tolist())
    return assemble((cache,), TransitionOptions(rewards=REWARDS))


@pytest.fixture(scope="module")
def entries(data):
    def blind(images):
        return images[:, :1, 0, 0].float() * 0.0

    telling, nothing = redness("telling", seen=("abc",)), redness("nothing", encode=blind, seen=("xyz",))
    return compare_sarsa([telling, nothing], data, parts_of(data, 0), REWARDS, ("abc",))


def test_features_that_tell_the_time_fit_the_value_and_others_do_not(entries):
    telling, nothing, state = entries
    assert telling.sarsa.error.value < 0.1 and telling.regression.error.value < 0.05
    assert nothing.sarsa.error.value > 0.9 and nothing.regression.error.value > 0.9
    assert state.name == "robot state" and state.baseline and state.features == 7
    assert state.regression.error.value > 0.5


def test_the_error_is_on_trajectories_that_were_held_out(data, entries):
    parts = parts_of(data, 0)
    held_out = len(np.unique(data.trajectory[parts == 2]))
    assert entries[0].sarsa.error.units == held_out == len(entries[0].sarsa.sums) == 3
    assert entries[0].sarsa.sums[:, 1].sum() == (parts == 2).sum()
    assert entries[0].sarsa.ridge in RIDGES


def test_the_ridge_is_chosen_by_the_validation_part_and_the_value_then_fitted_on_it_too(data, entries):
    parts = parts_of(data, 0)
    walk = replace(walk_of(data, REWARDS), features=redness()(data.frames.take(np.arange(len(data.frames)))))
    training, validation, test = (walk.part(np.flatnonzero(parts == part)) for part in (0, 1, 2))
    both = walk.part(np.flatnonzero(parts != 2))
    for kind in ("sarsa", "regression"):
        fits = [getattr(moments(training, REWARDS.discount), kind)(ridge) for ridge in RIDGES]
        errors = [np.square(value(validation) - validation.returns).sum() for value in fits]
        found = getattr(entries[0], kind)
        assert found.ridge == RIDGES[int(np.argmin(errors))]
        value = getattr(moments(both, REWARDS.discount), kind)(found.ridge)
        assert found.sums[:, 0].sum() == pytest.approx(np.square(value(test) - test.returns).sum(), rel=1e-6)


def test_encoders_that_saw_the_data_are_marked(entries):
    assert [entry.saw_data for entry in entries] == [True, False, False]
    assert notes(entries)[0] == "telling was itself trained on the data it is judged by (* in the figure)"


def test_what_was_masked_or_kept_apart_does_not_make_them_other_data(data):
    encoders = [
        redness("part", seen=("abc-1234",)),
        redness("whole", seen=("abc",)),
        redness("other", seen=("xyz-1234",)),
    ]
    entries = compare_sarsa(encoders, data, parts_of(data, 0), REWARDS, ("abc", "def"))
    assert [entry.saw_data for entry in entries[:3]] == [True, True, False]


def test_values_that_are_all_the_same_are_said_to_be(data):
    same = replace(data, returns=np.ones_like(data.returns))
    with pytest.raises(ValueError, match="nothing to explain"):
        compare_sarsa([redness("any")], same, parts_of(data, 0), REWARDS)


def test_of_an_encoder_that_does_not_say_its_data_that_is_said(data):
    (entry, _) = compare_sarsa([redness("silent", seen=None)], data, parts_of(data, 0), REWARDS, ("abc",))
    assert entry.saw_data is None
    assert "whether silent was trained on these data is not known" in notes([entry])


def test_differences_are_between_the_same_trajectories(entries):
    telling, nothing, _ = entries
    found = difference(nothing.sarsa, telling.sarsa, 0)
    assert found.value == pytest.approx(nothing.sarsa.error.value - telling.sarsa.error.value)
    assert found.low > 0.5
    assert difference(telling.sarsa, telling.sarsa, 0).high == 0.0
    results = nothing.results(telling, 0)
    assert results["sarsa"]["difference"]["value"] == pytest.approx(found.value)
    assert "difference" not in telling.results(telling, 0)["sarsa"]


def test_each_batch_of_pictures_is_reported(data):
    seen = []
    compare_sarsa([redness()], data, parts_of(data, 0), REWARDS, on_batch=lambda: seen.append(1))
    assert len(seen) == batch_count(data) == -(-len(np.union1d(data.now, data.next)) // 64)


def test_a_failure_is_worth_what_never_succeeding_is(tmp_path):
    cache = cache_of(tmp_path, [4, 6], success=False)
    walk = walk_of(assemble((cache,), TransitionOptions(successes_only=False, rewards=REWARDS)), REWARDS)
    never = -1.0 / (1.0 - 0.96)
    np.testing.assert_allclose(walk.returns, never)
    assert walk.masks.tolist() == [1, 1, 1, 0, 1, 1, 1, 1, 1, 0]
    assert walk.rewards[3] == pytest.approx(never) and walk.rewards[0] == -1.0


def test_without_discount_a_failure_has_no_value(tmp_path):
    cache = cache_of(tmp_path, [4, 6], success=False)
    endless = replace(REWARDS, discount=1.0)
    data = assemble((cache,), TransitionOptions(successes_only=False, rewards=endless))
    with pytest.raises(ValueError, match="give a discount below 1, or successes only"):
        walk_of(data, endless)
