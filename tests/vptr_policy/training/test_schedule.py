"""The learning rate over a run."""

import numpy as np

from vptr_policy.training.schedule import factor


def test_it_warms_up_and_falls_like_a_cosine() -> None:
    steps = np.array([0, 50, 101, 500, 1000])
    rates = [factor("cosine", step / 1000, step, 100) for step in steps]
    cosine = 0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * steps / 1000))
    assert np.allclose(rates, cosine * np.array([1 / 101, 51 / 101, 1.0, 1.0, 1.0]))


def test_it_warms_up_and_stays() -> None:
    assert [factor("constant", step / 10, step, 3) for step in (0, 1, 3, 10)] == [0.25, 0.5, 1.0, 1.0]
    assert factor("constant", 0.0, 0, 0) == 1.0
