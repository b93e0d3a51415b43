import numpy as np
import pytest

from eval_protocol.motion import clipped, path_m, smoothness


def least_jerk(rate_hz, duration_s=2.0, length_m=0.3):
    """Distances moved in each step of a movement with the least jerk."""
    t = np.arange(0.0, 1.0, 1.0 / (rate_hz * duration_s))
    return length_m * 30 * t**2 * (1 - t) ** 2 / duration_s / rate_hz


def test_a_movement_with_the_least_jerk_has_the_published_smoothness():
    """-1.41 (Balasubramanian et al. 2015), whatever its length and duration."""
    assert smoothness(least_jerk(100.0), 100.0) == pytest.approx(-1.41, abs=0.01)
    assert smoothness(least_jerk(100.0, 4.0, 1.2), 100.0) == pytest.approx(-1.41, abs=0.01)


def test_stops_and_tremor_cost_smoothness():
    once = least_jerk(20.0)
    stops = np.concatenate([once, np.zeros(20), once, np.zeros(20), once])
    tremor = once * (1 + 0.8 * np.sin(np.arange(len(once)) * 2.0))
    assert smoothness(stops, 20.0) < smoothness(once, 20.0) - 0.5
    assert smoothness(tremor, 20.0) < smoothness(once, 20.0) - 0.1


def test_at_five_commands_a_second_no_mirrored_frequency_is_counted():
    once = least_jerk(5.0, 4.0)
    assert -2.2 < smoothness(once, 5.0) < -1.3


@pytest.mark.parametrize("moved", [[], [0.1, 0.1], [0.0] * 20])
def test_what_did_not_move_has_no_smoothness(moved):
    assert smoothness(moved, 5.0) is None


def test_path_and_clipping():
    assert path_m([0.25, 0.5]) == 0.75 and path_m([]) is None
    assert clipped(3, 12) == 0.25
    assert clipped(None, 12) is None and clipped(0, 0) is None
