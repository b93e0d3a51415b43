"""From hand to arm: axes, clutch, caps, clamps, slips, on poses of plain numbers."""

from dataclasses import replace

import numpy as np
import pytest
from teleop_person import START, Person, pose

from robot_bridge import kinematics
from robot_bridge.interface import ACTION_HIGH
from robot_bridge.kinematics import rotation_from_euler
from robot_bridge.teleop.mapper import Mapper, base_from_hand, heading
from robot_bridge.teleop.settings import BRIDGE, SMOOTH, TeleopSettings

RIGHT, UP, FORWARD = np.eye(3)[0], np.eye(3)[1], -np.eye(3)[2]
X, Y, Z = np.eye(3)


def rz(angle: float) -> np.ndarray:
    return rotation_from_euler(0.0, 0.0, angle)


def ry(angle: float) -> np.ndarray:
    return rotation_from_euler(0.0, angle, 0.0)


@pytest.mark.parametrize(("facing", "forward", "right"), [(0, X, -Y), (90, Y, X), (180, -X, Y), (270, -Y, -X)])
def test_the_hand_moves_the_arm_as_the_person_faces(facing, forward, right) -> None:
    axes = base_from_hand(facing)
    np.testing.assert_allclose(axes @ FORWARD, forward, atol=1e-12)
    np.testing.assert_allclose(axes @ RIGHT, right, atol=1e-12)
    np.testing.assert_allclose(axes @ UP, Z, atol=1e-12)


def test_facing_the_robot_is_bridges_map() -> None:
    rx = rotation_from_euler(np.pi / 2, 0.0, 0.0)
    np.testing.assert_allclose(base_from_hand(180), rz(np.pi / 2) @ rx, atol=1e-12)
    np.testing.assert_allclose(base_from_hand(0), rz(-np.pi / 2) @ rx, atol=1e-12)


