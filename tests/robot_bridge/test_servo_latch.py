"""A stop or a fault stays latched, whatever else happens, until it is resumed."""

import threading

import numpy as np
import pytest
from number_arm import NumberArm, Rig

from robot_bridge import kinematics
from robot_bridge.servo import ArmUnready, Mode

ACTION = np.array([0.02, -0.01, 0.01, 0.05, -0.04, 0.1])


def other_arm(rig: Rig) -> NumberArm:
    return NumberArm(lambda: rig.time_s, kinematics.NEUTRAL_JOINTS, 1.0)


class FailsOnce:
    """Passes calls to an arm on and raises instead at the ``number``-th of them."""

    def __init__(self, arm: NumberArm, number: int) -> None:
        self._arm, self.left = arm, number

    def __getattr__(self, name):
        call = getattr(self._arm, name)

        def passed(*values):
            self.left -= 1
            if self.left == 0:
                raise OSError(f"{name} failed")
            return call(*values)

        return passed


def test_wherever_the_arm_fails_a_stopped_servo_changes_no_target_until_resumed():
    outcomes = set()
    for number in range(1, 45):
        rig = Rig(armed=False)
        arm = FailsOnce(rig.arm, number)
        rig.servo.exchange(arm, "the arm of this test")
        target = None
        for step in range(24):
            try:
                if step == 0:
                    rig.servo.arm()
                if step == 5:
                    rig.servo.move_joints(kinematics.NEUTRAL_JOINTS, gripper=0.3)
                if step == 9:
                    rig.servo.arm()
            except ArmUnready:
                outcomes.add("unready")
            if step in (1, 2, 3, 12):
                rig.servo.submit(rig.command(ACTION, gripper=0.1 * step))
            rig.tick()
            outcomes.add(rig.status.mode)
            if not rig.status.stopped:
                assert rig.status.mode != Mode.FAULT and target is None, f"call {number}: left the latch by itself"
            else:
                assert rig.status.mode in (Mode.FAULT, Mode.HOLD)
                if target is not None and rig.status.target_joints is not None:
                    np.testing.assert_array_equal(rig.status.target_joints, target)
                target = rig.status.target_joints if target is None else target
    assert {"unready", Mode.FAULT, Mode.MOVING, Mode.SERVO} <= outcomes


def test_a_gripper_that_fails_as_a_move_begins_ends_the_move_and_stays_a_fault():
    rig = Rig()
    rig.tick()

    def fail(opening):
        raise OSError("PWM service is gone")

    rig.arm.set_gripper = fail
    move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS, gripper=0.2)
    assert move.done and not move.success and "PWM service is gone" in move.message
    before = rig.arm.joints
    assert rig.tick(20).mode == Mode.FAULT
    np.testing.assert_array_equal(rig.arm.joints, before)


@pytest.mark.parametrize("pending", [True, False])
def test_a_stop_survives_the_exchange_of_the_arm(pending):
    rig = Rig()
    rig.tick()
    rig.servo.stop("the operator said so")
    if not pending:
        rig.tick()
    rig.servo.exchange(other_arm(rig), "the scene was exchanged")
    status = rig.tick()
    assert (status.mode, status.stopped, status.armed) == (Mode.HOLD, True, False)
    assert "the operator said so" in status.reason
    rig.servo.arm()
    assert "resume first" in rig.refusal(rig.command(ACTION))
    rig.servo.resume()
    assert rig.tick().mode == Mode.IDLE
    assert rig.step(ACTION)[0].accepted


def test_a_fault_is_a_stop_after_the_exchange_of_the_arm():
    rig = Rig()
    rig.tick()
    rig.arm.read_error = OSError("port closed")
    rig.tick()
    rig.servo.exchange(other_arm(rig), "the scene was exchanged")
    status = rig.tick()
    assert (status.mode, status.stopped, status.armed) == (Mode.HOLD, True, False)
    assert "port closed" in status.reason


def test_the_exchange_of_the_arm_disarms_and_ends_moves_and_commands():
    rig = Rig()
    rig.tick()
    move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS)
    rig.tick(3)
    arm = other_arm(rig)
    rig.servo.exchange(arm, "the scene was exchanged")
    assert move.done and not move.success and move.message == "the scene was exchanged"
    status = rig.tick()
    assert (status.mode, status.stopped, status.armed) == (Mode.IDLE, False, False)
    assert status.target_pose is None and arm.sent == []
    rig.servo.arm()
    rig.servo.submit(rig.command(ACTION))
    rig.tick(3)
    rig.servo.exchange(other_arm(rig), "the scene was exchanged")
    (report,) = rig.servo.take_reports()
    assert report.accepted and report.reason == "the scene was exchanged"


def test_a_torque_service_that_hangs_delays_neither_ticks_nor_stops_and_a_stop_meanwhile_stays():
    rig = Rig()
    rig.servo.stop("first")
    rig.tick()
    entered, release = threading.Event(), threading.Event()

    def hang(enabled):
        entered.set()
        assert release.wait(5.0)

    rig.arm.set_torque = hang
    problems = []

    def resume():
        with pytest.raises(ArmUnready) as caught:
            rig.servo.resume()
        problems.append(str(caught.value))

    thread = threading.Thread(target=resume)
    thread.start()
    assert entered.wait(5.0)
    rig.servo.stop("second")
    status = rig.tick(3)
    assert not release.is_set() and status.stopped
    release.set()
    thread.join(5.0)
    assert problems and "second" in problems[0]
    assert rig.tick().stopped


def test_a_torque_switch_that_fails_while_resuming_keeps_the_stop():
    rig = Rig()
    rig.servo.stop("first")
    rig.tick()

    def fail(enabled):
        raise OSError("service is gone")

    rig.arm.set_torque = fail
    with pytest.raises(ArmUnready, match="service is gone"):
        rig.servo.resume()
    assert rig.tick().stopped and "first" in rig.status.reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gripper": float("nan")}, "gripper opening is no finite number"),
        ({"gripper": None}, "cannot be read"),
        ({"joints": ["a"] * 6}, "cannot be read"),
        ({"joints": None}, "cannot be read"),
        ({"joints": [0.0] * 5}, "not six finite"),
        ({"efforts": ["a"] * 6}, "cannot be read"),
    ],
)
def test_a_measurement_of_no_numbers_is_a_fault_and_ends_no_tick(changes, words):
    class Given(list):
        def copy(self):
            return list(self)

    rig = Rig()
    rig.tick()
    rig.arm.gripper = changes.get("gripper", rig.arm.gripper)
    rig.arm.efforts = changes.get("efforts")
    if "joints" in changes:
        rig.arm.joints = Given(changes["joints"]) if changes["joints"] else type("No", (), {"copy": lambda _: None})()
    status = rig.servo.tick()
    assert status.mode == Mode.FAULT and words in status.reason


def test_joints_given_as_a_list_are_taken():
    rig = Rig()
    joints = rig.arm.joints.tolist()
    rig.arm.joints = joints
    status = rig.servo.tick()
    assert status.mode == Mode.IDLE
    np.testing.assert_array_equal(status.reading.positions_rad, joints)
