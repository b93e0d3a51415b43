import threading
from dataclasses import replace
from pathlib import Path

import modern_robotics
import numpy as np
import pytest
import yaml

from robot_bridge import joint_motion, kinematics, safety
from robot_bridge.safety import Limits

LIMITS = Limits()
REPO = Path(__file__).resolve().parents[2]


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


def protocol_joints():
    poses = yaml.safe_load((REPO / "config/protocol/v_ptr.yaml").read_text(encoding="utf-8"))["poses"]
    names = ("x", "y", "z", "roll", "pitch", "yaw")
    states = [np.array([pose[name] for name in names]) for pose in poses.values()]
    return [
        joint_motion.goal_joints(kinematics.state_to_pose(state), kinematics.HOME_JOINTS, LIMITS) for state in states
    ]


def test_the_protocols_start_poses_home_sleep_and_neutral_may_be_driven_between_inside_the_box():
    places = [*protocol_joints(), kinematics.HOME_JOINTS, kinematics.SLEEP_JOINTS, kinematics.NEUTRAL_JOINTS]
    assert len(places) == 7
    for start in places:
        for goal in places:
            assert joint_motion.objection(joint_motion.plan(start, goal, 0.0, LIMITS), LIMITS, in_box=True) == ""


@pytest.mark.parametrize(
    ("start", "goal", "axis"),
    [
        ((0.30, 0.24, 0.10), (0.30, -0.24, 0.10), "x"),  # around: the arc of the waist bulges to 0.384
        ((0.12, 0.22, 0.30), (0.12, -0.22, 0.30), "x"),
    ],
)
def test_a_path_that_bulges_out_of_the_box_is_objected_to_for_poses_only(start, goal, axis):
    limits = replace(LIMITS, workspace_upper_m=(0.31 if start[0] > 0.2 else 0.15, 0.25, 0.33))
    ends = []
    for position in (start, goal):
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = kinematics.R_DEFAULT, position
        ends.append(joint_motion.goal_joints(pose, kinematics.HOME_JOINTS, limits))
    ramp = joint_motion.plan(*ends, 0.0, limits)
    assert f"leaves the workspace at {axis} = " in joint_motion.objection(ramp, limits, in_box=True)
    assert "go by way of home" in joint_motion.objection(ramp, limits, in_box=True)
    assert joint_motion.objection(ramp, limits) == ""


def test_a_path_that_takes_the_wrist_through_the_table_is_objected_to_even_with_the_tip_high():
    limits = replace(LIMITS, workspace_lower_m=(0.10, -0.25, 0.0), workspace_upper_m=(0.9, 0.9, 0.9))
    start, goal = np.array([0, 0.6, -0.3, 0, -1.0, 0]), np.array([0, 1.34, -0.69, 0, -1.26, 0])
    wrist = kinematics.forward(goal) @ [-kinematics.HAND_M, 0, 0, 1]
    assert wrist[2] < 0.0 < kinematics.forward(goal)[2, 3]
    ramp = joint_motion.plan(start, goal, 0.0, limits)
    assert "lower than the workspace's floor allows" in joint_motion.objection(ramp, limits, in_box=True)
    back = joint_motion.plan(goal, start, 0.0, limits)
    assert joint_motion.objection(back, limits, in_box=True) == "", "the way up is open"


def test_the_clearance_of_the_links_is_that_of_the_chain():
    rng = np.random.default_rng(2)
    for joints in rng.uniform(kinematics.JOINT_LOWER, kinematics.JOINT_UPPER, (50, 6)):
        pose = kinematics.forward_reference(joints)
        wrist = (pose @ [-kinematics.HAND_M, 0, 0, 1])[2]
        fingers = [(pose @ [0, side * safety.FINGER_SPAN_M, 0, 1])[2] for side in (-1, 1)]
        upper = modern_robotics.FKinSpace(
            np.array([[1, 0, 0, 0.04975], [0, 1, 0, 0], [0, 0, 1, 0.36065], [0, 0, 0, 1]]),
            kinematics.SCREW_AXES[:, :2],
            joints[:2],
        )
        lowest = min(min(wrist, upper[2, 3]) - safety.LINK_RADIUS_M, min(fingers) + safety.FINGER_ALLOWANCE_M)
        assert safety.link_clearance(kinematics.forward(joints), joints[1], LIMITS) == pytest.approx(lowest + 0.01)
