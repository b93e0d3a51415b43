import pytest
from scipy.stats import beta, fisher_exact

from eval_protocol.statistics import distinguishable, proportion, what_it_shows


def test_clopper_pearson_of_six_in_twelve_is_the_published_one():
    rate = proportion(6, 12)
    assert (round(rate.low, 2), round(rate.high, 2)) == (0.21, 0.79)


@pytest.mark.parametrize(("k", "n"), [(0, 12), (1, 12), (7, 12), (12, 12), (3, 9)])
def test_intervals_agree_with_the_beta_quantiles_and_the_wilson_formula(k, n):
    rate = proportion(k, n)
    assert rate.low == pytest.approx(beta.ppf(0.025, k, n - k + 1) if k else 0.0)
    assert rate.high == pytest.approx(beta.ppf(0.975, k + 1, n - k) if k < n else 1.0)
    z, p = 1.959963984540054, k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert rate.wilson_low == pytest.approx(centre - half, abs=1e-9)
    assert rate.wilson_high == pytest.approx(centre + half, abs=1e-9)


def test_no_trials_leave_everything_open():
    rate = proportion(0, 0)
    assert (rate.low, rate.high) == (0.0, 1.0)
    assert "nothing is known" in what_it_shows(rate)


@pytest.mark.parametrize(("k", "n"), [(-1, 12), (13, 12)])
def test_impossible_counts_are_refused(k, n):
    with pytest.raises(ValueError, match="successes must be"):
        proportion(k, n)


def test_distinguishable_counts_are_the_nearest_and_no_weaker_than_fishers():
    near = distinguishable(6, 12)
    # Boschloo's test is uniformly more powerful than Fisher's: what Fisher tells apart lies at or beyond these.
    fisher = [other for other in range(13) if fisher_exact([[6, other], [6, 12 - other]]).pvalue < 0.05]
    assert near["worse"] is not None and near["worse"] >= max(other for other in fisher if other < 6)
    assert near["better"] is not None and near["better"] <= min(other for other in fisher if other > 6)
    assert near == {"worse": 1, "better": 11}


def test_three_trials_say_that_nothing_differs():
    assert "more trials are needed" in what_it_shows(proportion(1, 3))
