"""Capture times from device clocks."""

import numpy as np

from robot_bridge.capture_time import DeviceClock, plausible


def test_plausible_stamps_are_before_the_arrival_on_the_same_clock():
    assert plausible(99.9, 100.0)
    assert not plausible(100.1, 100.0)
    assert not plausible(1.7e9, 100.0)
    assert not plausible(0.0, 10.0)
    assert not plausible(5.0, 100.0)


def test_jitter_of_the_delivery_drops_out():
    random = np.random.default_rng(0)
    clock = DeviceClock()
    stamps = np.arange(300) / 30.0
    delays = 0.020 + random.exponential(0.010, 300)
    captured = [clock.capture_time(stamp, 5000.0 + stamp + delay) for stamp, delay in zip(stamps, delays)]
    error = np.array(captured[100:]) - (5000.0 + stamps[100:])
    assert error.min() >= 0.020 and error.max() < 0.0215
    assert delays[100:].max() > 0.05


def test_a_picture_that_was_held_up_is_known_to_be_old():
    clock = DeviceClock()
    for tick in range(30):
        clock.capture_time(tick / 30, 100.0 + tick / 30)
    assert abs(clock.capture_time(1.0, 104.0) - 101.0) < 1e-9


def test_drift_is_followed():
    clock = DeviceClock(window_s=10.0)
    for tick in range(6000):
        stamp = tick / 30
        arrived = 50.0 + stamp * (1 + 100e-6)
        captured = clock.capture_time(stamp, arrived)
    assert 0.0 <= arrived - captured < 0.0025


def test_a_clock_that_goes_backwards_starts_afresh():
    clock = DeviceClock()
    clock.capture_time(4294.9, 100.0)
    assert clock.capture_time(0.0, 100.1) == 100.1
    assert abs(clock.capture_time(0.1, 100.25) - 100.2) < 1e-9
