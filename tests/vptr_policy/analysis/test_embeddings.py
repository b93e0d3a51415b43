import numpy as np
import pytest

from vptr_policy.analysis.embeddings import bump_share, distance_curve, reward_histogram, rewards


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
    counts, edges = reward_histogram([np.array([1.0, 0.5, 0.6]), np.array([1.0, 0.0])], bins=5)
    assert counts.sum() == 3 and edges[0] == -1.0 and edges[-1] == 1.0
    assert counts.tolist() == [0, 0, 1, 1, 1]
