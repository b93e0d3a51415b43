"""One demonstration as a film strip over its actions, with what is masked."""

from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np

from robot_bridge.interface import STEP_S
from vptr_policy.analysis.figures.style import COLOURS, INK, drawing
from vptr_policy.data.pictures import decode
from vptr_policy.data.robot.masks import Runs
from vptr_policy.data.robot.trajectory import Trajectory
from vptr_policy.resize import resize

SIDE, PICTURES = 160, 10
MASKED = "#c43c39"


def draw_strip(out: Path, name: str, trajectory: Trajectory, masked: Runs, pictures: int = PICTURES) -> None:
    """Write OUT/NAME.png and .svg: pictures at even distances, below them motions, turns and gripper over the steps."""
    places = np.linspace(0, len(trajectory.jpegs) - 1, min(pictures, len(trajectory.jpegs))).round().astype(int)
    with drawing(out, name, (1.25 * len(places) + 0.8, 6.4)) as figure:
        above, below = figure.subfigures(2, 1, height_ratios=[1.0, 2.9])
        for panel, place in zip(np.ravel(above.subplots(1, len(places), squeeze=False)), places.tolist()):
            panel.imshow(resize(decode(trajectory.jpegs[place]), SIDE))
            panel.set_title(f"{place} ({place * STEP_S:.1f} s)", fontsize=7)
            panel.axis("off")
        panels = below.subplots(3, 1, sharex=True)
        steps = np.arange(len(trajectory.action))
        _curves(panels[0], steps, 100.0 * trajectory.action[:, :3], ("x", "y", "z"), "commanded\nmotion [cm]")
        _curves(panels[1], steps, trajectory.action[:, 3:6], ("roll", "pitch", "yaw"), "commanded\nturn [rad]")
        _gripper(panels[2], trajectory)
        _mark(panels, masked)
        panels[2].set_xlabel("step")
        above.suptitle(_heading(trajectory, masked), fontsize=10)


def _heading(trajectory: Trajectory, masked: Runs) -> str:
    info = trajectory.info
    told = "{}, {}, {} steps".format(info["task"], "succeeded" if info["success"] else "failed", len(trajectory.action))
    share = sum(stop - start for start, stop in masked)
    return f"{trajectory.key}: {told}, {share} masked" if share else f"{trajectory.key}: {told}"


def _curves(panel: Any, steps: np.ndarray, rows: np.ndarray, names: Sequence[str], label: str) -> None:
    for column, (name, colour) in enumerate(zip(names, COLOURS)):
        panel.plot(steps, rows[:, column], color=colour, label=name)
    panel.axhline(0.0, color=INK, linewidth=0.6)
    panel.set_ylabel(label)
    panel.legend(loc="upper right", ncols=3)


def _gripper(panel: Any, trajectory: Trajectory) -> None:
    steps = np.arange(len(trajectory.action))
    panel.step(steps, trajectory.action[:, 6], where="post", color=COLOURS[0], label="commanded")
    panel.plot(np.arange(len(trajectory.state)), trajectory.state[:, 6], color=COLOURS[1], label="measured")
    panel.set_ylim(-0.1, 1.1)
    panel.set_ylabel("gripper")
    panel.legend(loc="upper right", ncols=2)


def _mark(panels: Any, masked: Runs) -> None:
    """Shade what is masked."""
    shown: Optional[str] = "masked"
    for start, stop in masked:
        for panel in panels:
            panel.axvspan(
                start, stop, color=MASKED, alpha=0.15, linewidth=0, label=shown if panel is panels[0] else None
            )
        shown = None
    if masked:
        panels[0].legend(loc="upper right", ncols=4)
