"""Achieved motion."""

import numpy as np

from vptr_policy.data.robot.relabel import achieved


def test_the_motion_is_the_difference_of_states_and_the_gripper_stays() -> None:
    states = np.float32([[0.1, 0.2, 0.3, 0.0, 0.1, 3.1, 1.0], [0, 0, 0, 0, 0, -3.1, 0.5]])
    after = np.float32([[0.12, 0.17, 0.3, 0.1, 0.0, -3.1, 0.2], [0, 0, 0, 0, 0, 3.0, 0.4]])
    actions = np.float32([[9, 9, 9, 9, 9, 9, 0.7], [9, 9, 9, 9, 9, 9, 0.0]])
    found = achieved(states, after, actions)
    turn = 2 * np.pi - 6.2  # from 3.1 on through pi to -3.1
    expected = [[0.02, -0.03, 0.0, 0.1, -0.1, turn, 0.7], [0, 0, 0, 0, 0, 6.1 - 2 * np.pi, 0.0]]
    assert found.dtype == np.float32 and np.allclose(found, expected, atol=1e-6)
