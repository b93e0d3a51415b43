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
        return Partition(frozenset(), frozenset(), 0, 0.0)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        sides = [frozenset(map(str, content[side])) for side in (TRAIN, VAL)]
        found = Partition(sides[0], sides[1], int(content["seed"]), float(content["share"]))
        if content["format"] != FORMAT or found.train & found.val:
            raise ValueError("another format, or a demonstration on both sides")
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and run `vptr data split` again") from error
    return found


def carried(origins: Dict[str, str], source: Path) -> Partition:
    """The split of episodes under ``source`` for the shards they were imported to: ``origins`` are name -> origin."""
    found = read(source)
    val = frozenset(name for name, origin in origins.items() if origin in found.val)
    return Partition(frozenset(origins) - val, val, found.seed, found.share)
