"""Idle steps by openpi's rule; waiting for the gripper is not idle."""

from typing import Optional

import numpy as np
import pytest

from robot_bridge.recording.idle import IdleRule, idle_steps, runs

STEPS = 40


def motion(still: slice, gripper: Optional[int] = None) -> np.ndarray:
    """Actions that move but in ``still``; the gripper closes at the step ``gripper``."""
    action = np.tile([0.02, 0.0, -0.01, 0.0, 0.0, 0.05, 1.0], (STEPS, 1))
    action[still, :6] = 0.0
    if gripper is not None:
        action[gripper:, 6] = 0.0
    return action


def states(action: np.ndarray) -> np.ndarray:
    state = np.zeros((len(action) + 1, 7))
    state[1:, :6] = np.cumsum(action[:, :6], axis=0)
    state[:, 6] = np.append(1.0, action[:, 6])
    return state


@pytest.mark.parametrize(("length", "idle"), [(6, 0), (7, 7), (20, 20)])
def test_seven_still_steps_in_a_row_are_idle(length: int, idle: int) -> None:
    action = motion(slice(10, 10 + length))
    assert idle_steps(action, states(action)).sum() == idle
    assert runs(idle_steps(action, states(action))) == ([(10, 10 + length)] if idle else [])


def test_those_before_the_first_motion_are_idle_however_few() -> None:
    action = motion(slice(0, 2))
    assert runs(idle_steps(action, states(action))) == [(0, 2)]
    action = motion(slice(STEPS - 2, STEPS))
    assert not idle_steps(action, states(action)).any(), "the last ones have the reward"


def test_five_steps_around_a_gripper_event_are_kept() -> None:
    action = motion(slice(5, 35), gripper=20)
    assert runs(idle_steps(action, states(action))) == [(5, 15), (26, 35)]
    slow = states(action)
    slow[:, 6] = 1.0
    slow[24:, 6] = 0.0  # the fingers follow four steps late: these are protected too
    assert runs(idle_steps(action, slow)) == [(5, 15)]


@pytest.mark.parametrize(
    "closing",
    [
        np.linspace(1.0, 0.0, 15),
        np.linspace(1.0, 0.0, 25),
        np.linspace(0.0, 1.0, 25),
        np.repeat(np.linspace(1.0, 0.0, 12), 5),  # 0.09 a second
        np.linspace(1.0, 0.0, 200),
    ],
)
@pytest.mark.parametrize("which", ["commanded", "measured"])
def test_a_slow_closing_is_kept_whole(closing: np.ndarray, which: str) -> None:
    still = np.ones(30)
    opening = np.concatenate([still * closing[0], closing, still * closing[-1]])
    action, state = np.zeros((len(opening), 7)), np.zeros((len(opening) + 1, 7))
    action[:, 6] = state[:, 6] = closing[0]
    if which == "commanded":
        action[:, 6] = opening
    else:
        state[1:, 6] = opening
    idle = idle_steps(action, state)
    moving = np.abs(np.diff(opening)) > 0
    assert not idle[1:][moving].any()
    assert idle[:20].all() and idle[-20:].all()


def test_a_gripper_that_wavers_is_idle() -> None:
    action = np.zeros((200, 7))
    state = np.zeros((201, 7))
    state[:, 6] = 0.5 + 0.04 * np.sin(np.arange(201))
    action[:, 6] = 0.5
    assert idle_steps(action, state).all()


def test_a_first_command_that_differs_from_the_gripper_is_an_event() -> None:
    action = motion(slice(0, 30))
    state = states(action)
    state[0, 6] = 0.0
    assert runs(idle_steps(action, state)) == [(6, 30)]


def test_joint_velocities_decide_where_they_are_recorded() -> None:
    action = motion(slice(5, 30))
    speeds = np.zeros((STEPS + 1, 6))
    assert runs(idle_steps(action, states(action), speeds)) == [(5, 30)]
    speeds[17, 3] = 2e-3  # one joint twitches: the steps before and after it
    assert runs(idle_steps(action, states(action), speeds)) == [(5, 16), (18, 30)]
    assert runs(idle_steps(action, states(action), np.full_like(speeds, np.nan))) == [(5, 30)]


def test_a_steady_motion_is_not_idle() -> None:
    action = motion(slice(0, 0))
    assert not idle_steps(action, states(action), np.ones((STEPS + 1, 6))).any()


def test_an_arm_that_is_pushed_is_not_idle() -> None:
    action = motion(slice(0, STEPS))
    state = states(action)
    assert idle_steps(action, state).all()
    state[:, 5] = np.pi - 0.001 * (np.arange(STEPS + 1) % 2) * np.where(np.arange(STEPS + 1) % 4 == 1, 1, 0)
    state[20:, 5] -= 2 * np.pi  # the same angle
    assert idle_steps(action, state).all()
    state[:, 0] += 0.01 * np.arange(STEPS + 1)
    assert not idle_steps(action, state).any()


def test_a_rule_is_checked() -> None:
    with pytest.raises(ValueError, match="wants positive numbers"):
        IdleRule(shortest_run=0)
