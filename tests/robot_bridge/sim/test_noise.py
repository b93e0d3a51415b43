import numpy as np
import pytest

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from robot_bridge.sim.noise import ActionNoise, NoiseSettings, draw_noise

CENTRE = np.array([0.0, 0, 0, 0, 0, 0, 0.0])


def disturbances(settings, steps=4000):
    noise = ActionNoise(settings, np.random.default_rng(0))
    return np.array([noise.disturb(CENTRE) for _ in range(steps)])


def test_no_noise_leaves_the_action():
    assert (disturbances(NoiseSettings(0, 0, 0, 0.02, 0)) == 0).all()


def test_noise_has_the_stated_deviation():
    actions = disturbances(NoiseSettings(0.004, 0.03, 0, 0.02, 0))
    np.testing.assert_allclose(actions[:, :3].std(axis=0), 0.004, rtol=0.06)
    np.testing.assert_allclose(actions[:, 3:6].std(axis=0), 0.03, rtol=0.06)
    assert (actions[:, 6] == 0).all()


def test_a_kick_pushes_one_way_for_two_to_four_steps():
    noise = ActionNoise(NoiseSettings(0, 0, 0.02, 0.02, 0), np.random.default_rng(1))
    pushes = np.array([noise.disturb(CENTRE)[:3] for _ in range(2000)])
    sizes = np.linalg.norm(pushes, axis=1)
    moved = sizes > 0
    np.testing.assert_allclose(sizes[moved], 0.02)
    assert 0.03 < moved.mean() < 0.09, "2 % of the steps begin a push of three steps in the mean"


def test_a_slip_opens_the_gripper_for_two_steps():
    opened = disturbances(NoiseSettings(0, 0, 0, 0.02, 0.05))[:, 6]
    assert set(opened) == {0.0, 1.0}
    assert opened.mean() == pytest.approx(0.0975, abs=0.02)


def test_actions_stay_within_the_box():
    actions = disturbances(NoiseSettings(0.05, 0.3, 0.3, 0.02, 0), 500)
    assert (actions >= ACTION_LOW).all() and (actions <= ACTION_HIGH).all()


def test_levels_are_mixed_and_scaled():
    rng = np.random.default_rng(0)
    drawn = [draw_noise(rng, 1.0).translation_m for _ in range(200)]
    assert sorted(set(drawn)) == [0.0, 0.0025, 0.005, 0.01]
    assert draw_noise(rng, 0.0) == NoiseSettings(0.0, 0.0, 0.0, 0.02, 0.0)
