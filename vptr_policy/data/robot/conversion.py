"""Makes a folder of shards of what was read from another format: shard by shard, and resumable between them."""

import hashlib
import json
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, ContextManager, Dict, List, Optional, Protocol, Sequence

from tqdm import tqdm

from robot_bridge.lock import held
from robot_bridge.recording.format import MASKS, PREVIEW
from vptr_policy.data.robot.parts import Part, Skipped
from vptr_policy.data.robot.trajectory import Trajectory

INDEX = "index.json"
PARTIAL = re.compile(r"(shard-\d{5,}\.tar|index\.json)\.partial")
"""What a killed import leaves half-written; other partial files in the folder are somebody else's."""
SMALL_BYTES = 2**20
"""Files of demonstrations up to this size are known by their content, larger ones by size and time."""
NAMED = 20
"""So many of what was skipped are named on the terminal; the index names all."""
COUNTS = ("trajectories", "successes", "steps")


class Writer(Protocol):
    """Writes one shard."""

    def add(self, trajectory: Any) -> None:
        """Append a trajectory."""


def convert(
    parts: Sequence[Part],
    folder: Path,
    plan: Dict[str, Any],
    open_shard: Callable[[Path], ContextManager[Writer]],
    source: Optional[Path] = None,
) -> Dict[str, Any]:
    """Write a shard for each part that has none yet, and return the index of the folder.

    Where a demonstration of ``source`` has changed since, or its verdict, the shard of its part is written again.

    A trajectory that cannot be read is named, counted and left out. A pickle that is malicious ends the import.

    Args:
        parts: what to read.
        folder: where the shards and index.json go.
        plan: what is imported and how; with the origins of the parts it says whether the folder can be resumed.
        open_shard: opens a shard for writing that appears under its name only when it is whole.
        source: what the origins are relative to; without it, changes there are not looked for.

    Raises:
        ValueError: where the folder holds other data, another process writes there, or nothing could be imported.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder, "another process is writing there; wait until it has ended, or name another folder"):
        return _convert(parts, folder, plan, open_shard, source)


def _convert(
    parts: Sequence[Part],
    folder: Path,
    plan: Dict[str, Any],
    open_shard: Callable[[Path], ContextManager[Writer]],
    source: Optional[Path],
) -> Dict[str, Any]:
    if source is not None:
        plan = {**plan, "source": str(source.resolve())}
    origins = hashlib.sha256(json.dumps([part.origins for part in parts]).encode()).hexdigest()[:16]
    index = _open(folder, {**plan, "origins": origins})
    state = _State(source)
    total = sum(len(part.origins) for part in parts)
    with tqdm(total=total, desc="importing", unit="origin", dynamic_ncols=True) as bar:
        for number, part in enumerate(parts):
            name = f"shard-{number:05d}.tar"
            mark = state.of(part)
            known = index["shards"].get(name)
            if known is None or known.get("source_state") != mark:
                if known is not None:
                    tqdm.write(f"{folder / name}: written again, what it was made of has changed", file=sys.stderr)
                    del index["shards"][name]
                    (folder / name).unlink()
                    _save(folder, index, len(parts))
                with open_shard(folder / name) as shard:
                    index["shards"][name] = _fill(shard, part)
                if mark is not None:
                    index["shards"][name]["source_state"] = mark
                _save(folder, index, len(parts))
            bar.update(len(part.origins))
    _save(folder, index, len(parts))
    if not index["trajectories"]:
        reasons = [row for shard in index["shards"].values() for row in shard["skipped"]]
        first = "{origin}: {reason}".format(**reasons[0]) if reasons else "there was none"
        raise ValueError(f"nothing could be imported: {first}")
    return index


def skipped(index: Dict[str, Any]) -> List[Dict[str, str]]:
    """All that was skipped: origin and reason of each."""
    return [row for _, shard in sorted(index["shards"].items()) for row in shard["skipped"]]


class _State:
    """What the source of an import holds, as a mark for each part."""

    def __init__(self, source: Optional[Path]) -> None:
        self._source = source
        self._described = lru_cache(maxsize=8)(_described)

    def of(self, part: Part) -> Optional[str]:
        """The same as long as none of its demonstrations changes; None where the source is not known."""
        if self._source is None:
            return None
        found = [self._described(_existing(self._source, origin)) for origin in part.origins]
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]


def _existing(source: Path, origin: str) -> Path:
    """The folder or file that an origin is in: what comes behind it is the name of a demonstration in a file."""
    path = source / origin
    inside = source in path.parents and ".." not in path.parts
    for candidate in (path, *path.parents) if inside else ():
        if os.path.exists(str(candidate)):
            return candidate
    return source


def _described(path: Path) -> List[Any]:
    """A file, or the files of a demonstration's folder and how many bytes lie in the folders below."""
    if not path.is_dir():
        return _file(path)
    rows: List[Any] = []
    for child in sorted(path.iterdir()):
        if child.is_dir():
            with os.scandir(str(child)) as found:
                sizes = [entry.stat().st_size for entry in found if entry.is_file()]
            rows.append([child.name, len(sizes), sum(sizes)])
        elif child.is_file() and child.name not in (MASKS, PREVIEW):  # masks are carried over each time
            rows.append(_file(child))
    return rows


