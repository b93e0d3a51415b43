"""Frozen pictures and rates."""

import numpy as np

from robot_bridge.camera_health import FrozenDetector, FrozenLimits, RateMeter

STILL = np.full((4, 4, 3), 7, np.uint8)
OTHER = np.full((4, 4, 3), 8, np.uint8)


def test_more_than_a_hundred_identical_pictures_are_frozen():
    detector = FrozenDetector(FrozenLimits())
    frozen = [detector.update(STILL.copy(), index * 0.001) for index in range(101)]
    assert frozen.index(True) == 100
    assert detector.run == 101


def test_identical_pictures_for_too_long_are_frozen_at_a_slow_rate_too():
    detector = FrozenDetector(FrozenLimits(duration_s=3.0))
    frozen = [detector.update(STILL.copy(), index * 0.5) for index in range(8)]
    assert frozen == [False] * 7 + [True]


def test_two_pictures_are_no_evidence_however_far_apart():
    detector = FrozenDetector(FrozenLimits(duration_s=3.0))
    assert not detector.update(STILL, 0.0)
    assert not detector.update(STILL.copy(), 10.0)


def test_one_changed_pixel_is_a_living_picture():
    detector = FrozenDetector(FrozenLimits(pictures=3))
    for index in range(3):
        detector.update(STILL.copy(), index * 0.01)
    changed = STILL.copy()
    changed[3, 3, 2] += 1
    assert not detector.update(changed, 0.03)
    assert detector.run == 1


def test_another_size_is_another_picture():
    detector = FrozenDetector(FrozenLimits(pictures=1))
    detector.update(STILL, 0.0)
    assert not detector.update(STILL[:2], 0.1)


def test_a_rate_of_the_last_seconds():
    meter = RateMeter(window_s=2.0)
    assert meter.rate_hz(0.0) == 0.0
    for index in range(100):
        meter.tick(index / 25)
    assert abs(meter.rate_hz(99 / 25) - 25.0) < 1e-9
    assert meter.rate_hz(99 / 25 + 10.0) == 0.0
