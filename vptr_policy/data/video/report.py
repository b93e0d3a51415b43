"""What is in a folder of clips: counts, lengths, damage, pictures."""

from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

import numpy as np

from vptr_policy.data.pictures import DamagedPicture, decode
from vptr_policy.data.video.index import ClipIndex, about
from vptr_policy.resize import resize

NAMED = 3
"""So many of what is missing are named in a line."""
BINS = 10
COLUMNS = 8
TILE_PX = 112


def describe(index: ClipIndex) -> Dict[str, Any]:
    """Counts, a histogram of the lengths, and what was left out when the clips and when the index were made."""
    lengths = np.asarray(index.clips["frames"])
    told = about(index.folder)
    return {
        "folder": str(index.folder),
        "clips": len(index),
        "frames": int(lengths.sum()),
        "bytes": int(index.frames["bytes"].sum(dtype=np.int64)),
        "shards": len(index.shards),
        "size": index.size or "unknown",
        "command": told.get("command", "unknown"),
        "lengths": _histogram(lengths),
        "skipped": told.get("skipped", {}),
        "unusable": index.skipped,
        "missing": missing(index),
    }


def missing(index: ClipIndex) -> int:
    """How many clips that were made cannot be used; the least that it can be where ``index.json`` tells no number."""
    told = _told(index)
    return len(index.skipped) if told is None else max(len(index.skipped), told - len(index))


def shortage(index: ClipIndex) -> str:
    """What is missing of a folder's clips and why, in one line; nothing where all are there."""
    count, told = missing(index), _told(index)
    if not count:
        return ""
    reasons = [f"{entry['name']}: {entry['why']}" for entry in index.skipped[:NAMED]]
    reasons += [f"{len(index.skipped) - NAMED} more, which `vptr data info` names"] if index.skipped[NAMED:] else []
    why = "; ".join(reasons) or f"its shards hold {len(index)} clips, its index.json tells of {told}"
    some = f"at least {count}" if told is None else f"{count} of {told}"
    return f"{index.folder}: {some} clips cannot be used ({why}); make or copy them again to have all"


def _told(index: ClipIndex) -> Optional[int]:
    """How many clips there were when they were made, if ``index.json`` tells it."""
    told = about(index.folder).get("clips")
    return told if isinstance(told, int) else None


def damage(index: ClipIndex, shown: Callable[[range], Iterable[int]] = iter) -> Iterator[str]:
    """Names of the frames that cannot be decoded, all frames having been tried."""
    for clip in shown(range(len(index))):
        for frame in range(int(index.clips[clip]["frames"])):
            try:
                decode(index.read(clip, [frame])[0])
            except DamagedPicture as error:
                yield f"{index.name(clip)}, frame {frame}: {error}"


def film_strips(index: ClipIndex, rows: int, seed: int) -> List[Tuple[str, List[np.ndarray]]]:
    """Captions and frames at even distances, with the first and the last, of clips drawn at random."""
    chosen = np.random.default_rng(seed).permutation(len(index))[:rows]
    return [_strip(index, int(clip)) for clip in sorted(chosen)]


def _strip(index: ClipIndex, clip: int) -> Tuple[str, List[np.ndarray]]:
    count = int(index.clips[clip]["frames"])
    frames = np.linspace(0, count - 1, min(count, COLUMNS)).round().astype(int)
    pictures = []
    for frame in frames:
        try:
            pictures.append(resize(decode(index.read(clip, [int(frame)])[0]), TILE_PX))
        except DamagedPicture:
            pictures.append(np.full((TILE_PX, TILE_PX, 3), (255, 0, 0), np.uint8))
    return f"{index.name(clip)[len(str(index.folder)) + 1 :]}, {count} frames", pictures


def _histogram(lengths: np.ndarray) -> List[Dict[str, int]]:
    """Clips by length in steps of 10 frames, or in wider ones where there would be too many."""
    step = max(BINS, BINS * int(np.ceil(int(lengths.max()) / (BINS * 20))))
    counts = np.bincount(lengths.astype(np.int64) // step)
    return [
        {"from": place * step, "to": (place + 1) * step - 1, "clips": int(count)}
        for place, count in enumerate(counts)
        if count or place
    ]
