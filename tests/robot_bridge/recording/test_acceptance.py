"""The figures an operator accepts by."""

from typing import Any, Dict, List

import numpy as np

from robot_bridge.recording.acceptance import figures, jerk_m_s3


def lines(steps: int, **columns: Any) -> List[Dict[str, Any]]:
    rows: List[Dict[str, Any]] = []
    for number in range(steps + 1):
        row = {"step": number, "state": [0.01 * number, 0, 0, 0, 0, 0, 1.0], "stamp_s": 3.0 + 0.2 * number}
        if number < steps:
            row.update(action=[0.01, 0, 0, 0, 0, 0, 1.0], clamps=[], tracked=True, clutch=True)
            row.update({name: values[number] for name, values in columns.items()})
        rows.append(row)
    return rows


def test_figures_of_a_steady_motion() -> None:
    found = figures(lines(20))
    assert found.steps == 20 and np.isclose(found.duration_s, 4.0) and found.idle_share == 0.0
    assert found.jerk_m_s3 is not None and found.jerk_m_s3 < 1e-6
    assert (found.tracking_losses, found.clamped_share, found.free_share) == (0, 0.0, 0.0)
    assert found.words() == "4.0 s, 20 steps, 0% idle, jerk 0.0 m/s^3, 0 tracking losses"


def test_each_loss_of_tracking_counts_once() -> None:
    tracked = [True] * 4 + [False] * 3 + [True] * 5 + [False] + [True] * 7
    clutch = [True] * 15 + [False] * 5
    found = figures(lines(20, tracked=tracked, clutch=clutch, clamps=[["leash"]] * 5 + [[]] * 15))
    assert (found.tracking_losses, found.free_share, found.clamped_share) == (2, 0.25, 0.25)
    assert figures(lines(3, tracked=[False, False, True])).tracking_losses == 1


def test_jerk_is_the_third_derivative() -> None:
    times = 0.2 * np.arange(30)
    cubic = np.stack([times**3, np.zeros(30), np.zeros(30)], 1)
    assert np.isclose(jerk_m_s3(cubic), 6.0) and np.isclose(jerk_m_s3(cubic, times + 7.0), 6.0)
    assert jerk_m_s3(cubic[:3]) is None and jerk_m_s3(cubic, np.zeros(30)) is None


def test_an_episode_of_one_line_has_no_figures() -> None:
    found = figures(lines(0))
    assert (found.steps, found.idle_share, found.jerk_m_s3, found.tracking_losses) == (0, None, None, None)
    assert found.words() == "0.0 s, 0 steps"
