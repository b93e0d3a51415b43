import numpy as np
import pytest
from scipy.stats import binom, boschloo_exact

from eval_protocol.comparison import boschloo
from eval_protocol.power import approximate_power, detectable, power, rejected


@pytest.mark.parametrize(("rate", "published"), [(0.25, 0.79), (0.5, 0.34)])
def test_published_power_of_twelve_trials_each(rate, published):
    """One-sided, against a policy that succeeds in three of four."""
    assert power(0.75, rate, rejected(12, 12, 0.05, "greater")) == pytest.approx(published, abs=0.005)
    assert power(0.75, rate, rejected(12, 12, 0.05)) < published - 0.1


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize(("n_a", "n_b"), [(6, 6), (5, 9)])
def test_the_walk_along_the_border_finds_what_all_tests_find(n_a, n_b, alternative):
    every = [
        [
            0 < i + j < n_a + n_b and boschloo_exact([[i, j], [n_a - i, n_b - j]], alternative, n=32).pvalue <= 0.05
            for j in range(n_b + 1)
        ]
        for i in range(n_a + 1)
    ]
    assert (rejected(n_a, n_b, 0.05, alternative) == np.array(every)).all()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_in_ten_thousand_null_sessions_boschloo_errs_no_more_often_than_it_says(rate, alternative):
    draw = np.random.default_rng(2)
    pairs, counts = np.unique(draw.binomial(12, rate, (10_000, 2)), axis=0, return_counts=True)
    errs = np.array([boschloo(int(i), 12, int(j), 12, alternative) <= 0.05 for i, j in pairs])
    assert counts[errs].sum() / 10_000 <= 0.05
    assert power(rate, rate, rejected(12, 12, 0.05, alternative)) == pytest.approx(
        counts[errs].sum() / 10_000, abs=0.008
    )


def test_no_null_rate_at_all_makes_it_err_more_often():
    region = rejected(12, 12, 0.05)
    assert 0.04 < max(power(rate, rate, region) for rate in np.linspace(0, 1, 201)) <= 0.05


def test_peeking_at_6_8_10_and_12_trials_errs_in_8_of_a_hundred():
    """Why a batch test must not be looked at in between (what the sequential test is for)."""
    assert max(_ever_rejected(rate) for rate in np.linspace(0.1, 0.9, 17)) == pytest.approx(0.08, abs=0.005)


def _ever_rejected(rate, looks=(6, 8, 10, 12)):
    alive, ever, before = np.ones((1, 1)), 0.0, 0
    for look in looks:
        step = binom.pmf(np.arange(look - before + 1), look - before, rate)
        alive = np.apply_along_axis(np.convolve, 0, alive, step)
        alive = np.apply_along_axis(np.convolve, 1, alive, step)
        region = rejected(look, look, 0.05)
        ever, before = ever + alive[region].sum(), look
        alive = np.where(region, 0.0, alive)
    return ever


def test_the_smallest_difference_that_is_found():
    least = detectable(0.25, 12, 12, alternative="greater")
    region = rejected(12, 12, 0.05, "greater")
    assert power(0.25 + least, 0.25, region) >= 0.8 > power(0.25 + least - 0.01, 0.25, region)
    assert 0.5 <= least <= 0.52
    assert detectable(0.25, 48, 48, alternative="greater") < least < detectable(0.25, 12, 12)


def test_what_no_difference_could_show_has_none():
    assert detectable(0.5, 3, 3) is None
    assert detectable(1.0, 12, 12) is None


@pytest.mark.parametrize(("base_rate", "alternative"), [(0.25, "two-sided"), (0.5, "greater"), (0.8, "two-sided")])
def test_many_trials_are_approximated_as_near_as_a_step_or_two(base_rate, alternative):
    exact = detectable(base_rate, 60, 60, 0.05, alternative)
    region = rejected(60, 60, 0.05, alternative)
    near = approximate_power(base_rate + exact, base_rate, 60, 60, 0.05, alternative)
    assert near == pytest.approx(power(base_rate + exact, base_rate, region), abs=0.04)
    large = detectable(base_rate, 1200, 1200, 0.05, alternative)
    assert 0.02 <= large < exact / 3
