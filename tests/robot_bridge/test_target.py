from dataclasses import replace

import numpy as np
import pytest

from robot_bridge import kinematics
from robot_bridge.report import motion_between
from robot_bridge.safety import Limits
from robot_bridge.target import Target

LIMITS = Limits()
DT = 0.02


def run(target, ticks, measured=None):
    """Advance with an arm that is where the target is, or stuck at ``measured``; the limits that cut it."""
    names = []
    for _ in range(ticks):
        names.extend(target.advance(DT, target.pose if measured is None else measured))
    return set(names)


def test_one_action_moves_the_target_by_exactly_itself_over_its_duration():
    target = Target(kinematics.HOME_JOINTS, LIMITS)
    start, action = target.pose, np.array([0.03, -0.02, 0.01, 0.1, -0.05, 0.2])
    assert target.add(action, 0.2) == ()
    assert run(target, 5) == set()
    np.testing.assert_allclose(motion_between(start, target.pose)[:3], action[:3] / 2, atol=1e-12)
    assert run(target, 5) == set()
    np.testing.assert_allclose(motion_between(start, target.pose), action, atol=1e-12)
    np.testing.assert_allclose(kinematics.forward(target.joints), target.pose, atol=1e-4)
    assert run(target, 5) == set() and target.remaining_s == 0.0


def test_an_early_action_adds_and_the_composition_is_bridge_s():
    target = Target(kinematics.HOME_JOINTS, LIMITS)
    expected = target.pose
    rng = np.random.default_rng(1)
    for _ in range(12):
        action = rng.uniform(-1, 1, 6) * [0.01, 0.01, 0.01, 0.05, 0.05, 0.05]
        expected = kinematics.integrate(expected, action)
        target.add(action, 0.2)
        run(target, int(rng.integers(3, 12)))
    run(target, 12)
    np.testing.assert_allclose(target.pose, expected, atol=1e-9)


def test_speed_stays_under_the_cap_when_actions_pile_up():
    target = Target(kinematics.HOME_JOINTS, replace(LIMITS, leash_m=1.0))
    for _ in range(2):
        target.add(np.array([0.0, 0.08, 0, 0, 0, 0]), 0.2)
    assert target.remaining_s == pytest.approx(0.16 / 0.434)
    before = target.pose[1, 3]
    run(target, 1)
    assert target.pose[1, 3] - before <= 0.434 * DT + 1e-12


def test_the_workspace_wall_is_slid_along():
    target = Target(kinematics.HOME_JOINTS, replace(LIMITS, workspace_upper_m=(0.23, 0.25, 0.33)))
    assert target.add(np.array([0.04, 0.02, 0, 0, 0, 0]), 0.2) == ("workspace",)
    run(target, 10)
    np.testing.assert_allclose(target.pose[:2, 3], [0.23, 0.02], atol=1e-9)


def test_a_blocked_arm_winds_nothing_up():
    target = Target(kinematics.HOME_JOINTS, LIMITS)
    stuck = target.pose
    for _ in range(5):
        target.add(np.array([0.04, 0, 0, 0, 0, 0]), 0.2)
        assert run(target, 10, measured=stuck) == {"leash"}
    lead = target.pose[0, 3] - stuck[0, 3]
    assert lead == pytest.approx(LIMITS.leash_m, abs=1e-9)
    target.add(np.array([-0.04, 0, 0, 0, 0, 0]), 0.2)
    run(target, 10, measured=stuck)
    assert target.pose[0, 3] - stuck[0, 3] == pytest.approx(lead - 0.04, abs=1e-9)


def test_the_angular_leash_holds_too():
    target = Target(kinematics.HOME_JOINTS, LIMITS)
    stuck = target.pose
    target.add(np.array([0, 0, 0, 0, 0, 0.25]), 0.2)
    assert run(target, 10, measured=stuck) == {"leash"}
    assert np.linalg.norm(kinematics.pose_error(target.pose, stuck)[3:]) == pytest.approx(LIMITS.leash_rad, abs=1e-6)


def test_beyond_reach_the_target_stays_and_says_so():
    target = Target(np.array([0, 0.3, 0, 0, -0.3, 0]), replace(LIMITS, workspace_upper_m=(0.9, 0.5, 0.9)))
    names = set()
    while "ik" not in names and target.pose[0, 3] < 0.7:
        if target.remaining_s == 0.0:
            target.add(np.array([0.02, 0, 0, 0, 0, 0]), 0.3)
        names = run(target, 1)
    assert 0.6 < target.pose[0, 3] < 0.65
    assert target.remaining_s == 0.0
    before = target.pose
    np.testing.assert_allclose(kinematics.forward(target.joints), before, atol=1e-3)
    run(target, 5)
    np.testing.assert_array_equal(target.pose, before)
    target.add(np.array([-0.02, 0, 0, 0, 0, 0]), 0.2)
    run(target, 10)
    assert target.pose[0, 3] < before[0, 3] - 0.01, "the way back must stay open"


def test_a_joint_limit_is_named_and_kept():
    target = Target(kinematics.HOME_JOINTS, LIMITS)
    names = set()
    for _ in range(10):
        target.add(np.array([0, 0, 0, 0, 0.1, 0]), 0.2)
        names |= run(target, 10)
    assert names == {"joint_position"}
    assert kinematics.within_limits(target.joints, LIMITS.joint_margin_rad - 1e-9)


def test_joint_speed_cuts_the_motion_and_the_target_is_where_the_joints_are():
    target = Target(kinematics.HOME_JOINTS, replace(LIMITS, joint_speed_rad_s=0.3))
    start = target.pose
    target.add(np.array([0, 0.08, 0, 0, 0, 0.0]), 0.2)
    joints = target.joints
    assert run(target, 1) == {"joint_velocity"}
    assert np.max(np.abs(target.joints - joints)) == pytest.approx(0.3 * DT)
    run(target, 9)
    np.testing.assert_allclose(kinematics.forward(target.joints), target.pose, atol=1e-12)
    assert 0.005 < motion_between(start, target.pose)[1] < 0.06
