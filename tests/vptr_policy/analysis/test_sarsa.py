from dataclasses import replace

import numpy as np
import pytest

from vptr_policy.analysis.sarsa import CHUNK, Walk, error_sums, moments, relative_error

GAMMA = 0.9


def chain(length=6, repeats=4, noise=0.0, seed=0, tasks=1):
    """One-hot states of a chain whose last step is rewarded by 1 + task: V(s) = (1 + task) gamma^(length - 1 - s)."""
    random = np.random.default_rng(seed)
    states = np.tile(np.arange(length), repeats)
    count = length * repeats
    features = np.eye(length)[states] + noise * random.normal(size=(count, length))
    task = np.arange(count) // length % tasks
    last = states == length - 1
    rewards = last * (1.0 + task)
    returns = (1.0 + task) * GAMMA ** (length - 1.0 - states)
    now = np.arange(count)
    return Walk(features, now, np.roll(now, -1), rewards, 1.0 - last, returns, task, tasks)


def error(value, walk):
    return float(relative_error(error_sums(value, walk, np.arange(len(walk)) // 6).sum(0)))


def design(value, features):
    return np.concatenate([(features - value.mean) / value.scale, np.ones((len(features), 1))], 1)


def test_the_fixed_point_of_a_chain_is_its_discounted_reward():
    walk = chain()
    value = moments(walk, GAMMA).sarsa(1e-10)
    np.testing.assert_allclose(value(walk)[:6], GAMMA ** np.arange(5, -1, -1.0), atol=1e-5)
    assert error(value, walk) < 1e-8


def test_it_is_where_temporal_differences_end():
    """TD(0) iterated on features that cannot express the value: the closed form is its limit, not the regression."""
    walk = chain()
    narrow = replace(walk, features=walk.features @ np.random.default_rng(1).normal(size=(6, 2)))
    found = moments(narrow, GAMMA)
    value = found.sarsa(1e-12)
    standard = design(value, narrow.features)
    following = design(value, narrow.features[narrow.next])
    weights = np.zeros(3)
    for _ in range(20000):
        errors = walk.rewards + GAMMA * walk.masks * (following @ weights) - standard @ weights
        weights += 0.02 * standard.T @ errors / len(errors)
    np.testing.assert_allclose(np.append(value.weights, value.intercepts), weights, atol=1e-4)
    regression = np.linalg.lstsq(standard, walk.returns, rcond=None)[0]
    assert np.abs(regression - weights).max() > 1e-3
    best = found.regression(0.0)
    np.testing.assert_allclose(np.append(best.weights, best.intercepts), regression, atol=1e-9)


def test_a_ridge_regression_is_that_of_the_normal_equations():
    walk = chain(noise=0.3, repeats=9)
    value = moments(walk, GAMMA).regression(0.7)
    x = design(value, walk.features)
    penalty = 0.7 * len(x) * np.diag([1.0] * 6 + [0.0])
    expected = np.linalg.solve(x.T @ x + penalty, x.T @ walk.returns)
    np.testing.assert_allclose(np.append(value.weights, value.intercepts), expected, atol=1e-10)


def test_tasks_have_intercepts_of_their_own():
    """Features that show nothing leave each task its mean, which no ridge shrinks."""
    walk = replace(chain(tasks=2), features=np.zeros((24, 3)))
    value = moments(walk, GAMMA).regression(10.0)
    means = [walk.returns[walk.task == number].mean() for number in (0, 1)]
    np.testing.assert_allclose(value.intercepts, means)
    np.testing.assert_allclose(value(walk), np.array(means)[walk.task])


def test_many_transitions_are_taken_in_pieces():
    walk = chain(repeats=CHUNK // 6 + 5, noise=0.2)
    value = moments(walk, GAMMA).sarsa(0.1)
    np.testing.assert_allclose(value.mean, walk.features.mean(0), atol=1e-12)
    np.testing.assert_allclose(value.scale, walk.features.std(0), atol=1e-12)
    whole = design(value, walk.features)
    change = whole - GAMMA * walk.masks[:, None] * design(value, walk.features[walk.next])
    matrix = whole.T @ change / len(whole) + 0.1 * np.diag([1.0] * 6 + [0.0])
    expected = np.linalg.solve(matrix, whole.T @ walk.rewards / len(whole))
    np.testing.assert_allclose(np.append(value.weights, value.intercepts), expected, atol=1e-9)
    assert len(value(walk)) == len(walk)


def test_a_part_of_a_walk_keeps_its_frames():
    part = chain().part(np.array([7, 3]))
    assert part.now.tolist() == [7, 3] and part.next.tolist() == [8, 4] and len(part.features) == 24


def test_features_without_information_explain_nothing():
    blank = replace(chain(repeats=50), features=np.zeros((300, 3)))
    assert error(moments(blank, GAMMA).sarsa(1e-3), blank) >= 1.0 - 1e-9


def test_noisier_features_have_larger_held_out_error():
    errors = []
    for noise in (0.05, 0.5):
        value = moments(chain(repeats=40, noise=noise, seed=2), GAMMA).sarsa(1e-3)
        errors.append(error(value, chain(repeats=40, noise=noise, seed=3)))
    assert errors[0] < 0.1 < errors[1]


def test_the_sums_are_those_of_each_trajectory():
    walk = chain(repeats=2)
    value = moments(walk, GAMMA).sarsa(1.0)
    sums = error_sums(value, walk, np.repeat([8, 3], 6))
    squared = (value(walk) - walk.returns) ** 2
    np.testing.assert_allclose(sums[:, 0], [squared[6:].sum(), squared[:6].sum()])
    np.testing.assert_allclose(sums[:, 1], 6)
    assert relative_error(sums.sum(0)) == pytest.approx(squared.mean() / walk.returns.var())


def test_equal_values_cannot_be_explained():
    walk = chain()
    flat = replace(walk, returns=np.ones(24))
    assert np.isnan(error(moments(walk, GAMMA).sarsa(0.1), flat))
