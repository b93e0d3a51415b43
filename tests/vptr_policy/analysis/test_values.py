import numpy as np
import pytest
from scipy.stats import spearmanr

from robot_bridge.interface import Action, Observation
from vptr_policy.analysis.values import separation, shape, summary, value_curve


def test_a_rising_curve_is_monotonic_and_smooth():
    seen = shape(np.array([-3.0, -2.5, -1.0, 0.0, 4.0]))
    assert seen.monotonicity == pytest.approx(1.0) and seen.rises == 1.0 and seen.roughness == pytest.approx(1.0)


def test_a_falling_curve_is_the_opposite():
    seen = shape(np.array([4.0, 2.0, 1.0]))
    assert seen.monotonicity == pytest.approx(-1.0) and seen.rises == 0.0 and seen.roughness == pytest.approx(1.0)


def test_rank_correlation_is_spearmans_with_ties():
    values = np.random.default_rng(3).integers(0, 6, 40).astype(float)
    expected = spearmanr(values, np.arange(40)).statistic
    assert shape(values).monotonicity == pytest.approx(expected)


def test_a_zigzag_is_rough():
    seen = shape(np.array([0.0, 3.0, 1.0, 4.0]))
    assert seen.roughness == pytest.approx(8.0 / 4.0) and seen.rises == pytest.approx(2 / 3)


def test_a_constant_has_no_order():
    seen = shape(np.zeros(5))
    assert seen.monotonicity == 0.0 and seen.roughness is None


@pytest.mark.parametrize("values", [[1.0], [[1.0, 2.0]], [0.0, float("nan")]])
def test_what_is_no_curve_is_refused(values):
    with pytest.raises(ValueError, match="at least two finite numbers"):
        shape(np.array(values))


class Valuing:
    """Says the mean brightness of the picture as its value; without ``says`` it says none."""

    def __init__(self, says=True):
        self.says, self.task = says, None

    def reset(self, task):
        self.task = task

    def act(self, observation):
        return Action(np.zeros(7), {"value": float(observation.image.mean())} if self.says else {})


def observations(*levels):
    return [Observation(np.full((4, 4, 3), level, np.uint8), np.zeros(7), 0.0, 0.0) for level in levels]


def test_the_curve_follows_the_observations_of_the_task():
    policy = Valuing()
    assert value_curve(policy, observations(3, 9, 12), "stir").tolist() == [3.0, 9.0, 12.0]
    assert policy.task == "stir"


def test_a_policy_without_critic_is_named():
    with pytest.raises(ValueError, match="no critic"):
        value_curve(Valuing(says=False), observations(1, 2), "stir")


def test_the_summary_averages_shapes_and_counts_constants():
    found = summary([np.array([0.0, 1.0, 2.0]), np.array([2.0, 0.0, 1.0]), np.zeros(3)])
    assert found["rollouts"] == 3 and found["constant"] == 1
    assert found["monotonicity"]["value"] == pytest.approx((1.0 - 0.5 + 0.0) / 3)
    assert found["roughness"]["value"] == pytest.approx((1.0 + 1.5) / 2)
    assert summary([]) == {}


def test_separation_is_how_often_a_success_ends_higher():
    good = [np.array([0.0, 5.0]), np.array([9.0, 1.0])]
    bad = [np.array([0.0, 1.0]), np.array([0.0, 0.0]), np.array([0.0, 6.0])]
    assert separation(good, bad) == pytest.approx((2 + 1.5) / 6)
    assert separation(good, []) is None
