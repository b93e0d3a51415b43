"""Rewards, masks and returns against numbers worked out by hand."""

import numpy as np
import pytest

from vptr_policy.data.robot.rewards import RewardOptions, masks, returns, rewarded, scaled

REMAINING = np.array([4, 3, 2, 1, 0, 1, 0, 3, 2, 1, 0])
SUCCESS = np.array([True] * 5 + [True] * 2 + [False] * 4)
"""Five steps that succeed, two that succeed, four that fail."""


def test_the_last_three_steps_of_a_success_are_rewarded() -> None:
    positive = rewarded(REMAINING, SUCCESS, RewardOptions())
    assert positive.tolist() == [False, False, True, True, True, True, True, False, False, False, False]
    assert scaled(positive, RewardOptions()).tolist() == [-1, -1, 10, 10, 10, 10, 10, -1, -1, -1, -1]
    assert masks(positive).tolist() == [1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1]
    one = rewarded(REMAINING, SUCCESS, RewardOptions(final_steps=1))
    assert np.flatnonzero(one).tolist() == [4, 6]
    assert scaled(one, RewardOptions(scale=1.0, shift=0.0)).tolist() == [0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]


def test_returns_stop_where_the_mask_does_and_failures_never_end() -> None:
    positive = rewarded(REMAINING, SUCCESS, RewardOptions())
    values, mask = scaled(positive, RewardOptions()), masks(positive)
    found = returns(values, mask, REMAINING, RewardOptions())
    # -1 + .96 * 10 = 8.6; -1 + .96 * 8.6 = 7.256; a failure: -1 for ever, -1 / (1 - .96) = -25
    expected = [7.256, 8.6, 10, 10, 10, 10, 10, -25, -25, -25, -25]
    assert found.dtype == np.float32 and np.allclose(found, expected, rtol=1e-6)
    zero_one = RewardOptions(scale=1.0, shift=0.0)
    found = returns(scaled(positive, zero_one), mask, REMAINING, zero_one)
    assert np.allclose(found, [0.96**2, 0.96, 1, 1, 1, 1, 1, 0, 0, 0, 0], rtol=1e-6)
    endless = returns(values, mask, REMAINING, RewardOptions(discount=1.0))
    assert endless.tolist() == [8, 9, 10, 10, 10, 10, 10, *[-np.inf] * 4]


def test_returns_agree_with_a_plain_loop() -> None:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 30, 50)
    remaining = np.concatenate([np.arange(length)[::-1] for length in lengths])
    values, mask = random.normal(size=len(remaining)), random.integers(0, 2, len(remaining)).astype(np.float32)
    expected, later = np.zeros(len(remaining)), 0.0
    for row in range(len(remaining) - 1, -1, -1):
        later = values[row] + 0.9 * mask[row] * (later if remaining[row] else -2.0 / (1.0 - 0.9))
        expected[row] = later
    assert np.allclose(returns(values, mask, remaining, RewardOptions(shift=-2.0, discount=0.9)), expected, atol=1e-5)


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="final_steps must be at least 1"):
        RewardOptions(final_steps=0)
    for discount in (1.5, -0.1):
        with pytest.raises(ValueError, match=r"discount within \[0, 1\]"):
            RewardOptions(discount=discount)
