"""What a folder of shards holds, in numbers."""

from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from vptr_policy.data.demonstrations import fingerprint, instruction
from vptr_policy.data.robot.shards import Entry, entries, shard_paths

AXES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
RANGED = ("state", "action", "executed")


def summarise(folder: Path) -> Dict[str, Any]:
    """Counts by task, ranges of the numbers, lengths and the fingerprint; pictures are not read."""
    tasks: Dict[str, Dict[str, int]] = {}
    low = {name: np.full(7, np.inf) for name in RANGED}
    high = {name: np.full(7, -np.inf) for name in RANGED}
    lengths: List[int] = []
    texts = set()
    for entry in entries(folder):
        arrays = entry.arrays()
        lengths.append(len(arrays["action"]))
        texts.add(instruction(entry.info))
        _count(tasks, entry, lengths[-1])
        for name in RANGED:
            low[name] = np.minimum(low[name], arrays[name].min(0))
            high[name] = np.maximum(high[name], arrays[name].max(0))
    if not lengths:
        raise ValueError(f"{folder}: its shards hold no demonstration")
    return {
        "folder": str(folder),
        "fingerprint": fingerprint(shard_paths(folder)),
        "shards": len(shard_paths(folder)),
        "trajectories": len(lengths),
        "successes": sum(row["successes"] for row in tasks.values()),
        "steps": sum(lengths),
        "shortest": min(lengths),
        "median": float(np.median(lengths)),
        "longest": max(lengths),
        "texts": len(texts),
        "tasks": {task: tasks[task] for task in sorted(tasks)},
        "ranges": {name: [low[name].tolist(), high[name].tolist()] for name in RANGED},
    }


def table(found: Dict[str, Any]) -> str:
    """The summary for the terminal."""
    width = max(len("task"), *(len(task) for task in found["tasks"]))
    lines = [
        "{folder}: {trajectories} demonstrations in {shards} shards, {successes} succeeded, {steps} steps "
        "(shortest {shortest}, median {median:g}, longest {longest}), {texts} instructions".format(**found),
        f"fingerprint {found['fingerprint']}",
        "",
        "{}  {:>14}  {:>9}  {:>8}".format("task".ljust(width), "demonstrations", "succeeded", "steps"),
    ]
    for task, row in found["tasks"].items():
        lines.append("{}  {trajectories:>14}  {successes:>9}  {steps:>8}".format(task.ljust(width), **row))
    lines += ["", "{:10}".format("range") + "".join(f"{axis:>18}" for axis in AXES)]
    for name, (low, high) in found["ranges"].items():
        lines.append(f"{name:10}" + "".join(f"{f'{a + 0.0:.3f} .. {b + 0.0:.3f}':>18}" for a, b in zip(low, high)))
    return "\n".join(lines)


def _count(tasks: Dict[str, Dict[str, int]], entry: Entry, steps: int) -> None:
    row = tasks.setdefault(str(entry.info["task"]), {"trajectories": 0, "successes": 0, "steps": 0})
    row["trajectories"] += 1
    row["successes"] += int(entry.info["success"])
    row["steps"] += steps
