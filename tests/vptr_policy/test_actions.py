"""Normalised and Bridge actions."""

import numpy as np

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from vptr_policy.actions import denormalise, normalise


def test_the_box_becomes_minus_one_to_one_clipped() -> None:
    assert np.allclose(normalise(ACTION_LOW), -0.99) and np.allclose(normalise(ACTION_HIGH), 0.99)
    middle = np.array([0.0, 0.025, -0.0125, 0.125, 0.0, -0.25, 0.75])
    assert np.allclose(normalise(middle), [0.0, 0.5, -0.25, 0.5, 0.0, -0.99, 0.5])
    assert np.allclose(normalise(10 * ACTION_HIGH), 0.99)


def test_there_and_back() -> None:
    random = np.random.default_rng(0)
    actions = ACTION_LOW + random.uniform(0.05, 0.95, (100, 7)) * (ACTION_HIGH - ACTION_LOW)
    assert np.allclose(denormalise(normalise(actions)), actions, atol=1e-7)
    assert np.allclose(denormalise(np.ones(7)), ACTION_HIGH)
