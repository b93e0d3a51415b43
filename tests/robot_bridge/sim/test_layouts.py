"""Layouts for demonstrations: where the hint wants them, and new ones each time."""

import numpy as np
import pytest

from robot_bridge.recording.variety import REGIONS, bounds
from robot_bridge.sim.layouts import layout
from robot_bridge.sim.scene import TABLE_LOWER_M, TABLE_UPPER_M
from robot_bridge.sim.tasks import TASKS

START = [0.235, 0.09, 0.20, 0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("task", TASKS)
def test_the_object_lies_where_it_is_wanted_and_the_arm_starts_there(task: str) -> None:
    seen = set()
    for number, region in enumerate(REGIONS):
        scene = layout(task, 0, number, START, region)
        low, high = bounds(region, TABLE_LOWER_M, TABLE_UPPER_M)
        slack = 0.0 if not TASKS[task].takes_out else 0.01
        at = np.array([scene.target.x_m, scene.target.y_m])
        assert (at >= np.array(low) - slack - 1e-6).all() and (at <= np.array(high) + slack + 1e-6).all()
        assert scene.start == tuple(START)
        seen.add(at.tobytes())
    assert (
        len(seen) == len(REGIONS)
        and layout(task, 0, 3) != layout(task, 0, 4)
        and layout(task, 0, 3) == layout(task, 0, 3)
    )


def test_regions_are_named_as_the_robot_sees_them() -> None:
    assert bounds("near right", (0.0, -3.0), (2.0, 3.0)) == ((0.0, -3.0), (1.0, -1.0))
    assert bounds("far left", (0.0, -3.0), (2.0, 3.0)) == ((1.0, 1.0), (2.0, 3.0))
    with pytest.raises(ValueError, match="no simulated task"):
        layout("fly", 0, 0)
