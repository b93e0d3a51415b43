"""Moves in joint space through the servo."""

import numpy as np
import pytest
from number_arm import Rig

from robot_bridge import kinematics
from robot_bridge.servo import PERIOD_S, Mode

ACTION = np.array([0.02, -0.01, 0.01, 0.05, -0.04, 0.1])


def test_a_move_is_smooth_ends_by_itself_and_leaves_the_servo_holding():
    rig = Rig(follow=0.5)
    rig.tick()
    move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS, gripper=0.2)
    assert rig.tick().mode == Mode.MOVING and not move.done
    assert "a move is under way" in rig.refusal(rig.command(ACTION))
    assert "under way" in rig.servo.move_joints(kinematics.HOME_JOINTS).message
    while not move.done:
        rig.tick()
    assert move.success and rig.status.mode == Mode.HOLD
    assert rig.arm.grippers == [0.2]
    np.testing.assert_allclose(rig.arm.sent[-1], kinematics.NEUTRAL_JOINTS, atol=1e-12)
    speeds = np.diff(np.array(rig.arm.sent), axis=0) / PERIOD_S
    assert np.max(np.abs(speeds)) <= rig.limits.move_speed_rad_s * 1.001
    assert np.max(np.abs(np.diff(speeds, axis=0))) < 0.15
    assert rig.run(2.1).mode == Mode.IDLE


def test_a_move_takes_the_time_it_is_given():
    rig = Rig()
    rig.tick()
    begin = rig.time_s
    move = rig.servo.move_to(kinematics.forward(kinematics.NEUTRAL_JOINTS), duration_s=4.0)
    while not move.done:
        rig.tick()
    assert move.success and 3.95 < rig.time_s - begin < 4.1
    np.testing.assert_allclose(rig.status.pose, kinematics.forward(kinematics.NEUTRAL_JOINTS), atol=1e-4)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ((0.9, 0, 0.1, 0, 0, 0), "x = 0.900 m is outside the workspace"),
        ((0.45, 0.25, 0.33, 0, 0, 0), "no joint configuration"),
        ((0.3, 0, 0.1, 0, np.nan, 0), "finite"),
    ],
)
def test_moves_that_cannot_be_are_refused_in_words(state, words):
    rig = Rig()
    rig.tick()
    pose = np.eye(4)
    pose[:3, :3] = kinematics.R_DEFAULT * (1.0 if np.isfinite(state).all() else np.nan)
    pose[:3, 3] = state[:3]
    move = rig.servo.move_to(pose)
    assert move.done and not move.success and words in move.message
    assert rig.tick().mode == Mode.IDLE and rig.arm.sent == []


def test_moves_to_joints_beyond_limits_or_of_no_numbers_are_refused():
    rig = Rig()
    rig.tick()
    beyond = kinematics.HOME_JOINTS.copy()
    beyond[4] = 2.13
    assert "wrist_angle would be at" in rig.servo.move_joints(beyond).message
    assert "six finite" in rig.servo.move_joints(np.full(6, np.nan)).message
    assert "six finite" in rig.servo.move_joints(np.zeros(5)).message
    assert rig.tick().mode == Mode.IDLE


def test_a_blocked_move_ends_at_the_measured_joints_and_names_the_joint():
    rig = Rig(follow=0.0)
    rig.tick()
    goal = kinematics.HOME_JOINTS.copy()
    goal[0] = 1.0
    move = rig.servo.move_joints(goal)
    while not move.done:
        rig.tick()
    assert not move.success and "blocked: waist" in move.message
    rig.tick()
    np.testing.assert_array_equal(rig.arm.sent[-1], kinematics.HOME_JOINTS)
    assert rig.status.mode == Mode.HOLD


def test_a_move_that_ends_short_says_by_how_much():
    rig = Rig(follow=0.0)
    rig.tick()
    goal = kinematics.HOME_JOINTS.copy()
    goal[1] += 0.2
    move = rig.servo.move_joints(goal)
    begin = rig.time_s
    while not move.done:
        rig.tick()
    assert not move.success and "shoulder 0.200 rad short" in move.message
    assert rig.time_s - begin < 2.0


def test_a_move_out_of_a_running_command_ends_it():
    rig = Rig()
    rig.servo.submit(rig.command(ACTION))
    rig.tick(4)
    move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS)
    (report,) = rig.servo.take_reports()
    assert report.reason == "a move began"
    rig.tick()
    rig.servo.disarm()
    assert move.done and move.message == "disarmed"
