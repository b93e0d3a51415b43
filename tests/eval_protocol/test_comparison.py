from itertools import product
from math import comb

import numpy as np
import pytest
from scipy.stats import multinomial

from eval_protocol.comparison import (
    boschloo,
    compare,
    compare_clusters,
    difference_interval,
    holm,
    mcnemar,
    paired_interval,
    sign_flip,
)  # fmt: skip


def test_mcnemar_is_a_sign_test_of_the_scenes_that_differ():
    tail = sum(comb(10, k) for k in range(2)) / 2**10  # 1 of 10 or fewer
    assert mcnemar(9, 1) == pytest.approx(2 * tail)
    assert mcnemar(1, 9) == pytest.approx(2 * tail)
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(9, 1, "greater") == pytest.approx(tail)


@pytest.mark.parametrize(("k", "m", "p"), [(7, 3, 0.063), (6, 0, 0.003)])
def test_published_pairs_of_twelve(k, m, p):
    """The one-sided values quoted for 7/12 against 3/12 and 6/12 against 0/12; two-sided they double."""
    assert boschloo(k, 12, m, 12, "greater") == pytest.approx(p, abs=6e-4)
    assert boschloo(k, 12, m, 12) == pytest.approx(2 * boschloo(k, 12, m, 12, "greater"))


def test_equal_extremes_do_not_differ():
    assert boschloo(12, 12, 12, 12) == 1.0 and boschloo(0, 12, 0, 12) == 1.0


@pytest.mark.parametrize(
    ("counts", "interval"), [((9, 10, 3, 10), (0.1705, 0.8090)), ((56, 70, 48, 80), (0.0524, 0.3339))]
)
def test_newcombes_interval_of_independent_trials_is_that_of_his_table(counts, interval):
    """Method 10 of Newcombe (1998), Statistics in Medicine 17:873-890, table II."""
    assert difference_interval(*counts) == pytest.approx(interval, abs=2e-4)


@pytest.mark.parametrize(
    ("counts", "interval"),
    [
        ((36, 12, 2, 0), (0.0569, 0.3404)),
        ((18, 12, 2, 18), (0.0562, 0.3290)),
        ((53, 0, 0, 1), (-0.0729, 0.0729)),
        ((0, 30, 0, 0), (0.8395, 1.0)),
    ],
)
def test_newcombes_interval_of_pairs_is_that_of_his_table(counts, interval):
    """Method 10 of Newcombe (1998), Statistics in Medicine 17:2635-2650; phi below and above 0, corrected and not."""
    assert paired_interval(*counts) == pytest.approx(interval, abs=5e-5)
    both, only_a, only_b, neither = counts
    assert paired_interval(both, only_b, only_a, neither) == pytest.approx((-interval[1], -interval[0]), abs=5e-5)
    assert paired_interval(neither, only_a, only_b, both) == pytest.approx(interval, abs=5e-5)


def test_pairs_that_tell_nothing_of_each_other_have_the_interval_of_independent_trials():
    assert paired_interval(4, 8, 2, 4) == pytest.approx(difference_interval(12, 18, 6, 18))
    assert paired_interval(1, 1, 7, 12) == difference_interval(2, 21, 8, 21), "the correction leaves no correlation"
    assert paired_interval(0, 0, 0, 0) == (-1.0, 1.0)


@pytest.mark.parametrize("chances", [(0.5, 0.15, 0.05, 0.3), (0.3, 0.3, 0.1, 0.3), (0.1, 0.1, 0.3, 0.5)])
def test_the_interval_of_pairs_holds_the_truth_as_often_as_it_says_and_is_the_narrower(chances):
    """Over all outcomes of sixteen scenes, each as often as it comes up."""
    trials = 16
    tables = [(i, j, k, trials - i - j - k) for i in range(17) for j in range(17 - i) for k in range(17 - i - j)]
    weights = multinomial.pmf(tables, trials, chances)
    likely = [(table, weight) for table, weight in zip(tables, weights) if weight > 1e-5]
    found = [paired_interval(*table) for table, _ in likely]
    loose = [difference_interval(i + j, trials, i + k, trials) for (i, j, k, _), _ in likely]
    shares = np.array([weight for _, weight in likely])
    truth = chances[1] - chances[2]
    assert 0.94 <= sum(shares[[low <= truth <= high for low, high in found]]) <= 0.98
    assert shares @ [high - low for low, high in found] < shares @ [high - low for low, high in loose]


