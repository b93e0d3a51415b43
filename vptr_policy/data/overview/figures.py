"""Pictures of a data set: contact sheet, histograms of actions, coverage of the workspace, lengths and idle shares."""

from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from vptr_policy.analysis.figures.style import COLOURS, FAILURE, INK, SUCCESS, drawing
from vptr_policy.data.overview.sample import COLUMNS, Looked
from vptr_policy.data.robot.summary import AXES

BINS = 41
GAP = 6
"""Between the pictures of the sheet [px]."""
WORKSPACE = ((0.10, 0.45), (-0.25, 0.25), (-0.01, 0.33))
"""Of the shipped limits [m]: the frame of the coverage."""


def draw_sheet(out: Path, sample: Sequence[Looked]) -> List[str]:
    """Write OUT/sheet.png and .svg: a row a demonstration, from its first picture to its last."""
    rows = [one for one in sample if one.pictures]
    side = rows[0].pictures[0].shape[0] + GAP
    sheet = np.full((side * len(rows), side * COLUMNS, 3), 255, dtype=np.uint8)
    for row, one in enumerate(rows):
        for column, picture in enumerate(one.pictures):
            height, width = picture.shape[:2]
            sheet[row * side : row * side + height, column * side : column * side + width] = picture
    with drawing(out, "sheet", (COLUMNS * 1.0 + 2.2, 1.0 * len(rows) + 0.2)) as figure:
        panel = figure.subplots()
        panel.imshow(sheet)
        panel.set_xticks([])
        labels = [one.task.replace("_", " ") + ("" if one.success else "\n(failed)") for one in rows]
        panel.set_yticks(side * np.arange(len(rows)) + side // 2, labels, fontsize=7)
        panel.tick_params(length=0)
        panel.grid(visible=False)
        for spine in panel.spines.values():
            spine.set_visible(False)
    return ["sheet.png"]


def draw_actions(out: Path, sample: Sequence[Looked]) -> List[str]:
    """Write OUT/actions.png and .svg: how often each action was commanded; the box is marked."""
    actions = np.concatenate([one.action for one in sample])
    with drawing(out, "actions", (11.0, 4.2)) as figure:
        panels = figure.subplots(2, 4)
        for axis, name in enumerate(AXES):
            panel = panels.flat[axis]
            low, high = ACTION_LOW[axis], ACTION_HIGH[axis]
            edge = 0.15 * (high - low)
            panel.hist(actions[:, axis], BINS, range=(low - edge, high + edge), color=COLOURS[0])
            panel.axvline(low, color=INK, linewidth=0.8, linestyle=":")
            panel.axvline(high, color=INK, linewidth=0.8, linestyle=":")
            beyond = float(((actions[:, axis] < low - 1e-6) | (actions[:, axis] > high + 1e-6)).mean())
            unit = "m" if axis < 3 else "rad" if axis < 6 else "0..1"
            panel.set_title(f"{name} [{unit}]" + (f", {beyond:.0%} beyond the box" if beyond > 0.005 else ""))
            panel.set_yscale("symlog")
        panels.flat[7].set_visible(False)
    return ["actions.png"]


def draw_coverage(out: Path, sample: Sequence[Looked]) -> List[str]:
    """Write OUT/coverage.png and .svg: where the gripper was, from above and from the side, and where it began."""
    states = np.concatenate([one.state for one in sample])
    starts = np.array([one.state[0] for one in sample])
    with drawing(out, "coverage", (10.0, 4.2)) as figure:
        for panel, (across, up) in zip(figure.subplots(1, 2), ((1, 0), (0, 2))):
            box = [_around(WORKSPACE[axis], states[:, axis]) for axis in (across, up)]
            counts, *edges = np.histogram2d(states[:, across], states[:, up], bins=(60, 40), range=box)
            drawn = panel.pcolormesh(*edges, np.log10(counts.T + 1.0), cmap="Blues", rasterized=True)
            panel.plot(starts[:, across], starts[:, up], ".", color="#d9541e", markersize=3, label="starts")
            corners = [[WORKSPACE[axis][side] for side in (0, 1, 1, 0, 0)] for axis in (across,)]
            heights = [WORKSPACE[up][side] for side in (0, 0, 1, 1, 0)]
            panel.plot(corners[0], heights, color=INK, linewidth=0.8, linestyle=":", label="workspace box")
            panel.set_xlabel("xyz"[across] + " [m]")
            panel.set_ylabel("xyz"[up] + " [m]")
            panel.set_aspect("equal")
            if across == 1:
                panel.invert_xaxis()  # as seen from the robot, y points to the left
        figure.colorbar(drawn, ax=figure.axes, label="log10(observations + 1)", shrink=0.8)
        figure.axes[0].legend(loc="upper right")
    return ["coverage.png"]


def draw_lengths(out: Path, sample: Sequence[Looked]) -> List[str]:
    """Write OUT/lengths.png and .svg: steps and idle shares of the demonstrations."""
    groups: Dict[str, List[Looked]] = {"succeeded": [], "failed": []}
    for one in sample:
        groups["succeeded" if one.success else "failed"].append(one)
    shown = {name: ones for name, ones in groups.items() if ones}
    shades = [SUCCESS if name == "succeeded" else FAILURE for name in shown]
    with drawing(out, "lengths", (9.0, 2.8)) as figure:
        left, right = figure.subplots(1, 2)
        values = [[len(one.action) for one in ones] for ones in shown.values()]
        left.hist(values, 25, stacked=True, color=shades, label=list(shown))
        left.set_xlabel("steps")
        left.set_ylabel("demonstrations")
        left.legend()
        shares = [[one.idle_share for one in ones] for ones in shown.values()]
        right.hist(shares, 20, range=(0.0, 1.0), stacked=True, color=shades)
        right.set_xlabel("share of idle steps")
    return ["lengths.png"]


def _around(box: Sequence[float], values: np.ndarray) -> List[float]:
    """The box, widened to hold all values."""
    return [min(box[0], float(values.min())) - 0.02, max(box[1], float(values.max())) + 0.02]
