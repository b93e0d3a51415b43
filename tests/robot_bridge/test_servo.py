"""Commands through the servo: what they make the target do, what they are refused for, what silence does."""

from dataclasses import replace

import numpy as np
import pytest
from number_arm import Rig

from robot_bridge import kinematics
from robot_bridge.safety import Limits
from robot_bridge.servo import PERIOD_S, Mode

ACTION = np.array([0.02, -0.01, 0.01, 0.05, -0.04, 0.1])
STILL = np.zeros(6)


def test_it_starts_disarmed_and_sends_nothing():
    rig = Rig(armed=False)
    status = rig.tick(5)
    assert (status.mode, status.armed, status.stopped) == (Mode.IDLE, False, False)
    assert "disarmed: arm first" in rig.refusal(rig.command(ACTION))
    move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS)
    assert move.done and not move.success and "disarmed" in move.message
    assert rig.arm.sent == [] and rig.arm.torque == []


def test_arming_switches_the_torque_on_and_moves_nothing():
    rig = Rig()
    status = rig.tick(3)
    assert rig.arm.torque == [True]
    assert (status.mode, status.armed) == (Mode.IDLE, True)
    assert rig.arm.sent == []
    rig.servo.arm()
    assert rig.arm.torque == [True]


def test_a_bridge_action_moves_the_target_by_exactly_itself_in_its_step():
    rig = Rig()
    start = kinematics.forward(rig.arm.joints)
    (report,) = rig.step(ACTION, gripper=0.4)
    assert report.accepted and report.reason == "" and report.limits == ()
    expected = np.append(ACTION, 0.4)
    np.testing.assert_allclose(report.commanded, expected, atol=1e-12)
    np.testing.assert_allclose(report.executed, expected, atol=1e-12)
    np.testing.assert_allclose(rig.status.target_pose, kinematics.integrate(start, ACTION), atol=1e-12)
    np.testing.assert_allclose(kinematics.forward(rig.arm.sent[-1]), rig.status.target_pose, atol=1e-4)
    assert rig.status.mode == Mode.SERVO
    speeds = np.linalg.norm(np.diff([kinematics.forward(q)[:3, 3] for q in rig.arm.sent], axis=0), axis=1) / PERIOD_S
    np.testing.assert_allclose(speeds, np.linalg.norm(ACTION[:3]) / 0.2, rtol=0.01)


def test_the_sum_of_jittered_actions_is_exact_and_so_is_the_sum_of_the_reports():
    rig, rng = Rig(), np.random.default_rng(3)
    expected = kinematics.forward(rig.arm.joints)
    reports = []
    for _ in range(30):
        action = rng.uniform(-1, 1, 6) * [0.015, 0.015, 0.01, 0.05, 0.05, 0.05]
        expected = kinematics.integrate(expected, action)
        reports += rig.step(action, ticks=int(rng.integers(7, 14)))
    rig.tick(10)
    reports += rig.servo.take_reports()
    assert [report.command.sequence for report in reports] == list(range(1, 31))
    assert not any(report.limits for report in reports)
    np.testing.assert_allclose(rig.status.target_pose, expected, atol=1e-9)
    summed = kinematics.forward(kinematics.HOME_JOINTS)
    for report in reports:
        summed = kinematics.integrate(summed, report.executed[:6])
    np.testing.assert_allclose(summed, expected, atol=1e-9)


def test_achieved_is_what_the_arm_made_of_it():
    rig = Rig(follow=0.2)
    achieved = np.zeros(3)
    for _ in range(5):
        for report in rig.step(np.array([0.01, 0, 0, 0, 0, 0])):
            assert report.achieved[0] < report.executed[0] + 0.003
            achieved += report.achieved[:3]
    moved = rig.status.pose[:3, 3] - kinematics.forward(kinematics.HOME_JOINTS)[:3, 3]
    np.testing.assert_allclose(achieved, moved, atol=1e-9)
    assert 0.03 < moved[0] < 0.05


