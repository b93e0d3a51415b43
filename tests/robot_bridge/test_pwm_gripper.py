import math

import pytest

from robot_bridge import pwm_gripper
from robot_bridge.pwm_gripper import PwmGripper, finger_of, opening_of, pwm_for


class Motor:
    """A finger that moves with its PWM, and not inside the dead band."""

    def __init__(self):
        self.finger_m, self.stamp_s, self.sent = 0.02, 0.0, []
        self.gripper = PwmGripper(lambda: (self.stamp_s, self.finger_m), self.drive)
        self.time_s, self.pwm = 0.0, 0.0

    def drive(self, pwm):
        self.sent.append(pwm)
        self.pwm = pwm

    def run(self, periods, fresh=True):
        for _ in range(periods):
            self.time_s += 0.02
            if fresh:
                self.stamp_s = self.time_s
            self.gripper.step(self.time_s)
            if abs(self.pwm) > 50.0:
                self.finger_m += self.pwm * 1.5e-6


def test_opening_and_finger_are_inverse():
    for opening in (0.0, 0.3, 1.0):
        assert opening_of(finger_of(opening)) == pytest.approx(opening)
    assert finger_of(2.0) == 0.035 and finger_of(-1.0) == 0.010


@pytest.mark.parametrize(
    ("error_m", "pwm"),
    [(0.02, 350.0), (-0.02, -350.0), (0.001, 105.0), (-0.001, -105.0), (0.0004, 0.0), (-0.0004, 0.0), (0.0, 0.0)],
)
def test_the_p_loop_is_bridges_with_nothing_in_the_dead_band(error_m, pwm):
    assert pwm_for(0.02 + error_m, 0.02) == pytest.approx(pwm)


@pytest.mark.parametrize("opening", [0.0, 0.25, 0.8, 1.0])
def test_it_arrives_and_then_drives_no_more(opening):
    motor = Motor()
    motor.run(5)
    assert motor.sent == [], "nothing before the first target"
    motor.gripper.set_opening(opening)
    motor.run(100)
    assert motor.finger_m == pytest.approx(finger_of(opening), abs=6e-4)
    assert motor.sent[-1] == 0.0
    count = len(motor.sent)
    motor.run(20)
    assert len(motor.sent) == count


def test_an_object_stays_held():
    motor = Motor()
    motor.gripper.set_opening(0.0)
    for _ in range(50):
        motor.run(1)
        motor.finger_m = max(motor.finger_m, 0.018)
    assert motor.sent[-1] == -350.0


def test_without_fresh_feedback_it_lets_go_of_the_motor():
    motor = Motor()
    motor.gripper.set_opening(0.0)
    motor.run(3)
    assert motor.pwm < 0.0
    motor.run(14, fresh=False)
    assert motor.pwm == 0.0
    motor.finger_m = 0.02
    motor.run(2)
    assert motor.pwm < 0.0


def test_release_and_close_leave_no_pwm():
    motor = Motor()
    motor.gripper.set_opening(0.0)
    motor.run(2)
    motor.gripper.release()
    motor.run(1)
    assert motor.pwm == 0.0
    motor.gripper.set_opening(1.0)
    motor.run(1)
    motor.gripper.close()
    assert motor.sent[-1] == 0.0


def test_the_thread_outlives_a_driver_that_restarts(caplog):
    states = [OSError("gone")] * 3
    sent = []

    def feedback():
        if states:
            raise states.pop()
        return len(sent) + 1.0, 0.02

    gripper = PwmGripper(feedback, sent.append)
    gripper.set_opening(0.0)
    gripper.start()
    for _ in range(200):
        if sent:
            break
        gripper._quit.wait(pwm_gripper.PERIOD_S)
    gripper.close()
    assert sent[0] == -350.0 and sent[-1] == 0.0
    assert "gone" in caplog.text


@pytest.mark.parametrize("finger_m", [float("nan"), float("inf"), float("-inf")])
def test_a_finger_that_is_nowhere_gets_no_pwm_and_has_no_opening(finger_m: float) -> None:
    sent = []
    measured = [(1.0, 0.015)]
    gripper = PwmGripper(lambda: measured[0], sent.append)
    gripper.set_opening(1.0)
    gripper.step(0.0)
    measured[0] = (1.02, finger_m)
    gripper.step(0.02)
    assert sent[0] > 0.0 and sent[1:] == [0.0]
    assert math.isnan(opening_of(finger_m))
