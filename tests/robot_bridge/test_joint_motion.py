import threading
from dataclasses import replace

import numpy as np
import pytest

from robot_bridge import joint_motion, kinematics
from robot_bridge.safety import Limits

LIMITS = Limits()


def test_a_ramp_starts_and_ends_at_rest_and_keeps_the_speed():
    ramp = joint_motion.plan(kinematics.SLEEP_JOINTS, kinematics.HOME_JOINTS, 0.0, LIMITS)
    times = np.linspace(0, ramp.duration_s, 2001)
    path = np.array([ramp.at(time) for time in times])
    speed = np.gradient(path, times, axis=0)
    np.testing.assert_array_equal(path[0], kinematics.SLEEP_JOINTS)
    np.testing.assert_allclose(path[-1], kinematics.HOME_JOINTS)
    assert np.max(np.abs(speed)) == pytest.approx(LIMITS.move_speed_rad_s, rel=1e-3)
    assert np.max(np.abs(speed[[0, -1]])) < 0.01
    np.testing.assert_array_equal(ramp.at(99.0), ramp.at(ramp.duration_s))


def test_a_longer_duration_is_taken_and_a_shorter_is_not():
    near = kinematics.HOME_JOINTS + 0.1
    assert joint_motion.plan(kinematics.HOME_JOINTS, near, 4.0, LIMITS).duration_s == 4.0
    assert joint_motion.plan(kinematics.HOME_JOINTS, near, 0.01, LIMITS).duration_s == pytest.approx(0.1875 / 1.2, 0.3)
    assert joint_motion.plan(near, near, 0.0, LIMITS).duration_s == joint_motion.SHORTEST_S


def test_named_configurations_may_be_driven_between():
    named = (kinematics.SLEEP_JOINTS, kinematics.HOME_JOINTS, kinematics.NEUTRAL_JOINTS)
    for start in named:
        for goal in named:
            assert joint_motion.objection(joint_motion.plan(start, goal, 0.0, LIMITS), LIMITS) == ""


def test_joint_limits_and_the_floor_are_objected_to():
    goal = kinematics.HOME_JOINTS.copy()
    goal[4] = 2.13
    ramp = joint_motion.plan(kinematics.HOME_JOINTS, goal, 0.0, LIMITS)
    assert "wrist_angle would be at 2.130" in joint_motion.objection(ramp, LIMITS)
    through_the_table = joint_motion.plan(
        np.array([0, 1.6, 1.5, 0, 0.7, 0]), np.array([0, 1.2, -1.7, 0, -0.6, 0]), 0.0, LIMITS
    )
    ends = [kinematics.forward(joints)[2, 3] for joints in (through_the_table.start, through_the_table.goal)]
    floor = min(ends) - 0.01
    assert "the way there dips to z = -0.310 m" in joint_motion.objection(
        through_the_table, replace(LIMITS, workspace_lower_m=(0.1, -0.25, floor))
    )
    assert joint_motion.objection(through_the_table, replace(LIMITS, workspace_lower_m=(0.1, -0.25, -0.4))) == ""


def test_goal_joints_keep_the_margin():
    joints = kinematics.HOME_JOINTS.copy()
    joints[4] = 2.14
    assert kinematics.inverse(kinematics.forward(joints), joints) is not None
    assert joint_motion.goal_joints(kinematics.forward(joints), joints, LIMITS) is None


def test_a_move_ends_once_and_wakes_its_waiter():
    move = joint_motion.Move()
    assert not move.done and not move.wait(0.0)
    threading.Timer(0.02, lambda: move.end(True, "")).start()
    assert move.wait(5.0) and move.success
    move.end(False, "late")
    assert move.success and move.message == ""
