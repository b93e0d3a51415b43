"""The simulated environment: actions through the real servo, observations as old as the real robot's."""

import numpy as np
import pytest

from robot_bridge.interface import STEP_S, Action
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.scene import sample_scene

START = (0.27, 0.0, 0.18, 0.0, 0.0, 0.0, 1.0)
SPEC = sample_scene("knife_in_pot", 4, start=START, target_xy=(0.2, -0.13), container_xy=(0.34, 0.1), distractors=[])


def action(*values: float) -> Action:
    return Action(np.array(values))


def test_the_sum_of_the_actions_is_where_the_arm_goes() -> None:
    environment = SimEnvironment(render=False)
    environment.reset(SPEC)
    steps = [(0.03, -0.01, -0.02, 0, 0, 0.1, 1), (-0.02, 0.04, 0.01, 0, 0, -0.2, 0), (0.01, 0.0, 0.0, 0, 0, 0.05, 0)]
    for step in steps:
        executed = environment.apply(action(*step))
        np.testing.assert_allclose(executed.vector, step, atol=1e-9)
        assert executed.limits == ()
    environment.apply(action(0, 0, 0, 0, 0, 0, 0))
    total = np.array(START[:6]) + np.array(steps)[:, :6].sum(axis=0)
    np.testing.assert_allclose(environment.state()[:6], total, atol=0.004)
    assert environment.state()[6] < 0.1
    assert environment.world.time_s == pytest.approx(4 * STEP_S)


def test_limits_that_touch_an_action_are_named() -> None:
    environment = SimEnvironment(render=False)
    environment.reset(SPEC)
    executed = [environment.apply(action(0.05, 0, 0, 0, 0, 0, 1)) for _ in range(5)]
    assert "workspace" in executed[-1].limits
    assert executed[-1].vector[0] < 0.01


@pytest.mark.parametrize("latency_s", [0.0, 0.08, 0.2])
def test_observations_are_as_old_as_asked(latency_s: float) -> None:
    environment = SimEnvironment(latency_s=latency_s, render=False)
    environment.reset(SPEC)
    environment.apply(action(0.04, 0, 0, 0, 0, 0, 1))
    seen = environment.observe()
    assert environment.world.time_s - seen.image_stamp_s == pytest.approx(latency_s)
    behind = environment.state()[0] - seen.state[0]
    assert behind == pytest.approx(0.04 * latency_s / STEP_S, abs=0.006)


def test_scenes_may_follow_one_another() -> None:
    environment = SimEnvironment()
    first = environment.reset(SPEC)
    environment.reset(sample_scene("croissant_out_of_colander", 2))
    again = environment.reset(SPEC)
    environment.close()
    assert np.array_equal(first.image, again.image) and np.array_equal(first.state, again.state)
    assert first.image.shape == (128, 128, 3) and first.image.std() > 20.0


def test_nothing_works_before_a_scene() -> None:
    environment = SimEnvironment(render=False)
    for call in (environment.observe, environment.finished, lambda: environment.apply(action(*[0] * 7))):
        with pytest.raises(RuntimeError, match="reset"):
            call()


def test_a_latency_longer_than_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="latency_s"):
        SimEnvironment(latency_s=0.3, render=False).reset(SPEC)
