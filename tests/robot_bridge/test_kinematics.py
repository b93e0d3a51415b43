import json
from pathlib import Path

import modern_robotics
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge import kinematics as k

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "bridge_v2_sample"

joints_within_limits = st.tuples(
    *(st.floats(low, high) for low, high in zip(k.JOINT_LOWER.tolist(), k.JOINT_UPPER.tolist()))
).map(lambda values: np.round(values, 4))  # modern_robotics takes angles below 1e-6 for zero
small = st.floats(-0.25, 0.25)


@settings(max_examples=60, deadline=None)
@given(joints_within_limits)
def test_forward_and_jacobian_equal_modern_robotics(joints):
    expected = modern_robotics.FKinSpace(k.HOME_POSE, k.SCREW_AXES, joints)
    np.testing.assert_allclose(k.forward(joints), expected, atol=1e-9)
    np.testing.assert_allclose(k.forward_reference(joints), expected, atol=0)
    screw = modern_robotics.JacobianSpace(k.SCREW_AXES, joints)
    at_tip = screw[3:] + np.cross(screw[:3].T, expected[:3, 3]).T
    np.testing.assert_allclose(k.jacobian(joints), np.vstack([at_tip, screw[:3]]), atol=1e-9)


def test_forward_knows_the_published_configurations():
    np.testing.assert_allclose(k.forward(np.zeros(6)), k.HOME_POSE, atol=1e-12)
    np.testing.assert_allclose(k.forward(k.NEUTRAL_JOINTS)[:3, 3], (0.120, -0.019, 0.247), atol=5e-4)
    np.testing.assert_allclose(k.forward(k.SLEEP_JOINTS)[:3, 3], (0.12265, 0.0, 0.08126), atol=1e-5)
    np.testing.assert_allclose(k.pose_to_state(k.forward(k.HOME_JOINTS)), (0.22, 0, 0.22, 0, 0, 0), atol=5e-4)


def test_jacobian_is_the_derivative_of_forward():
    joints, step = k.NEUTRAL_JOINTS, 1e-6
    for index in range(6):
        nudged = joints.copy()
        nudged[index] += step
        numeric = k.pose_error(k.forward(nudged), k.forward(joints)) / step
        np.testing.assert_allclose(k.jacobian(joints)[:, index], numeric, atol=1e-5)


def test_constants_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        k.NEUTRAL_JOINTS[0] = 1.0


@settings(max_examples=60, deadline=None)
@given(joints_within_limits, st.tuples(*[small] * 6).map(np.array))
def test_displace_undoes_pose_error(joints, motion):
    pose = k.forward(joints)
    moved = k.displace(pose, motion)
    np.testing.assert_allclose(k.pose_error(moved, pose), motion, atol=1e-9)
    np.testing.assert_allclose(moved[:3, :3] @ moved[:3, :3].T, np.eye(3), atol=1e-9)


@pytest.mark.parametrize("angle", [0.0, 1e-10, 1e-7, 1.0, 3.0, np.pi - 1e-9, np.pi])
def test_pose_error_gives_the_angle_everywhere(angle):
    axis = np.array([0.6, 0.0, 0.8])
    turned = k.displace(np.eye(4), np.concatenate([np.zeros(3), angle * axis]))
    error = k.pose_error(turned, np.eye(4))[3:]
    assert np.linalg.norm(error) == pytest.approx(angle, abs=1e-7)
    if angle > 1e-8:
        assert abs(error @ axis) == pytest.approx(angle, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.floats(-3.1, 3.1), st.floats(-1.5, 1.5), st.floats(-3.1, 3.1)))
def test_state_and_pose_are_inverse(euler):
    state = np.array([0.3, -0.1, 0.1, *euler])
    np.testing.assert_allclose(k.pose_to_state(k.state_to_pose(state)), state, atol=1e-9)


def test_state_of_a_vertical_pitch_is_a_state_of_the_same_pose():
    for pitch in (np.pi / 2, -np.pi / 2):
        pose = k.state_to_pose(np.array([0.2, 0.0, 0.1, 0.3, pitch, -0.4]))
        np.testing.assert_allclose(k.state_to_pose(k.pose_to_state(pose)), pose, atol=1e-6)


