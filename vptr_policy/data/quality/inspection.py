"""Goes through demonstrations one at a time, in constant memory, and names what is wrong with them."""

from dataclasses import replace
from typing import Iterable, Iterator

import numpy as np

from vptr_policy.data.pictures import decode, sides
from vptr_policy.data.quality.findings import DAMAGED, PICTURE, Finding
from vptr_policy.data.quality.labels import Catalogue, impossible_success
from vptr_policy.data.quality.motion import disagreement, gripper, inverted_gripper, labels, outside_box, unreachable
from vptr_policy.data.quality.timing import dropped_frames, frozen_camera, slow_camera, time_jumps, unknown_times
from vptr_policy.data.robot.parts import DAMAGE, reason
from vptr_policy.data.robot.sources import Item
from vptr_policy.data.robot.trajectory import Trajectory, checked

DARK = 8
"""A picture whose brightest part has no more than this, of 255, shows nothing."""


def inspect(items: Iterable[Item]) -> Iterator[Finding]:
    """All that is found wrong, one demonstration after the other; at the end what only all of them tell."""
    catalogue = Catalogue()
    for item in items:
        try:
            trajectory = replace(checked(item.read()), key=item.name)
        except DAMAGE as error:
            yield Finding(DAMAGED, item.name, reason(error))
            continue
        yield from examine(trajectory)
        yield from catalogue.add(trajectory)
    yield from catalogue.conclude()


def examine(trajectory: Trajectory) -> Iterator[Finding]:
    """What is wrong with one demonstration by itself."""
    for look in (
        pictures, frozen_camera, slow_camera, dropped_frames, unknown_times, time_jumps, unreachable, outside_box,
        disagreement, labels, gripper, inverted_gripper, impossible_success,
    ):  # fmt: skip
        yield from look(trajectory)


def pictures(trajectory: Trajectory) -> Iterator[Finding]:
    """Pictures of several sizes, or dark ones."""
    sizes = {sides(data) for data in trajectory.jpegs}
    if len(sizes) > 1:
        yield Finding(PICTURE, trajectory.key, f"its pictures have the sizes {sorted(map(str, sizes))}")
    for place in sorted({0, len(trajectory.jpegs) // 2, len(trajectory.jpegs) - 1}):
        if int(np.max(decode(trajectory.jpegs[place], 8))) <= DARK:
            yield Finding(PICTURE, trajectory.key, "the picture is black: lens cap, light or exposure", (place, place))
