"""Which steps are not to be learned from: kept in files beside the data, which are never changed.

Of shards ``masks.json`` lies in their folder and has all of them by key; of an episode it lies in its own folder.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Tuple

import numpy as np

from robot_bridge.recording.format import MASKS, MASKS_FORMAT
from vptr_policy.data.robot.sources import EpisodeItem, Item

Runs = Tuple[Tuple[int, int], ...]
"""(first step, one past the last), rising and apart."""


@dataclass(frozen=True)
class Mask:
    """Of ``steps`` steps those in ``runs`` are masked."""

    steps: int
    runs: Runs = ()

    def __post_init__(self) -> None:
        edges = [edge for run in self.runs for edge in run]
        whole = all(isinstance(edge, int) for edge in edges)
        if not whole or edges != sorted(set(edges)) or (edges and not 0 <= edges[0] < edges[-1] <= self.steps):
            raise ValueError(f"runs {self.runs} of {self.steps} steps: expected (first, one past the last), rising")

    def flags(self) -> np.ndarray:
        """(T,) bool."""
        flags = np.zeros(self.steps, dtype=bool)
        for start, stop in self.runs:
            flags[start:stop] = True
        return flags

    def row(self) -> Dict[str, Any]:
        """For JSON."""
        return {"steps": self.steps, "masked": [list(run) for run in self.runs]}


@dataclass
class MaskFile:
    """The masks of a folder of shards by key, and the rule they were made by."""

    rule: Dict[str, Any] = field(default_factory=dict)
    masks: Dict[str, Mask] = field(default_factory=dict)


def read_masks(folder: Path) -> MaskFile:
    """The masks of a folder of shards; none where there is no file. Raises ValueError where it is damaged."""
    content = _read(folder / MASKS)
    rows = content.get("demonstrations", {})
    if not isinstance(rows, dict):
        raise ValueError(f"{folder / MASKS}: demonstrations is no object; delete it and run `vptr data trim` again")
    return MaskFile(content.get("rule", {}), {name: _mask(folder / MASKS, row) for name, row in rows.items()})


def write_masks(folder: Path, file: MaskFile) -> None:
    """Replace the masks of a folder of shards."""
    rows = {name: mask.row() for name, mask in sorted(file.masks.items()) if mask.runs}
    _write(folder / MASKS, {"format": MASKS_FORMAT, "rule": file.rule, "demonstrations": rows})


def read_episode_mask(folder: Path, steps: int) -> Mask:
    """The mask of an episode of so many steps; an empty one where there is no file."""
    content = _read(folder / MASKS)
    return _mask(folder / MASKS, content, steps) if content else Mask(steps)


def write_episode_mask(folder: Path, mask: Mask, rule: Dict[str, Any]) -> None:
    """Replace the mask of an episode."""
    _write(folder / MASKS, {"format": MASKS_FORMAT, "rule": rule, **mask.row()})


def mask_of(item: Item, file: MaskFile, steps: int) -> Mask:
    """The mask of a demonstration of so many steps; ``file`` is that of its folder, where it is in a shard."""
    if isinstance(item, EpisodeItem):
        return read_episode_mask(item.folder, steps)
    mask = file.masks.get(item.name, Mask(steps))
    if mask.steps != steps:
        raise ValueError(
            f"the mask of {item.name} is of {mask.steps} steps, it has {steps}: run `vptr data trim` again"
        )
    return mask


def carried(shard_items: Iterable[Item], source: Path) -> MaskFile:
    """The masks of episodes under ``source`` for the shards they were imported to, by ``origin``."""
    file = MaskFile()
    for item in shard_items:
        folder = source / str(item.info.get("origin", ""))
        content = _read(folder / MASKS)
        if content:
            file.rule = content.get("rule", {})
            file.masks[item.name] = _mask(folder / MASKS, content, int(item.info["steps"]))
    return file


def from_flags(flags: np.ndarray) -> Mask:
    """The mask of the steps where ``flags`` (T,) is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, np.int8), [0]]))).tolist()
    return Mask(len(flags), tuple(zip(edges[::2], edges[1::2])))


def _mask(path: Path, row: Any, steps: int = -1) -> Mask:
    try:
        runs: List[Tuple[int, int]] = [(run[0], run[1]) for run in row["masked"]]
        mask = Mask(row["steps"], tuple(runs))
    except (TypeError, LookupError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and run `vptr data trim` again") from error
    if steps >= 0 and mask.steps != steps:
        raise ValueError(f"{path} is of {mask.steps} steps, the demonstration has {steps}: run `vptr data trim` again")
    return mask


def _read(path: Path) -> Dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({error}); delete it and run `vptr data trim` again") from error
    if not isinstance(content, dict) or content.get("format") != MASKS_FORMAT:
        raise ValueError(f"{path} is not of the format {MASKS_FORMAT}; delete it and run `vptr data trim` again")
    return content


def _write(path: Path, content: Dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content) + "\n", encoding="utf-8")
    os.replace(str(part), str(path))