def test_limits_that_touched_a_command_are_named_and_executed_is_what_remained():
    rig = Rig(replace(Limits(), linear_speed_m_s=0.05))
    (report,) = rig.step(np.array([0, 0.02, 0, 0, 0, 0]), gripper=1.5)
    assert report.limits == ("twist_linear", "gripper")
    np.testing.assert_allclose(report.executed, [0, 0.01, 0, 0, 0, 0, 1.0], atol=1e-9)
    assert report.commanded[1] == pytest.approx(0.02) and report.commanded[6] == 1.5
    rig = Rig(replace(Limits(), workspace_lower_m=(0.1, -0.25, 0.21)))
    (report,) = rig.step(np.array([0.01, 0, -0.03, 0, 0, 0]))
    assert report.limits == ("workspace",)
    np.testing.assert_allclose(report.executed[:3], [0.01, 0, 0.21 - kinematics.forward(kinematics.HOME_JOINTS)[2, 3]])


def test_the_leash_holds_the_target_at_a_blocked_arm():
    rig = Rig(follow=0.0)
    for _ in range(6):
        (report,) = rig.step(np.array([0.03, 0, 0, 0, 0, 0]))
        assert report.limits == ("leash",)
        lead = np.linalg.norm(rig.status.target_pose[:3, 3] - rig.status.pose[:3, 3])
        assert lead <= 0.025 + 1e-9
    assert report.executed[0] == pytest.approx(0.0, abs=1e-9)
    assert report.achieved[0] == 0.0


def test_silence_holds_then_idles_and_a_fresh_command_starts_from_the_measured_pose():
    rig = Rig()
    rig.step(ACTION)
    assert rig.run(0.08).mode == Mode.SERVO
    status = rig.run(0.06)
    assert (status.mode, status.reason) == (Mode.HOLD, "no command for 0.3 s")
    held = rig.arm.sent[-1]
    assert rig.run(1.6).mode == Mode.HOLD
    np.testing.assert_array_equal(rig.arm.sent[-1], held)
    status = rig.run(0.1)
    assert (status.mode, status.armed) == (Mode.IDLE, True)
    sent = len(rig.arm.sent)
    rig.run(0.5)
    assert len(rig.arm.sent) == sent, "an idle servo sends nothing"
    rig.arm.joints = rig.arm.joints + 0.05  # somebody moved the arm meanwhile
    rig.arm.goal = None
    measured = kinematics.forward(rig.arm.joints)
    rig.sequence = 0  # a policy that was restarted counts anew
    (report,) = rig.step(ACTION)
    assert report.accepted
    np.testing.assert_allclose(rig.status.target_pose, kinematics.integrate(measured, ACTION), atol=1e-9)


def test_silence_in_the_middle_of_a_long_command_ends_it():
    rig = Rig(replace(Limits(), hold_after_s=0.2))
    rig.servo.submit(rig.command(np.array([0.02, 0, 0, 0, 0, 0]), duration_s=0.2))
    rig.tick(4)
    rig.time_s += 0.3  # the servo itself did not get to tick
    assert rig.tick().mode == Mode.HOLD
    (report,) = rig.servo.take_reports()
    assert report.reason == "no command for 0.2 s"
    assert 0.004 < report.executed[0] < 0.02


def test_a_hold_goes_on_from_its_target():
    rig = Rig()
    rig.step(ACTION)
    target = rig.run(0.5).target_pose
    assert rig.status.mode == Mode.HOLD
    rig.step(ACTION)
    np.testing.assert_allclose(rig.status.target_pose, kinematics.integrate(target, ACTION), atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sequence": 1}, "repeated"),
        ({"sequence": 0}, "backwards"),
        ({"stamp_s": 1.0}, "stale"),
        ({"stamp_s": 1000.0}, "future"),
        ({"duration_s": 0.4}, "duration"),
    ],
)
def test_bad_commands_are_refused_and_the_motion_under_way_goes_on(changes, words):
    rig = Rig()
    start = kinematics.forward(rig.arm.joints)
    rig.servo.submit(rig.command(ACTION))
    rig.tick(3)
    assert words in rig.refusal(rig.command(np.array([0.0, 0.02, 0, 0, 0, 0]), **changes))
    rig.tick(10)
    np.testing.assert_allclose(rig.status.target_pose, kinematics.integrate(start, ACTION), atol=1e-9)


