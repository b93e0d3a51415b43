"""What of decoded demonstrations is not learned from: masked steps, and what is kept for validation."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Tuple

import numpy as np

from robot_bridge.recording.format import MASKS
from vptr_policy.data.demonstrations import Cache
from vptr_policy.data.robot import partition
from vptr_policy.data.robot.masks import Mask, read_masks
from vptr_policy.data.robot.shards import entries


@dataclass(frozen=True)
class LeftOut:
    """How much is left out."""

    masked_steps: int = 0
    validation: int = 0
    """demonstrations"""


def leave_out(cache: Cache, folder: Path) -> Tuple[Cache, LeftOut]:
    """The decoded shards of ``folder`` with what is masked there, or for validation, marked as not to be learned from.

    The files of masks and split are part of the fingerprint. Raises ValueError where they do not fit the data.
    """
    files = [folder / name for name in (MASKS, partition.FILE) if (folder / name).is_file()]
    if not files:
        return cache, LeftOut()
    masks, split = read_masks(folder).masks, partition.read(folder)
    starts = np.flatnonzero(np.diff(cache.rows["trajectory"], prepend=-1))
    skipped = np.zeros(len(cache.rows["trajectory"]), dtype=bool)
    masked = held = 0
    for start, entry in zip(starts.tolist(), entries(folder)):
        steps = int(cache.rows["remaining"][start])
        mask = masks.pop(entry.key, Mask(steps))
        if mask.steps != steps:
            raise ValueError(
                f"{folder / MASKS}: the mask of {entry.key} is of {mask.steps} steps, it has {steps}: "
                "run `vptr data trim` again"
            )
        if entry.key in split.val:
            skipped[start : start + steps] = True
            held += 1
        else:
            skipped[start : start + steps] = mask.flags()
            masked += int(mask.flags().sum())
    if masks:
        raise ValueError(f"{folder / MASKS} masks {min(masks)}, which is not there: run `vptr data trim` again")
    mark = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:8]
    marked = replace(cache, skipped=skipped, fingerprint=f"{cache.fingerprint}-{mark}")
    return marked, LeftOut(masked, held)
