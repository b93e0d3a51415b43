"""The watchdog alone: clocks that drift, streams that stall, clients that come and go."""

from dataclasses import replace

import numpy as np
import pytest
from teleop_person import pose, sample

from robot_bridge.teleop.sample import ControllerSample, rigid_pose
from robot_bridge.teleop.watchdog import HOLD, LIVE, LOST, Watchdog, unseen

PERIOD_S = 1 / 72


def stream(count: int, start_s: float = 10.0, drift: float = 0.0, **more):
    for k in range(count):
        now_s = start_s + k * PERIOD_S
        stamp_s = 500.0 + k * PERIOD_S * (1.0 + drift)
        yield sample(now_s, k, pose(1e-5 * (k % 2)), stamp_s=stamp_s, **more)


def fed(samples) -> Watchdog:
    watchdog = Watchdog(0.1, 0.25)
    for item in samples:
        assert watchdog.feed(item) == ""
        watchdog.look(item.received_s)
    return watchdog


def test_silence_by_its_age() -> None:
    watchdog = fed(stream(30))
    last_s = 10.0 + 29 * PERIOD_S
    ages = {0.0: LIVE, 0.097: LIVE, 0.1: HOLD, 0.249: HOLD, 0.25: LOST}
    assert [watchdog.look(last_s + age).level for age in ages] == list(ages.values())


def test_one_sample_and_a_hand_that_never_moves_are_not_live() -> None:
    assert fed(stream(1)).look(10.0).level == LOST
    still = [sample(10.0 + k * PERIOD_S, k, pose(0.1)) for k in range(30)]
    assert fed(still).look(10.41).level == LOST


def test_a_computed_hand_may_be_still() -> None:
    still = [sample(10.0 + k * PERIOD_S, k, pose(0.1), synthetic=True) for k in range(30)]
    assert fed(still).look(10.41).level == LIVE


@pytest.mark.parametrize("drift", [-5e-4, 5e-4])
def test_a_clock_that_drifts_is_no_anomaly(drift: float) -> None:
    watchdog, levels = Watchdog(0.1, 0.25), []
    for k in range(12000):  # ten minutes: 0.3 s apart at the end
        now_s = 10.0 + 0.05 * k
        assert watchdog.feed(sample(now_s, k, pose(1e-5 * (k % 2)), stamp_s=0.05 * k * (1.0 + drift))) == ""
        levels.append(watchdog.look(now_s).level)
    assert set(levels[1:]) == {LIVE}


def test_late_samples_count_from_when_they_were_made() -> None:
    watchdog = fed(stream(30))
    stalled_s = 10.0 + 29 * PERIOD_S
    late = sample(stalled_s + 0.22, 30, pose(0.01), stamp_s=500.0 + 30 * PERIOD_S)
    assert watchdog.feed(late) == "" and watchdog.look(stalled_s + 0.22).level == HOLD
    fresh = sample(stalled_s + 0.23, 31, pose(0.02), stamp_s=500.0 + 29 * PERIOD_S + 0.23)
    assert watchdog.feed(fresh) == "" and watchdog.look(stalled_s + 0.23).level == LIVE


def test_a_clock_that_stands_still_makes_its_samples_old() -> None:
    watchdog = fed(stream(30))
    for k in range(30, 60):
        assert watchdog.feed(sample(10.0 + k * PERIOD_S, k, pose(1e-5 * (k % 2)), stamp_s=500.5)) == ""
        verdict = watchdog.look(10.0 + k * PERIOD_S)
    assert verdict.level == LOST


def test_samples_that_waited_somewhere_are_no_fresher_for_a_notice_in_between() -> None:
    watchdog = fed(stream(20))
    watchdog.forget("hidden: somebody looked at a menu")
    for number in range(20, 40):
        at = 12.0 + number * PERIOD_S
        late = sample(at, number, pose(0.01 * number), stamp_s=500.0 + number * PERIOD_S)
        assert watchdog.feed(late) == ""
        assert watchdog.look(at).level == LOST


def test_a_link_that_was_always_slow_is_not_live() -> None:
    watchdog = Watchdog(0.1, 0.25)
    for number in range(20):
        at = 10.0 + number / 72
        assert not watchdog.feed(sample(at, number, pose(0.01 * number), stamp_s=number / 72, round_trip_s=1.0))
    assert watchdog.look(at).level == LOST


def test_a_clock_that_comes_or_goes_is_an_anomaly() -> None:
    watchdog = fed(stream(30))
    assert "clock came or went" in watchdog.feed(sample(10.5, 30, pose(0.01)))
    assert watchdog.look(10.5).level == LOST


def test_a_second_client_never_replaces_the_first_while_it_sends() -> None:
    watchdog = Watchdog(0.1, 0.25)
    for k, item in enumerate(stream(200)):
        assert watchdog.feed(item) == ""
        if k % 20 == 10:
            assert "second client" in watchdog.feed(replace(item, client="another", sequence=k))
            assert watchdog.look(item.received_s).level in (LIVE, LOST)


def test_what_is_unseen() -> None:
    assert unseen(sample(0.0, 0, pose())) == ""
    assert "gone" in unseen(ControllerSample(0.0, 0))


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ([0.0] * 15, "15 numbers"),
        ([float("inf")] * 16, "not finite"),
        ([0.0] * 16, "last row"),
        (np.diag([1.0, 1.0, 0.9, 1.0]).ravel().tolist(), "no rotation"),
        (np.diag([1.0, 1.0, -1.0, 1.0]).ravel().tolist(), "no rotation"),
        (pose(0, 11, 0).ravel().tolist(), "10 m"),
    ],
)
def test_what_is_no_pose(numbers: list, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        rigid_pose(numbers)
