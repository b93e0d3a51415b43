"""Layouts of the simulated scene for demonstrations: new ones each time, where the hint wants start pose and object."""

from typing import Optional, Sequence

import numpy as np

from robot_bridge.recording.variety import REGIONS, bounds
from robot_bridge.sim.scene import TABLE_LOWER_M, TABLE_UPPER_M, SceneSpec, sample_scene
from robot_bridge.sim.seeds import episode_seed

STREAM = "collection"
ATTEMPTS = 20


def layout(task: str, seed: int, number: int, start: Optional[Sequence[float]] = None, region: str = "") -> SceneSpec:
    """The ``number``-th scene of a task collected under ``seed``.

    Args:
        task: of the simulator.
        seed: of the collection.
        number: of the demonstration.
        start: Bridge state (7,) the arm starts in; None: drawn.
        region: of the table, one of REGIONS, in which the object lies; any other: anywhere.

    Raises:
        ValueError: where the task is not known, or no layout has room.
    """
    for attempt in range(ATTEMPTS):
        drawn = episode_seed(STREAM, seed, ATTEMPTS * number + attempt)
        rng = np.random.default_rng(drawn)
        at = None
        if region in REGIONS:
            low, high = bounds(region, TABLE_LOWER_M, TABLE_UPPER_M)
            x, y = rng.uniform(low, high).tolist()
            at = (x, y)
        try:
            return sample_scene(task, drawn, start=start, target_xy=at)
        except ValueError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")
