from typing import List

from eval_protocol.speed import Pass, highest_speed, late_picture


def machine(limit: float, seen: List[float]):
    """A machine whose control falls behind above ``limit``."""

    def measure(speed: float) -> Pass:
        seen.append(speed)
        return Pass(speed, 5.0 * min(1.0, limit / speed), 0.03 * speed, speed)

    return measure


def test_the_highest_speed_that_keeps_up_is_taken_and_faster_ones_are_not_tried() -> None:
    seen: List[float] = []
    assert highest_speed(machine(2.7, seen), lambda line: None) == 2.5
    assert seen == [1.0, 1.5, 2.0, 2.5, 3.0]


def test_a_machine_too_slow_for_any_speed_gets_real_time_and_is_told() -> None:
    said: List[str] = []
    assert highest_speed(machine(0.5, []), said.append) == 1.0
    assert "too fast" in said[-1]


def test_each_figure_alone_can_fail_a_speed() -> None:
    assert Pass(2.0, 5.0, 0.1, 2.0).keeps_up()
    assert not Pass(2.0, 4.8, 0.1, 2.0).keeps_up()
    assert not Pass(2.0, 5.0, 0.2, 2.0).keeps_up()
    assert not Pass(2.0, 5.0, 0.1, 1.9).keeps_up()


def test_pictures_that_come_late_are_told_from_other_faults() -> None:
    assert late_picture("the policy stopped: the picture is 0.62 s old, at most 0.5 s is allowed")
    assert late_picture("the policy stopped: no picture for 1.1 s")
    assert late_picture("the camera is stale: its newest picture is 1.4 s old")
    assert not late_picture("the policy stopped: the picture is frozen: the same for 1.2 s while the arm moved 30 mm")
    assert not late_picture("the policy node died")
