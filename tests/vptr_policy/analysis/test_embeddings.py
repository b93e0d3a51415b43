import numpy as np
import pytest

from vptr_policy.analysis.embeddings import (
    bump_share,
    count_ratio,
    distance_curve,
    histogram_edges,
    peak,
    reward_histogram,
    rewards,
)


def test_distances_are_scaled_by_the_first():
    embeddings = np.array([[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]])
    np.testing.assert_allclose(distance_curve(embeddings, np.zeros(2)), [1.0, 0.4, 0.0])


def test_a_video_at_its_goal_is_left_alone():
    np.testing.assert_allclose(distance_curve(np.array([[1.0], [3.0]]), np.array([1.0])), [0.0, 2.0])


def test_rewards_are_positive_towards_the_goal():
    curve = np.array([1.0, 0.7, 0.9, 0.0])
    np.testing.assert_allclose(rewards(curve), [0.3, -0.2, 0.9])
    assert bump_share(curve) == pytest.approx(1 / 3)


def test_the_histogram_counts_every_step_about_zero():
    counts = reward_histogram([np.array([1.0, 0.5, 0.6]), np.array([1.0, 0.0])], np.linspace(-1, 1, 5))
    assert counts.tolist() == [0, 1, 0, 2]


def test_what_lies_beyond_the_edges_is_in_the_outermost_bins():
    counts = reward_histogram([np.array([0.0, 5.0, -3.0, -2.95])], np.linspace(-1, 1, 5))
    assert counts.tolist() == [1, 1, 0, 1]


def test_the_edges_are_symmetric_have_zero_and_leave_out_the_rarest():
    curves = [np.cumsum(np.append(np.full(400, 0.1), 50.0)), np.cumsum(np.full(600, -0.2))]
    edges = histogram_edges(curves, 8)
    np.testing.assert_allclose(edges, -edges[::-1])
    assert edges[4] == 0.0 and edges[-1] == pytest.approx(0.2)
    with pytest.raises(ValueError, match="even number"):
        histogram_edges(curves, 7)


def test_the_ratio_is_of_counts_where_there_are_any():
    found = count_ratio(np.array([12, 5, 3]), np.array([10, 10, 0]))
    np.testing.assert_allclose(found, [0.2, -0.5, np.nan])


def test_the_peak_is_the_first_bin_above_zero():
    assert peak(np.array([1, 2, 4, 1])) == {"first_positive_bin": 0.5, "negative": 0.375, "outermost_bins": 0.25}
