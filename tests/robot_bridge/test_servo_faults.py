"""Every stop and every fault of the arm, caused."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from number_arm import Rig

from robot_bridge import kinematics
from robot_bridge.safety import Limits
from robot_bridge.servo import PERIOD_S, ArmUnready, Mode

ACTION = np.array([0.02, -0.01, 0.01, 0.05, -0.04, 0.1])


@pytest.mark.parametrize("phase", ["idle", "servo", "hold", "moving"])
def test_stop_latches_from_every_mode_until_resumed(phase):
    rig = Rig()
    rig.tick()
    move = None
    if phase in ("servo", "hold"):
        rig.servo.submit(rig.command(ACTION))
        rig.run(0.1 if phase == "servo" else 0.5)
    if phase == "moving":
        move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS)
        rig.run(0.2)
    rig.servo.stop("the operator said so")
    before = rig.arm.joints
    status = rig.tick()
    assert (status.mode, status.stopped) == (Mode.HOLD, True)
    assert "the operator said so" in status.reason
    assert rig.run(3.0).mode == Mode.HOLD, "a latched stop does not time out"
    np.testing.assert_allclose(rig.arm.joints, before, atol=1e-12)
    assert "resume first" in rig.refusal(rig.command(ACTION))
    rig.servo.arm()
    assert "resume first" in rig.refusal(rig.command(ACTION))
    assert "resume" in rig.servo.move_joints(kinematics.NEUTRAL_JOINTS).message
    if move is not None:
        assert move.done and not move.success and "the operator said so" in move.message
    rig.servo.resume()
    assert (rig.tick().mode, rig.status.armed, rig.status.stopped) == (Mode.IDLE, True, False)
    assert rig.step(ACTION)[0].accepted


def test_a_stop_reports_the_command_it_cut_short():
    rig = Rig()
    rig.servo.submit(rig.command(ACTION))
    rig.tick(5)
    rig.servo.stop("enough")
    rig.tick()
    (report,) = rig.servo.take_reports()
    assert report.accepted and report.reason == "stopped: enough"
    np.testing.assert_allclose(report.executed[:3], ACTION[:3] / 2, atol=1e-9)


def test_stopping_a_disarmed_servo_latches_and_resuming_arms():
    rig = Rig(armed=False)
    rig.servo.stop("before anything")
    assert (rig.tick().mode, rig.status.armed) == (Mode.HOLD, False)
    assert rig.arm.sent == []
    rig.servo.resume()
    assert (rig.tick().mode, rig.status.armed) == (Mode.IDLE, True)


def test_a_stop_that_comes_while_resuming_is_not_lost():
    rig = Rig()
    rig.servo.stop("first")
    read = rig.arm.read

    def read_and_stop():
        rig.servo.stop("second")
        return read()

    rig.arm.read = read_and_stop
    rig.servo.resume()
    rig.arm.read = read
    assert rig.tick().stopped and "second" in rig.status.reason


def test_resuming_an_arm_that_cannot_be_read_keeps_the_stop():
    rig = Rig()
    rig.servo.stop("first")
    rig.arm.read_error = OSError("gone")
    with pytest.raises(ArmUnready, match="gone"):
        rig.servo.resume()
    rig.arm.read_error = None
    assert rig.tick().stopped and "first" in rig.status.reason


def test_disarming_sends_nothing_more_and_leaves_the_torque_on():
    rig = Rig()
    rig.servo.submit(rig.command(ACTION))
    rig.tick(5)
    rig.servo.disarm()
    sent = len(rig.arm.sent)
    status = rig.run(1.0)
    assert (status.mode, status.armed, status.reason) == (Mode.IDLE, False, "disarmed")
    assert len(rig.arm.sent) == sent and rig.arm.torque == [True]
    (report,) = rig.servo.take_reports()
    assert report.reason == "disarmed"
    rig.servo.arm()
    assert rig.step(ACTION)[0].accepted


def test_too_much_effort_for_the_window_is_a_fault_held_at_the_measured_joints():
    limits = replace(Limits(), efforts=(800, 1000, 700, 600, 600, 700))
    rig = Rig(limits, follow=0.5)
    rig.arm.efforts = np.array([0.0, 1200.0, 0, 0, 0, 0])
    rig.servo.submit(rig.command(ACTION))
    rig.tick(8)
    rig.arm.efforts = np.zeros(6)
    assert rig.tick(2).mode == Mode.SERVO, "a short peak is no fault"
    rig.arm.efforts = np.array([0.0, 1200.0, 0, 0, 0, 0])
    rig.servo.submit(rig.command(ACTION))
    rig.tick(10)
    measured = rig.arm.joints
    for _ in range(8):
        measured = rig.arm.joints
        if rig.tick().mode == Mode.FAULT:
            break
    assert rig.status.mode == Mode.FAULT and rig.status.stopped
    assert "effort of shoulder is 1200, limit 1000, for 0.30 s" in rig.status.reason
    np.testing.assert_array_equal(rig.arm.sent[-1], measured)
    assert "put it right and resume" in rig.refusal(rig.command(ACTION))
    rig.arm.efforts = np.zeros(6)
    assert rig.run(1.0).mode == Mode.FAULT, "a fault does not clear itself"
    rig.servo.resume()
    assert rig.step(ACTION)[0].accepted


def test_effort_is_watched_while_moving_too():
    rig = Rig(replace(Limits(), efforts=(800, 1000, 700, 600, 600, 700)))
    rig.tick()
    move = rig.servo.move_joints(kinematics.NEUTRAL_JOINTS)
    rig.tick(5)
    rig.arm.efforts = np.full(6, 5000.0)
    rig.run(0.4)
    assert rig.status.mode == Mode.FAULT
    assert move.done and not move.success and "effort of waist" in move.message


def _mute(arm):
    arm.read_error = OSError("port closed")


def _stale(arm):
    arm.stamp_offset_s = -0.3


def _future(arm):
    arm.stamp_offset_s = 0.1


def _nan(arm):
    arm.joints = np.full(6, np.nan)
    arm.goal = None


def _send(arm):
    arm.send_error = OSError("bus")


@pytest.mark.parametrize(
    ("breakage", "words"),
    [
        (_mute, "port closed"),
        (_stale, "0.300 s old"),
        (_future, "-0.100 s old"),
        (_nan, "not six finite numbers"),
        (_send, "cannot be driven: bus"),
    ],
)
def test_an_arm_that_cannot_be_trusted_is_a_fault_until_resumed(breakage, words):
    rig = Rig()
    rig.servo.submit(rig.command(ACTION))
    rig.tick(5)
    healthy, sent = rig.arm.joints, len(rig.arm.sent)
    breakage(rig.arm)
    status = rig.tick()
    assert (status.mode, status.stopped) == (Mode.FAULT, True)
    assert words in status.reason
    (report,) = rig.servo.take_reports()
    assert words in report.reason
    rig.tick(5)
    assert len(rig.arm.sent) == sent, "nothing is sent to an arm nobody can see"
    if breakage is not _send:
        with pytest.raises(ArmUnready, match="cannot resume"):
            rig.servo.resume()
    rig.arm.read_error = rig.arm.send_error = None
    rig.arm.stamp_offset_s, rig.arm.joints = 0.0, healthy + 0.1
    assert rig.tick(5).mode == Mode.FAULT
    rig.servo.resume()
    (report,) = rig.step(ACTION)
    assert report.accepted
    assert np.max(np.abs(rig.arm.sent[-1] - rig.arm.joints)) < 0.1, "it starts from where the arm is now"


def test_a_disarmed_servo_says_that_its_arm_cannot_be_read_and_cannot_be_armed():
    rig = Rig(armed=False)
    rig.arm.read_error = OSError("port closed")
    status = rig.tick()
    assert status.mode == Mode.IDLE and "port closed" in status.reason and status.pose is None
    with pytest.raises(ArmUnready, match="port closed"):
        rig.servo.arm()
    assert "has not been read" in rig.servo.move_to(np.eye(4)).message
    rig.arm.read_error = None
    assert rig.tick().reason == "disarmed"


def test_a_torque_switch_that_fails_is_said():
    rig = Rig(armed=False)

    def fail(enabled):
        raise OSError("service is gone")

    rig.arm.set_torque = fail
    with pytest.raises(ArmUnready, match="service is gone"):
        rig.servo.arm()
    assert not rig.tick().armed


def test_a_clock_that_goes_back_is_a_fault():
    rig = Rig()
    rig.step(ACTION)
    rig.time_s -= 5.0
    assert rig.tick().mode == Mode.FAULT and "went back" in rig.status.reason
    rig.servo.resume()
    assert rig.tick().mode == Mode.IDLE


def test_late_ticks_slow_the_motion_and_do_not_make_it_jump():
    rig = Rig()
    for sequence in range(10):
        rig.servo.submit(rig.command(np.array([0, 0.04, 0, 0, 0, 0]), sequence=sequence))
        rig.tick(2)
        rig.time_s += 0.15
    assert np.max(np.abs(np.diff(rig.arm.sent, axis=0))) <= 2 * 3.0 * PERIOD_S + 1e-9


def test_stop_and_submit_do_not_wait_for_a_tick_that_hangs():
    rig = Rig()
    entered, release = threading.Event(), threading.Event()
    read = rig.arm.read

    def hang():
        entered.set()
        release.wait(5.0)
        return read()

    rig.arm.read = hang
    thread = threading.Thread(target=rig.servo.tick)
    thread.start()
    assert entered.wait(5.0)
    begin = time.monotonic()
    rig.servo.submit(rig.command(ACTION))
    rig.servo.stop("now")
    assert time.monotonic() - begin < 0.5
    release.set()
    thread.join(5.0)
    rig.arm.read = read
    assert rig.tick().stopped


def test_a_move_that_is_asked_for_while_the_arm_is_being_read_is_not_refused_for_it():
    rig = Rig()
    rig.tick()
    entered, release = threading.Event(), threading.Event()
    read = rig.arm.read

    def slow():
        entered.set()
        release.wait(5.0)
        return read()

    rig.arm.read = slow
    ticking = threading.Thread(target=rig.servo.tick)
    ticking.start()
    assert entered.wait(5.0)
    moves = []
    pose = kinematics.forward(kinematics.NEUTRAL_JOINTS)
    asking = threading.Thread(target=lambda: moves.append(rig.servo.move_to(pose)))
    asking.start()
    asking.join(0.2)
    assert not moves, "it waits for the tick"
    release.set()
    ticking.join(5.0)
    asking.join(5.0)
    assert not moves[0].done and rig.tick().mode == Mode.MOVING