def moved(settings: TeleopSettings, hand: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Where the arm ends after the hand went from ``start`` to ``hand``."""
    mapper, arm, now_s = Mapper(settings), START.copy(), 0.0
    mapper.anchor(start, arm, now_s)
    for number in range(100):
        motion, _ = mapper.advance(hand, arm, now_s)
        mapper.sent(number, motion)
        arm = kinematics.integrate(arm, motion)
        now_s += settings.tick_s
    return arm


def test_one_to_one_and_scaled() -> None:
    start, end = pose(0.1, 1.2, -0.3), pose(0.13, 1.18, -0.35)
    expected = START[:3, 3] + base_from_hand(180) @ (0.03, -0.02, -0.05)
    np.testing.assert_allclose(moved(BRIDGE, end, start)[:3, 3], expected, atol=1e-6)
    half = moved(replace(BRIDGE, scale=0.5), end, start)[:3, 3]
    np.testing.assert_allclose(half - START[:3, 3], (expected - START[:3, 3]) / 2, atol=1e-6)


def test_a_turn_is_left_multiplied_in_base_about_the_end_effector() -> None:
    grip = rotation_from_euler(0.4, -0.3, 0.9)  # however the controller is held
    arm = moved(BRIDGE, pose(turn=ry(0.2) @ grip), pose(turn=grip))
    np.testing.assert_allclose(arm[:3, 3], START[:3, 3], atol=1e-9)
    np.testing.assert_allclose(arm[:3, :3], rz(0.2) @ START[:3, :3], atol=1e-4)  # up is up
    tilted = moved(BRIDGE, pose(turn=rotation_from_euler(0.2, 0, 0) @ grip), pose(turn=grip))
    np.testing.assert_allclose(tilted[:3, :3], rotation_from_euler(0, 0.2, 0) @ START[:3, :3], atol=1e-4)  # right is y


def test_rezero_makes_where_the_controller_points_straight_ahead() -> None:
    mapper = Mapper(replace(BRIDGE, facing_deg=0))
    assert heading(pose(turn=ry(0.7))) == pytest.approx(0.7)
    assert mapper.rezero(pose(turn=ry(0.7)))
    mapper.anchor(pose(), START, 0.0)
    ahead = ry(0.7) @ FORWARD
    np.testing.assert_allclose(mapper.goal(pose(*0.1 * ahead))[:3, 3] - START[:3, 3], 0.1 * X, atol=1e-12)
    assert not mapper.rezero(pose(turn=rotation_from_euler(1.5, 0, 0)))  # it points up
    np.testing.assert_allclose(mapper.goal(pose(*0.1 * ahead))[:3, 3] - START[:3, 3], 0.1 * X, atol=1e-12)


def windows(person: Person, steps) -> np.ndarray:
    """The Bridge action (N, 6) of each 0.2 s of these steps."""
    ticks, made, poses = round(0.2 / person.teleop.settings.tick_s), START, []
    for step in steps:
        if step.motion is not None:
            made = kinematics.integrate(made, step.motion.twist * step.motion.duration_s)
        poses.append(made)
    pairs = zip(poses, poses[ticks:])
    return np.array(
        [[*(b[:3, 3] - a[:3, 3]), *kinematics.euler_from_rotation(b[:3, :3] @ a[:3, :3].T)] for a, b in pairs]
    )


@pytest.mark.parametrize("settings", [BRIDGE, SMOOTH])
def test_no_fifth_of_a_second_leaves_the_action_box(settings) -> None:
    person = Person(settings).engage()
    axis = np.array([1.0, -1.0, 1.0])
    steps = person.run(2.0, lambda t: pose(*(0.7 * t * axis), turn=rotation_from_euler(3 * t, 0, 3 * t)))
    actions = windows(person, steps)
    assert np.all(np.abs(actions) <= ACTION_HIGH[:6] * (1 + 1e-9))
    assert np.abs(actions[:, :3]).max() > 0.049 and np.linalg.norm(actions[:, 3:], axis=1).max() > 0.24
    assert any("velocity" in step.limits for step in steps)


def test_bridge_looks_at_the_hand_five_times_a_second_and_arrives_with_the_next() -> None:
    person = Person().engage()
    steps = person.run(2.0, lambda t: pose(0.05 * np.sin(t)))
    speeds = np.array([step.motion.twist[1] for step in steps if step.motion is not None])
    assert len({round(speed, 9) for speed in speeds}) <= 11
    person.run(0.4)
    final = START[:3, 3] + base_from_hand(180) @ (person.hand[:3, 3])
    np.testing.assert_allclose(person.robot.pose[:3, 3], final, atol=3e-5)


def test_the_target_leads_a_blocked_arm_by_no_more_than_the_clamp() -> None:
    person = Person(report=False).engage()
    person.blocked = True
    turn = rotation_from_euler(0, 0, 0)
    steps = person.run(1.0, lambda t: pose(0.3 * t, turn=turn))
    assert np.linalg.norm(steps[-1].target[:3, 3] - START[:3, 3]) == pytest.approx(0.025, abs=1e-6)
    assert "lead" in steps[-1].limits
    assert "clamp" in {pulse.kind for step in steps for pulse in step.haptics}
    person = Person(report=False).engage()
    person.blocked = True
    steps = person.run(1.0, lambda t: pose(turn=ry(0.5 * t)))
    angle = np.linalg.norm(kinematics.pose_error(steps[-1].target, START)[3:])
    assert angle == pytest.approx(0.15, abs=1e-6)


def test_a_hand_far_ahead_slips_so_that_the_arm_is_still_soon_after_it() -> None:
    person = Person().engage()
    steps = person.run(1.0, lambda t: pose(0.6 * t))  # 0.6 m/s, the arm makes 0.25
    assert any("slip" in step.limits for step in steps)
    at_rest = person.robot.pose.copy()
    after = person.run(1.0)
    assert np.linalg.norm(person.robot.pose[:3, 3] - at_rest[:3, 3]) <= BRIDGE.backlog_m + 1e-3
    assert np.linalg.norm(after[-1].motion.twist) < 1e-3


def test_what_the_servo_cut_is_forgotten_and_a_hand_that_turns_back_moves_the_arm_at_once() -> None:
    settings = SMOOTH
    mapper, arm, wall = Mapper(settings), START.copy(), START[0, 3] + 0.02
    mapper.anchor(pose(), arm, 0.0)
    axes_inverse = base_from_hand(180).T
    cuts = 0
    for number in range(100):
        forward = 0.002 * min(number, 50) - 0.002 * max(0, number - 50)
        hand = pose(*(axes_inverse @ (forward, 0.001 * number, 0.0)))
        motion, _ = mapper.advance(hand, arm, number * settings.tick_s)
        mapper.sent(number, motion)
        wanted = kinematics.integrate(arm, motion)
        executed = motion.copy()
        executed[0] -= max(0.0, wanted[0, 3] - wall)  # a wall across x, as the workspace is
        arm = kinematics.integrate(arm, executed)
        cuts += mapper.reported(number, executed, True, hand)
        if number == 50:
            assert arm[0, 3] == pytest.approx(wall)
        if number == 58:
            assert arm[0, 3] < wall - 0.01
    assert cuts > 10
    np.testing.assert_allclose(arm[1, 3] - START[1, 3], 0.099, atol=1e-3)  # along the wall nothing was lost


def test_reports_that_never_come_or_come_twice_change_nothing() -> None:
    mapper = Mapper(BRIDGE)
    mapper.anchor(pose(), START, 0.0)
    motion = np.array([0.001, 0, 0, 0, 0, 0])
    for number in range(200):
        mapper.sent(number, motion)
    assert not mapper.reported(150, np.zeros(6), False, pose())  # the next one makes the rest
    assert not mapper.reported(150, np.zeros(6), True, pose())
    assert not mapper.reported(151, 2 * motion, True, pose())
    np.testing.assert_allclose(mapper.target[:3, 3] - START[:3, 3], (0.2, 0, 0), atol=1e-9)
