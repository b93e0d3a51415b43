import numpy as np
import pytest

from vptr_policy.analysis.sarsa import Walk, fit_sarsa, value_error

GAMMA = 0.9


def chain(length=6, repeats=4, noise=0.0, seed=0):
    """One-hot states of a chain whose last step is rewarded: V(s) = gamma^(length - 1 - s)."""
    random = np.random.default_rng(seed)
    states = np.tile(np.arange(length), repeats)
    features = np.eye(length)[states] + noise * random.normal(size=(length * repeats, length))
    after = np.roll(features, -1, axis=0)
    rewards = (states == length - 1).astype(float)
    return Walk(features, after, rewards, 1.0 - rewards, GAMMA ** (length - 1.0 - states))


def test_the_fixed_point_of_a_chain_is_its_discounted_reward():
    walk = chain()
    value = fit_sarsa(walk, GAMMA, ridge=1e-10)
    np.testing.assert_allclose(value(np.eye(6)), GAMMA ** np.arange(5, -1, -1.0), atol=1e-5)
    assert value_error(value, walk) < 1e-8


def test_it_is_where_temporal_differences_end():
    """TD(0) iterated on features that cannot express the value: the closed form is its limit, not the regression."""
    random = np.random.default_rng(1)
    walk = chain()
    mixing = random.normal(size=(6, 2))
    narrow = Walk(walk.features @ mixing, walk.next_features @ mixing, walk.rewards, walk.masks, walk.returns)
    value = fit_sarsa(narrow, GAMMA, ridge=1e-12)
    standard = np.concatenate([(narrow.features - value.mean) / value.scale, np.ones((len(walk.rewards), 1))], 1)
    following = np.concatenate([(narrow.next_features - value.mean) / value.scale, np.ones((len(walk.rewards), 1))], 1)
    weights = np.zeros(3)
    for _ in range(20000):
        errors = walk.rewards + GAMMA * walk.masks * (following @ weights) - standard @ weights
        weights += 0.02 * standard.T @ errors / len(errors)
    np.testing.assert_allclose(value.weights, weights, atol=1e-4)
    regression = np.linalg.lstsq(standard, walk.returns, rcond=None)[0]
    assert np.abs(regression - weights).max() > 1e-3


def test_features_without_information_explain_nothing():
    walk = chain(repeats=50)
    blank = Walk(np.zeros((300, 3)), np.zeros((300, 3)), walk.rewards, walk.masks, walk.returns)
    assert value_error(fit_sarsa(blank, GAMMA), blank) >= 1.0 - 1e-9


def test_noisier_features_have_larger_held_out_error():
    errors = []
    for noise in (0.05, 0.5):
        value = fit_sarsa(chain(repeats=40, noise=noise, seed=2), GAMMA)
        errors.append(value_error(value, chain(repeats=40, noise=noise, seed=3)))
    assert errors[0] < 0.1 < errors[1]


def test_equal_values_cannot_be_explained():
    walk = chain()
    flat = Walk(walk.features, walk.next_features, walk.rewards, walk.masks, np.ones(24))
    with pytest.raises(ValueError, match="nothing to explain"):
        value_error(fit_sarsa(walk, GAMMA), flat)