def test_gripper_down_reads_zero_rotation():
    pose = np.eye(4)
    pose[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
    np.testing.assert_array_equal(k.pose_to_state(pose), np.zeros(6))


def test_integrate_turns_about_base_axes_roll_first():
    pose = k.forward(k.NEUTRAL_JOINTS)
    delta = np.array([0.01, -0.02, 0.03, 0.1, -0.2, 0.25])
    rx, ry, rz = (modern_robotics.MatrixExp3(modern_robotics.VecToso3(delta[3 + i] * np.eye(3)[i])) for i in range(3))
    moved = k.integrate(pose, delta)
    np.testing.assert_allclose(moved[:3, :3], rz @ ry @ rx @ pose[:3, :3], atol=1e-12)
    np.testing.assert_allclose(moved[:3, 3] - pose[:3, 3], delta[:3], atol=1e-15)


def test_inverse_finds_reachable_poses_within_limits():
    rng, found = np.random.default_rng(0), 0
    for _ in range(40):
        state = [rng.uniform(0.2, 0.36), rng.uniform(-0.12, 0.12), rng.uniform(0.02, 0.2), *rng.uniform(-0.4, 0.4, 3)]
        joints = k.inverse(k.state_to_pose(np.array(state)), k.NEUTRAL_JOINTS)
        if joints is not None:
            found += 1
            assert k.within_limits(joints)
            np.testing.assert_allclose(k.forward(joints), k.state_to_pose(np.array(state)), atol=1e-5)
    assert found >= 38


def test_inverse_wraps_its_result_and_says_none_for_what_it_cannot_reach():
    turned_seed = k.NEUTRAL_JOINTS + np.array([0, 0, 0, 2 * np.pi, 0, -2 * np.pi])
    joints = k.inverse(k.forward(k.NEUTRAL_JOINTS), turned_seed)
    np.testing.assert_allclose(joints, k.NEUTRAL_JOINTS, atol=1e-5)
    far = k.forward(k.HOME_JOINTS)
    far[0, 3] = 0.9
    assert k.inverse(far, k.HOME_JOINTS) is None
    with pytest.raises(ValueError, match="finite"):
        k.inverse(np.full((4, 4), np.nan), k.HOME_JOINTS)


def test_damped_step_converges_and_keeps_its_bounds():
    target = k.forward(k.HOME_JOINTS + 0.05)
    joints = k.HOME_JOINTS
    for _ in range(3):
        before = joints
        joints, error = k.damped_step(joints, target, 0.2)
        assert np.max(np.abs(joints - before)) <= 0.2 + 1e-12
    assert np.linalg.norm(error) < 1e-3
    np.testing.assert_allclose(k.forward(joints), target, atol=1e-4)
    slow, _ = k.damped_step(k.HOME_JOINTS, target, 0.001)
    assert np.max(np.abs(slow - k.HOME_JOINTS)) == pytest.approx(0.001)
    walled, _ = k.damped_step(k.HOME_JOINTS, target, 0.2, k.HOME_JOINTS - 1, k.HOME_JOINTS)
    assert np.all(walled <= k.HOME_JOINTS)


def _gripper_rotation(pose, action):
    moved = k.integrate(pose, np.array([*action[:3], 0, 0, 0]))
    moved[:3, :3] = pose[:3, :3] @ k.rotation_from_euler(*action[3:6])
    return moved


def test_track_reaches_what_a_tick_asks_and_reports_the_error_it_leaves():
    step = np.array([0.005, -0.004, 0.003, 0.02, -0.02, 0.03])
    target = k.displace(k.forward(k.HOME_JOINTS), step)
    joints, error = k.track(k.HOME_JOINTS, target, k.JOINT_LOWER, k.JOINT_UPPER, 1e-4)
    assert np.max(np.abs(error)) < 1e-4
    np.testing.assert_allclose(error, k.pose_error(target, k.forward(joints)), atol=1e-12)
    joints, error = k.track(k.HOME_JOINTS, target, k.JOINT_LOWER, k.HOME_JOINTS, 1e-4)
    assert np.all(joints <= k.HOME_JOINTS) and np.max(np.abs(error)) > 1e-3


def test_a_state_of_no_numbers_is_refused():
    with pytest.raises(ValueError, match="finite Bridge state"):
        k.state_to_pose(np.array([0.2, 0.0, 0.1, np.inf, 0.0, 0.0]))


WRONG = {
    "nothing": lambda pose, action: pose,
    "gripper frame": _gripper_rotation,
    "opposite rotation": lambda pose, action: k.integrate(pose, np.array([*action[:3], *-action[3:6]])),
    "roll and yaw exchanged": lambda pose, action: k.integrate(pose, action[[0, 1, 2, 5, 4, 3]]),
    "x and y exchanged": lambda pose, action: k.integrate(pose, action[[1, 0, 2, 3, 4, 5]]),
    "Euler angles added": lambda pose, action: k.state_to_pose(k.pose_to_state(pose) + action[:6]),
}


def _medians(integrate):
    """Median position [m] and rotation [rad] errors after 1 and after 9 recorded steps."""
    errors = {1: [], 9: []}
    for path in sorted(SAMPLE.glob("*/episode.json")):
        episode = json.loads(path.read_text(encoding="utf-8"))
        poses = [k.state_to_pose(np.array(state)) for state in episode["state"]]
        actions = np.array(episode["action"])
        for length in errors:
            for start in range(len(poses) - length):
                pose = poses[start]
                for action in actions[start : start + length]:
                    pose = integrate(pose, action)
                error = k.pose_error(poses[start + length], pose)
                errors[length].append((np.linalg.norm(error[:3]), np.linalg.norm(error[3:])))
    return {length: np.median(values, axis=0) for length, values in errors.items()}


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the Bridge sample data (shared/data) is not beside this checkout")
def test_recorded_bridge_actions_lead_to_the_recorded_states():
    """On 25 real snippets the convention follows the arm to 3.5 mm, 0.015 rad a step and 13 mm, 0.036 rad in nine.

    Commanded is not achieved, so no convention reads zero; doing nothing is off by 9.4 mm, 0.033 rad and 63 mm,
    0.18 rad. The wrong conventions are told apart by what they claim: after nine steps rotations in the gripper frame
    err by 0.18, of the opposite sign by 0.35, with roll and yaw exchanged by 0.22 and added Euler angles by 0.08 rad,
    x and y exchanged by 35 mm.
    """
    bridge = _medians(k.integrate)
    assert bridge[1][0] < 0.0040 and bridge[1][1] < 0.017
    assert bridge[9][0] < 0.0150 and bridge[9][1] < 0.040
    wrong = {name: _medians(integrate) for name, integrate in WRONG.items()}
    assert wrong["nothing"][1][0] > 2.5 * bridge[1][0] and wrong["nothing"][1][1] > 2 * bridge[1][1]
    assert wrong["nothing"][9][0] > 4 * bridge[9][0] and wrong["nothing"][9][1] > 4 * bridge[9][1]
    assert wrong["x and y exchanged"][9][0] > 2 * bridge[9][0]
    for name in ("gripper frame", "opposite rotation", "roll and yaw exchanged", "Euler angles added"):
        assert wrong[name][9][1] > 1.8 * bridge[9][1], name
