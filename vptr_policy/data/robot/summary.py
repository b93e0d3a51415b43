"""What a folder of shards or of recorded episodes holds, in numbers; in constant memory and without its pictures."""

from collections import Counter
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Set

import numpy as np

from robot_bridge.interface import STEP_S
from vptr_policy.counting import counted
from vptr_policy.data.demonstrations import fingerprint, instruction
from vptr_policy.data.robot import episodes
from vptr_policy.data.robot.shards import entries, shard_paths
from vptr_policy.data.robot.sources import episode_folders

AXES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
RANGED = ("state", "action", "executed")
LEFT_OUT = ("unjudged", "discarded", "unfinished", "damaged")
"""What episodes can be instead of demonstrations."""


class Totals:
    """Adds up demonstrations, one after the other."""

    def __init__(self) -> None:
        self._tasks: Dict[str, Dict[str, int]] = {}
        self._low = {name: np.full(7, np.inf) for name in RANGED}
        self._high = {name: np.full(7, -np.inf) for name in RANGED}
        self._lengths: Counter = Counter()
        self._texts: Set[str] = set()

    def add(self, info: Mapping[str, Any], steps: int, ranges: Mapping[str, Any]) -> None:
        """A demonstration of so many steps; ``ranges`` are (least, greatest) of 7 numbers each by name."""
        row = self._tasks.setdefault(str(info["task"]), {"trajectories": 0, "successes": 0, "steps": 0})
        row["trajectories"] += 1
        row["successes"] += int(bool(info["success"]))
        row["steps"] += steps
        self._lengths[steps] += 1
        self._texts.add(instruction(dict(info)))
        for name, (low, high) in ranges.items():
            self._low[name] = np.minimum(self._low[name], low)
            self._high[name] = np.maximum(self._high[name], high)

    def found(self) -> Dict[str, Any]:
        """The counts and ranges; raises ValueError where there was no demonstration."""
        if not self._lengths:
            raise ValueError("there is no demonstration")
        rows = self._tasks.values()
        steps = sum(row["steps"] for row in rows)
        return {
            "trajectories": sum(self._lengths.values()),
            "successes": sum(row["successes"] for row in rows),
            "steps": steps,
            "hours": round(steps * STEP_S / 3600.0, 3),
            "shortest": min(self._lengths),
            "median": self._median(),
            "longest": max(self._lengths),
            "texts": len(self._texts),
            "tasks": {task: self._tasks[task] for task in sorted(self._tasks)},
            "ranges": {name: self._range(name) for name in RANGED},
        }

    def _range(self, name: str) -> Any:
        low, high = self._low[name], self._high[name]
        return [low.tolist(), high.tolist()] if np.isfinite(low).all() else None

    def _median(self) -> float:
        """Of the lengths, which are many fewer than the demonstrations."""
        middle = (sum(self._lengths.values()) - 1) / 2.0
        lengths, ends = sorted(self._lengths), np.cumsum([self._lengths[length] for length in sorted(self._lengths)])
        pair = [lengths[int(np.searchsorted(ends, place + 1))] for place in (int(middle), int(np.ceil(middle)))]
        return sum(pair) / 2.0


def summarise(folder: Path) -> Dict[str, Any]:
    """Of shards: counts by task, ranges of the numbers, lengths and the fingerprint."""
    totals = Totals()
    for entry in entries(folder):
        arrays = entry.arrays()
        ranges = {name: (arrays[name].min(0), arrays[name].max(0)) for name in RANGED}
        totals.add(entry.info, len(arrays["action"]), ranges)
    try:
        found = totals.found()
    except ValueError as error:
        raise ValueError(f"{folder}: its shards hold no demonstration") from error
    paths = shard_paths(folder)
    return {"folder": str(folder), "fingerprint": fingerprint(paths), "shards": len(paths), **found}


def summarise_episodes(folder: Path) -> Dict[str, Any]:
    """Of recorded episodes: the same, from episode.json alone where the recorder wrote a summary there."""
    totals = Totals()
    left_out: Counter = Counter()
    for path in episode_folders(folder):
        try:
            about = episodes.read_about(path)
            why = _left_out(about)
            if why is None:
                told = about.get("summary") or _of_log(path)
                ranges = {name: told[name] for name in RANGED if name in told}
                totals.add(about, int(told["steps"]), ranges)
                continue
        except (OSError, ValueError, TypeError, LookupError):
            why = "damaged"  # `vptr data check` names it
        left_out[why] += 1
    try:
        found = totals.found()
    except ValueError as error:
        told = ", ".join(f"{count} {why}" for why, count in left_out.items())
        raise ValueError(f"{folder}: no episode here was judged and kept ({told or 'there is none'})") from error
    return {"folder": str(folder), **found, "left_out": {why: left_out[why] for why in LEFT_OUT if left_out[why]}}


def _left_out(about: Mapping[str, Any]) -> Optional[str]:
    """Why an episode is no demonstration; None where it is one."""
    if about.get("discarded"):
        return "discarded"
    if not about.get("finished", True):
        return "unfinished"
    return None if isinstance(about.get("success"), bool) else "unjudged"


def _of_log(folder: Path) -> Dict[str, Any]:
    """The same from the log, of an episode that says nothing of itself."""
    lines = episodes.read_steps(folder)
    found: Dict[str, Any] = {"steps": max(len(lines) - 1, 0)}
    for name, rows in (("state", lines), ("action", lines[:-1]), ("executed", lines[:-1])):
        values = np.array([line[name] for line in rows], dtype=np.float64)
        found[name] = [values.min(0), values.max(0)]
    return found


def table(found: Dict[str, Any]) -> str:
    """The summary for the terminal."""
    width = max(len("task"), *(len(task) for task in found["tasks"]))
    nouns = {"trajectories": "demonstration", "shards": "shard", "steps": "step", "texts": "instruction"}
    told = {**found, **{name: counted(found[name], noun) for name, noun in nouns.items() if name in found}}
    where = " in {shards}".format(**told) if "shards" in found else ""
    lines = [
        "{folder}: {trajectories}{where}, {successes} succeeded, {steps} (shortest {shortest}, median {median:g}, "
        "longest {longest}), {hours:.2f} h, {texts}".format(where=where, **told),
    ]
    if "fingerprint" in found:
        lines.append("fingerprint {fingerprint}".format(**found))
    if found.get("left_out"):
        lines.append("besides: " + ", ".join(f"{count} {why}" for why, count in found["left_out"].items()))
    lines += ["", "{}  {:>14}  {:>9}  {:>8}".format("task".ljust(width), "demonstrations", "succeeded", "steps")]
    for task, row in found["tasks"].items():
        lines.append("{}  {trajectories:>14}  {successes:>9}  {steps:>8}".format(task.ljust(width), **row))
    lines += ["", "{:10}".format("range") + "".join(f"{axis:>18}" for axis in AXES)]
    for name, pair in found["ranges"].items():
        if pair is not None:
            cells = (f"{low + 0.0:.3f} .. {high + 0.0:.3f}" for low, high in zip(*pair))
            lines.append(f"{name:10}" + "".join(f"{cell:>18}" for cell in cells))
    return "\n".join(lines)
