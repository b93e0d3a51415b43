import numpy as np
import pytest

from vptr_policy.analysis.bootstrap import bootstrap, mean


def test_the_interval_of_a_mean_is_about_two_standard_errors():
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    found = mean(values)
    assert found.value == pytest.approx(values.mean()) and found.units == 400
    half = 1.96 * values.std() / 20
    assert found.high - found.value == pytest.approx(half, rel=0.15)
    assert found.value - found.low == pytest.approx(half, rel=0.15)


def test_long_units_count_as_often_as_short_ones_but_weigh_more():
    found = bootstrap(np.array([[1.0, 1.0], [0.0, 9.0]]), lambda sums: sums[..., 0] / sums[..., 1])
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == (0.0, 1.0)  # resamples of one unit alone are among the draws


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(7.0)
    assert mean(values, 3) == mean(values, 3) and mean(values, 3) != mean(values, 4)


def test_a_single_unit_has_no_interval():
    assert mean([2.0]).plain() == {"value": 2.0, "low": None, "high": None, "units": 1}
    assert str(mean([2.0])) == "2.000"


def test_resamples_without_a_statistic_do_not_count():
    def share(sums):
        return sums[..., 1] / np.where(sums[..., 0] > 0, sums[..., 0], np.nan)

    found = bootstrap(np.array([[1.0, 0.5], [0.0, 0.0], [0.0, 0.0]]), share)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="the statistic of all 2 is not a number"):
        bootstrap(np.zeros((2, 2)), share)


def test_nothing_cannot_be_averaged():
    with pytest.raises(ValueError, match="nothing to average"):
        mean([])
