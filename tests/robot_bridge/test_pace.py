from typing import List

import pytest

from robot_bridge.pace import Pace


class Clock:
    """A clock that moves only while somebody sleeps or works."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: List[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.slept_s.append(duration_s)
        self.now_s += duration_s


def test_instants_are_evenly_spaced_whatever_the_work_between_them() -> None:
    clock = Clock()
    pace = Pace(0.02, clock=clock, sleep=clock.sleep)
    instants = []
    for work_s in (0.001, 0.019, 0.0, 0.012):
        clock.now_s += work_s
        assert pace.wait() == pytest.approx(0.0)
        instants.append(clock.now_s)
    assert instants == pytest.approx([0.02, 0.04, 0.06, 0.08])


def test_a_short_lag_is_caught_up_and_reported() -> None:
    clock = Clock()
    pace = Pace(0.02, slack_s=0.1, clock=clock, sleep=clock.sleep)
    clock.now_s = 0.05
    assert pace.wait() == pytest.approx(0.03)
    assert pace.wait() == pytest.approx(0.01)
    assert pace.wait() == pytest.approx(0.0)
    assert clock.now_s == pytest.approx(0.06)
    assert pace.dropped == 0


def test_after_a_long_lag_there_is_no_burst() -> None:
    clock = Clock()
    pace = Pace(0.02, slack_s=0.1, clock=clock, sleep=clock.sleep)
    clock.now_s = 1.02
    pace.wait()
    assert pace.dropped == 50
    pace.wait()
    assert clock.now_s == pytest.approx(1.04)