def _file(path: Path) -> List[Any]:
    """Its name and content, or of a large one size and time."""
    about = path.stat()
    if about.st_size <= SMALL_BYTES:
        return [path.name, hashlib.sha256(path.read_bytes()).hexdigest()]
    return [path.name, about.st_size, about.st_mtime_ns]


def _fill(shard: Writer, part: Part) -> Dict[str, Any]:
    counts: Dict[str, Any] = {**dict.fromkeys(COUNTS, 0), "tasks": {}, "skipped": []}
    for item in part.read():
        if isinstance(item, Skipped):
            counts["skipped"].append({"origin": item.origin, "reason": item.reason})
            continue
        shard.add(item)
        _count(counts, item)
    return counts


def _count(counts: Dict[str, Any], trajectory: Trajectory) -> None:
    task = counts["tasks"].setdefault(trajectory.info["task"], dict.fromkeys(COUNTS, 0))
    for row in (counts, task):
        row["trajectories"] += 1
        row["successes"] += int(trajectory.info["success"])
        row["steps"] += len(trajectory.action)


def _open(folder: Path, plan: Dict[str, Any]) -> Dict[str, Any]:
    """The index of a folder that is to be resumed, or a new one; what a killed import left half-written is removed."""
    for left in folder.iterdir():
        if PARTIAL.fullmatch(left.name):
            left.unlink()
    path = folder / INDEX
    if not path.exists():
        if any(folder.glob("shard-*.tar")):
            raise ValueError(f"{folder} holds shards but no {INDEX}: name another folder, or delete them")
        return {"plan": plan, "shards": {}}
    index = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(index, dict) or index.get("plan") != plan:
        before = index.get("plan") if isinstance(index, dict) else None
        raise ValueError(
            f"{folder} holds other data, or an import of another source or options{_differences(before, plan)}: "
            "name another folder, or delete it to import all of this"
        )
    return index


def _differences(before: Any, plan: Dict[str, Any]) -> str:
    """What of a plan is not as it was; episodes that came or went change ``origins``."""
    if not isinstance(before, dict):
        return ""
    found = [f"{name} was {before.get(name)}, now {value}" for name, value in plan.items() if before.get(name) != value]
    return f" ({'; '.join(found)})"


def _save(folder: Path, index: Dict[str, Any], parts: int) -> None:
    totals: Dict[str, Any] = dict.fromkeys(COUNTS, 0)
    tasks: Dict[str, Dict[str, int]] = {}
    for shard in index["shards"].values():
        for name in COUNTS:
            totals[name] += shard[name]
        for task, row in shard["tasks"].items():
            ours = tasks.setdefault(task, dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                ours[name] += row[name]
    index.update(totals, tasks=tasks, skipped=len(skipped(index)), complete=len(index["shards"]) == parts)
    partial = folder / (INDEX + ".partial")
    partial.write_text(json.dumps(index, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(str(partial), str(folder / INDEX))
