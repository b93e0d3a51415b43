"""Batches of strata in fixed shares."""

from typing import List

import numpy as np
import pytest

from vptr_policy.data.robot.mixing import MixedIndex

SOURCE, TARGET = np.arange(0, 1000), np.arange(1000, 1037)


def mixed(target_share: float, seed: int = 0) -> MixedIndex:
    return MixedIndex([SOURCE, TARGET], [1 - target_share, target_share], seed)


def count(index: MixedIndex, steps: int, batch: int, **place: int) -> List[int]:
    return [int((index.rows(step, batch, **place) >= 1000).sum()) for step in range(steps)]


@pytest.mark.parametrize(("share", "batch"), [(0.1, 64), (0.7, 64), (0.3, 10), (0.1, 4), (0.5, 7), (0.0, 8), (1.0, 8)])
def test_every_batch_has_its_share_to_within_one_and_all_together_exactly(share: float, batch: int) -> None:
    counts = np.array(count(mixed(share), 50, batch))
    assert np.all(np.abs(counts - share * batch) < 1) and counts.max() - counts.min() <= 1
    assert np.all(np.abs(np.cumsum(counts) - share * batch * np.arange(1, 51)) <= 1)
    assert all(len(mixed(share).rows(step, batch)) == batch for step in range(3))
    assert [mixed(share).counts(step, batch)[1] for step in range(50)] == counts.tolist()


def test_a_tenth_of_64_is_six_or_seven() -> None:
    """6.4 a batch: floor(57.6), floor(115.2), ... of the source leave 7, 6, 7, 6, 6 of the target."""
    assert count(mixed(0.1), 10, 64) == [7, 6, 7, 6, 6] * 2


def test_it_depends_on_seed_step_and_rank_alone() -> None:
    index = mixed(0.1)
    forward = [index.rows(step, 64) for step in range(40)]
    assert all(np.array_equal(mixed(0.1).rows(step, 64), forward[step]) for step in (39, 0, 17))
    assert not np.array_equal(mixed(0.1, seed=1).rows(0, 64), forward[0])
    again = mixed(0.1)
    assert all(np.array_equal(again.rows(step, 64), forward[step]) for step in range(39, -1, -1))


def test_each_stratum_is_gone_through_before_it_repeats() -> None:
    index = mixed(0.5)
    drawn = np.concatenate([index.rows(step, 20) for step in range(100)])
    source, target = drawn[drawn < 1000], drawn[drawn >= 1000]
    assert len(source) == len(target) == 1000 and len(np.unique(source)) == 1000
    for epoch in range(27):
        assert len(np.unique(target[epoch * 37 : epoch * 37 + 37])) == 37
    assert not np.array_equal(target[:37], target[37:74])


def test_ranks_share_one_stream() -> None:
    alone = mixed(0.1)
    for step in range(10):
        parts = [mixed(0.1).rows(step, 16, rank, 4) for rank in range(4)]
        assert np.array_equal(np.concatenate(parts), np.concatenate([alone.rows(4 * step + r, 16) for r in range(4)]))
    all_rows = np.concatenate([alone.rows(step, 16, rank, 4) for step in range(15) for rank in range(4)])
    source = all_rows[all_rows < 1000]
    assert len(np.unique(source)) == len(source) == 864


def test_three_strata_keep_their_shares() -> None:
    index = MixedIndex([np.arange(10), np.arange(10, 20), np.arange(20, 30)], [0.25, 0.05, 0.7], 0)
    totals = np.zeros(3)
    for step in range(100):
        counts = index.counts(step, 16)
        assert sum(counts) == 16 and np.all(np.abs(np.array(counts) - [4, 0.8, 11.2]) < 2)
        assert [int(((index.rows(step, 16) // 10) == stratum).sum()) for stratum in range(3)] == list(counts)
        totals += counts
    assert np.all(np.abs(totals - [400, 80, 1120]) <= 1)


def test_an_epoch_longer_than_all_data_is_no_problem() -> None:
    assert np.bincount(MixedIndex([np.arange(3)], [1.0], 0).rows(5, 30)).tolist() == [10, 10, 10]


@pytest.mark.parametrize("shares", [[0.5, 0.6], [1.1, -0.1], [1.0]])
def test_shares_must_sum_to_one(shares: List[float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        MixedIndex([SOURCE, TARGET], shares, 0)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"stratum 1 has share 0\.1 of each batch but no transition"):
        MixedIndex([SOURCE, TARGET[:0]], [0.9, 0.1], 0)
    assert len(MixedIndex([SOURCE, TARGET[:0]], [1.0, 0.0], 0).rows(0, 8)) == 8