def test_refused_commands_do_not_keep_the_servo_awake():
    rig = Rig()
    rig.step(ACTION)
    for _ in range(20):
        rig.servo.submit(rig.command(ACTION, sequence=1))
        rig.tick()
    assert rig.status.mode == Mode.HOLD


def test_a_jump_is_refused_and_a_flood_does_not_pile_up():
    rig = Rig()
    assert "jump" in rig.refusal(rig.command(np.array([0.5, 0, 0, 0, 0, 0])))
    start = kinematics.forward(rig.arm.joints)
    for _ in range(20):
        rig.servo.submit(rig.command(np.array([0.0, 0.08, 0, 0, 0, 0])))
    rig.run(0.6)
    reports = rig.servo.take_reports()
    assert any("faster than they can be made" in report.reason for report in reports if not report.accepted)
    moved = np.linalg.norm(rig.status.target_pose[:3, 3] - start[:3, 3])
    assert moved <= 0.434 * 0.5 + 0.09


def test_a_full_inbox_refuses():
    rig = Rig()
    for _ in range(70):
        rig.servo.submit(rig.command(STILL))
    assert sum("waiting" in report.reason for report in rig.servo.take_reports()) == 70 - 64


def test_two_senders_are_told_apart_by_their_sequence():
    rig = Rig()
    rig.step(ACTION)
    assert "second sender" in rig.refusal(rig.command(ACTION, sequence=1))


def test_no_joint_solution_holds_and_reports_and_the_way_back_is_open():
    limits = replace(Limits(), workspace_upper_m=(0.9, 0.5, 0.9))
    rig = Rig(limits, joints=np.array([0, 0.3, 0, 0, -0.3, 0]))
    for _ in range(20):
        (report,) = rig.step(np.array([0.02, 0, 0, 0, 0, 0]))
        if report.reason:
            break
    assert "ik" in report.limits and "no joint solution" in report.reason
    assert rig.status.mode == Mode.HOLD and "no joint solution" in rig.status.reason
    jumps = np.abs(np.diff(rig.arm.sent, axis=0))
    assert np.max(jumps) <= 3.0 * PERIOD_S + 1e-9, "no jump to anywhere"
    (report,) = rig.step(np.array([-0.02, 0, 0, 0, 0, 0]))
    assert report.accepted and report.executed[0] < -0.01


def test_a_joint_position_limit_holds_and_reports():
    rig = Rig()
    for _ in range(12):
        (report,) = rig.step(np.array([0, 0, 0, 0, 0.1, 0]))
        if report.reason:
            break
    assert "joint_position" in report.limits and rig.status.mode == Mode.HOLD
    assert all(kinematics.within_limits(joints, 0.05 - 1e-9) for joints in rig.arm.sent)


def test_the_gripper_keeps_its_last_value_in_every_mode():
    rig = Rig()
    rig.step(ACTION, gripper=0.3)
    rig.step(ACTION, gripper=0.3)
    assert rig.arm.grippers == [0.3], "an unchanged opening is not sent again"
    rig.run(3.0)
    rig.servo.stop("x")
    rig.tick()
    rig.servo.resume()
    rig.tick(3)
    rig.servo.disarm()
    rig.tick(3)
    assert rig.arm.grippers == [0.3] and rig.status.gripper_target == 0.3


def test_a_hand_that_tips_over_stops_before_its_wrist_or_a_finger_reaches_the_table():
    rig = Rig(replace(Limits(), workspace_lower_m=(0.1, -0.25, 0.05)))
    for _ in range(4):
        rig.step(np.array([0.0, 0, -0.04, 0, 0, 0]))
    touched = []
    for _ in range(8):
        for report in rig.step(np.array([0, 0, 0, 0.2, 0, 0])):
            touched += report.limits
    assert "workspace" in touched
    fingers = [(rig.status.target_pose @ [0, side * 0.037, 0, 1])[2] for side in (-1, 1)]
    assert 0.03 - 1e-9 <= min(fingers) < 0.045 and rig.status.mode == Mode.SERVO
    (report,) = rig.step(np.array([0, 0, 0, -0.2, 0, 0]))
    assert report.limits == () and report.executed[3] == pytest.approx(-0.2)
