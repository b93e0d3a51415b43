import pytest

from eval_protocol.comparison import boschloo, difference_interval, mcnemar, paired_interval
from eval_protocol.contrast import INCONCLUSIVE, Outcome, contrast, matched, strata, with_p
from eval_protocol.sequential import e_values
from eval_protocol.stratified import Stratum

POSES = ("left", "right")


def outcomes(verdicts, poses=POSES):
    """Six trials a pose; the start is the trial's place in the plan."""
    return [Outcome(poses[i // 6 % len(poses)], i, bool(success)) for i, success in enumerate(verdicts)]


A = outcomes([1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0])
B = outcomes([0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0])


def test_every_test_is_that_of_its_module():
    found = contrast(("ours", "theirs"), A, B)
    assert (found.successes_a, found.trials_a, found.successes_b, found.trials_b) == (8, 12, 2, 12)
    assert found.boschloo_p == boschloo(8, 12, 2, 12)
    assert (found.pairs, found.only_a, found.only_b) == (12, 7, 1)
    assert found.mcnemar_p == mcnemar(7, 1)
    assert found.e_value == max(e_values(zip([one.success for one in A], [one.success for one in B])))
    assert found.difference == pytest.approx(0.5) and found.low < 0.5 < found.high
    assert found.probability_better > 0.98
    assert strata(A, B) == [Stratum(5, 6, 1, 6), Stratum(3, 6, 1, 6)]


def test_the_verdict_is_that_of_the_declared_test():
    by = {
        test: contrast(("a", "b"), A, B, test).verdict for test in ("boschloo", "stratified", "mcnemar", "sequential")
    }
    assert by == {"boschloo": "better", "stratified": "better", "mcnemar": INCONCLUSIVE, "sequential": "better"}
    assert contrast(("b", "a"), B, A).verdict == "worse"
    assert contrast(("b", "a"), B, A, alternative="greater").verdict == INCONCLUSIVE


@pytest.mark.parametrize("test", ["boschloo", "stratified", "mcnemar", "sequential"])
def test_the_interval_is_of_pairs_where_the_declared_test_is_and_each_trial_has_its_match(test):
    found, short = contrast(("a", "b"), A, B, test), contrast(("a", "b"), A[1:], B, test)
    paired, unpaired = (paired_interval(1, 7, 1, 3), "paired"), (difference_interval(8, 12, 2, 12), "unpaired")
    assert ((found.low, found.high), found.interval) == (paired if test in ("mcnemar", "sequential") else unpaired)
    assert f" ({found.interval})" in found.words()
    assert ((short.low, short.high), short.interval) == (difference_interval(7, 11, 2, 12), "unpaired")


def test_what_was_not_found_is_inconclusive_and_never_equal():
    found = contrast(("a", "b"), A, A)
    assert found.verdict == INCONCLUSIVE and found.boschloo_p == 1.0
    assert found.words().startswith("inconclusive (p = 1") and "do not tell them apart" in found.words()


def test_an_adjusted_p_changes_the_verdict():
    found = contrast(("a", "b"), A, B)
    assert found.verdict == "better" and found.words().startswith("a is better than b (p = ")
    assert with_p(found, 0.06).verdict == INCONCLUSIVE


def test_starts_match_where_both_have_them():
    assert matched(A[:3], B[1:]) == [(True, False), (True, False)]
    assert matched(A, outcomes([1] * 12, POSES)[12:]) == []
    twice = [Outcome("left", 0, True), Outcome("left", 0, False)]
    assert matched(twice, [Outcome("left", 0, False)]) == [(True, False)]
    far = [Outcome("left", 100 + i, True) for i in range(12)]
    assert (contrast(("a", "b"), A, far).mcnemar_p, contrast(("a", "b"), A, far).e_value) == (None, None)


def test_without_trials_nothing_is_known():
    found = contrast(("a", "b"), A, [])
    assert (found.difference, found.verdict, found.low, found.high) == (None, INCONCLUSIVE, -1.0, 1.0)
    assert "not both have been tried" in found.words()


def in_conditions(*counts):
    """Outcomes of (condition, successes, trials); no start is tried by both."""
    return [
        Outcome(at, (at, index, object()), index < successes) for at, successes, trials in counts
        for index in range(trials)
    ]  # fmt: skip


def test_better_in_every_condition_is_better_though_the_raw_rates_say_worse():
    ours = in_conditions(("easy", 24, 24), ("hard", 24, 72))
    base = in_conditions(("easy", 60, 72), ("hard", 0, 24))
    found = contrast(("ours", "base"), ours, base, "stratified")
    assert found.difference < 0 < found.favours and found.stratified_p < 1e-3
    assert found.verdict == "better" and "The raw difference does not show it" in found.words()
    assert contrast(("base", "ours"), base, ours, "stratified").verdict == "worse"
    assert contrast(("ours", "base"), ours, base, "stratified", "greater").verdict == "better"
    assert contrast(("base", "ours"), base, ours, "stratified", "greater").verdict == INCONCLUSIVE
    assert contrast(("ours", "base"), ours, base, "boschloo").favours < 0, "it knows of no conditions"


def test_matched_starts_decide_though_others_were_tried_too():
    only = [Outcome("left", index, True) for index in range(12)]
    lost = [Outcome("left", index, False) for index in range(12)]
    more = [Outcome("right", 100 + index, False) for index in range(40)]
    for test in ("mcnemar", "sequential"):
        found = contrast(("a", "b"), only + more, lost + [Outcome("right", 200, True)], test)
        assert found.difference > 0 or found.verdict == "better", test
        assert found.verdict == "better", test
