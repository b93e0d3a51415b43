"""Which demonstrations are for training and which for validation: drawn by a seed, task by task."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, FrozenSet, Iterable, List, Tuple

import numpy as np

FILE = "split.json"
FORMAT = "vptr-split-1"
TRAIN, VAL = "train", "val"


@dataclass(frozen=True)
class Partition:
    """Names of the demonstrations of each side, and how they were drawn."""

    train: FrozenSet[str]
    val: FrozenSet[str]
    seed: int
    share: float
    """of each task that is for validation"""

    def side(self, name: str) -> str:
        """train or val; what came after the split was drawn is for training."""
        return VAL if name in self.val else TRAIN


NONE = Partition(frozenset(), frozenset(), 0, 0.0)
"""Nothing is for validation."""


def draw(names: Iterable[Tuple[str, str]], seed: int, share: float) -> Partition:
    """Split demonstrations (task, name), each task by itself.

    A task with two or more has one at least on each side. The draw of a task depends on the seed, its name and its
    demonstrations only, not on their order nor on other tasks.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"the share of validation is {share}, expected more than 0 and less than 1")
    tasks: Dict[str, List[str]] = {}
    for task, name in names:
        tasks.setdefault(task, []).append(name)
    val: List[str] = []
    for task, members in tasks.items():
        if len(members) != len(set(members)):
            raise ValueError(f"the task {task} has two demonstrations of one name")
        digest = hashlib.sha256(f"{seed}/{task}".encode()).digest()
        order = np.random.default_rng(int.from_bytes(digest[:8], "big")).permutation(len(members))
        count = 0 if len(members) < 2 else min(max(round(share * len(members)), 1), len(members) - 1)
        val += [sorted(members)[place] for place in order[:count]]
    everything = {name for members in tasks.values() for name in members}
    return Partition(frozenset(everything - set(val)), frozenset(val), seed, share)


def write(folder: Path, partition: Partition) -> None:
    """Keep the split beside the data."""
    content = {
        "format": FORMAT,
        "seed": partition.seed,
        "share": partition.share,
        TRAIN: sorted(partition.train),
        VAL: sorted(partition.val),
    }
    part = folder / (FILE + ".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(str(part), str(folder / FILE))


def read(folder: Path) -> Partition:
    """The split of a folder; nothing is for validation where there is none. Raises ValueError where it is damaged."""
    path = folder / FILE
    if not path.is_file():
        return NONE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        sides = [frozenset(map(str, content[side])) for side in (TRAIN, VAL)]
        found = Partition(sides[0], sides[1], int(content["seed"]), float(content["share"]))
        if content["format"] != FORMAT or found.train & found.val:
            raise ValueError("another format, or a demonstration on both sides")
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and run `vptr data split` again") from error
    return found


def applying(names: Iterable[str], source: Path) -> Partition:
    """The split of the demonstrations of ``source`` of those names, wherever it was drawn.

    That of a folder above or below ``source`` counts as well: a demonstration is for validation where any split at or
    above it says so. Raises ValueError where one is damaged.
    """
    splits: Dict[Path, Partition] = {}
    val, everything = set(), list(names)
    root = source.resolve()
    for name in everything:
        place = root / name
        for folder in place.parents:
            if folder not in splits:
                below = folder == root or root in folder.parents
                splits[folder] = read(folder) if below or _is_ours(folder) else NONE
            if str(place.relative_to(folder)) in splits[folder].val:
                val.add(name)
    nearest = next((found for _, found in sorted(splits.items(), reverse=True) if found.val), NONE)
    return Partition(frozenset(everything) - val, frozenset(val), nearest.seed, nearest.share)


def _is_ours(folder: Path) -> bool:
    """Whether a folder that nobody named holds a split of ours; others may call theirs so too."""
    try:
        return FORMAT.encode() in (folder / FILE).read_bytes()
    except OSError:
        return False


def carried(origins: Dict[str, str], source: Path) -> Partition:
    """The split of ``source`` for the shards it was imported to: ``origins`` are name there -> name in ``source``."""
    found = applying(origins.values(), source)
    return told(origins, [name for name, origin in origins.items() if origin in found.val], found)


def told(names: Iterable[str], val: Iterable[str], drawn: Partition = NONE) -> Partition:
    """The split of demonstrations of which those in ``val`` are for validation, as the source says."""
    held = frozenset(val)
    return Partition(frozenset(names) - held, held, drawn.seed, drawn.share)