def test_without_trials_the_difference_may_be_any():
    assert difference_interval(0, 0, 3, 12) == (-1.0, 1.0)
    assert boschloo(0, 0, 3, 12) == 1.0


def test_pairs_are_counted_scene_by_scene():
    found = compare([True, True, False, True], [True, False, False, False])
    assert (found.successes_a, found.successes_b, found.only_a, found.only_b) == (3, 1, 2, 0)
    assert found.difference == 0.5 and found.mcnemar_p == pytest.approx(0.5)
    assert (found.low, found.high) == paired_interval(1, 2, 0, 1) and found.to_json()["interval"] == "paired"


@pytest.mark.parametrize(("a", "b"), [([True], [True, False]), ([], [])])
def test_other_scenes_cannot_be_compared(a, b):
    with pytest.raises(ValueError, match="same scenes"):
        compare(a, b)


def test_holm_steps_down_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("rates", [[0.5] * 12, [0.1] * 12, [0.1, 0.4, 0.6, 0.9] * 3])
@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_in_ten_thousand_null_sessions_mcnemar_errs_no_more_often_than_it_says(rates, alternative):
    """Pairs of starts that are as hard for both policies, some harder than others."""
    draw = np.random.default_rng(3)
    a, b = (draw.random((10_000, len(rates))) < rates for _ in range(2))
    pairs, counts = np.unique([(a & ~b).sum(axis=1), (b & ~a).sum(axis=1)], axis=1, return_counts=True)
    errs = np.array([mcnemar(int(i), int(j), alternative) <= 0.05 for i, j in pairs.T])
    assert counts[errs].sum() / 10_000 <= 0.05
    loose = np.array([mcnemar(int(i), int(j), alternative) <= 0.3 for i, j in pairs.T])
    assert counts[loose].sum() / 10_000 > 0.03, "it finds nothing at all"


@pytest.mark.parametrize("rate", [0.3, 0.5])
def test_in_ten_thousand_null_sessions_holm_finds_any_false_better_no_more_often_than_it_says(rate):
    """Four equally good policies, the first against each of the others: one alpha for all of them together."""
    draw = np.random.default_rng(4)
    sessions, counts = np.unique(draw.binomial(12, rate, (10_000, 4)), axis=0, return_counts=True)
    p_values = np.array([[boschloo(int(k[0]), 12, int(other), 12) for other in k[1:]] for k in sessions])
    alone = (p_values <= 0.05).any(axis=1)
    together = np.array([min(holm(row)) <= 0.05 for row in p_values])
    assert counts[together].sum() / 10_000 <= 0.05 < counts[alone].sum() / 10_000


def test_flipped_signs_of_ones_are_mcnemars_test_and_of_others_all_are_tried():
    for wins, losses in ((9, 1), (1, 9), (0, 0), (6, 6), (30, 12)):
        assert sign_flip([1] * wins + [0] * 5 + [-1] * losses) == pytest.approx(mcnemar(wins, losses))
    differences = [3, -1, 2, 2, 0, -3, 1, 1]
    sums = [sum(sign * size for sign, size in zip(signs, differences)) for signs in product((-1, 1), repeat=8)]
    assert sign_flip(differences) == pytest.approx(np.mean([abs(one) >= abs(sum(differences)) for one in sums]))


def test_clusters_of_one_pair_are_the_pairs_and_copies_of_a_trial_tell_nothing_more():
    generator = np.random.default_rng(0)
    a, b = generator.random(200) < 0.7, generator.random(200) < 0.6
    pairs, alone = compare(a, b), compare_clusters(a, b, range(200))
    assert (alone.successes_a, alone.successes_b, alone.trials, alone.clusters) == (a.sum(), b.sum(), 200, 200)
    assert alone.p == pytest.approx(pairs.mcnemar_p) and alone.difference == pytest.approx(pairs.difference)
    assert (alone.low, alone.high) == pytest.approx((pairs.low, pairs.high), abs=0.005)
    thrice = compare_clusters(np.tile(a, 3), np.tile(b, 3), list(range(200)) * 3)
    assert (thrice.low, thrice.high, thrice.p) == pytest.approx((alone.low, alone.high, alone.p))
    assert thrice.trials == 600 and thrice.clusters == 200


@pytest.mark.parametrize("clusters", [["one"] * 3, ["one", "two"]])
def test_clusters_that_allow_no_comparison_are_named(clusters):
    with pytest.raises(ValueError, match=f"{len(clusters)} trials|1 clusters"):
        compare_clusters([True] * 3, [False] * 3, clusters)
