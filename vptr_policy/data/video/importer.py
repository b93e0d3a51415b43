"""Import of clips: sources are dealt out to shards, each made whole by one job, and an import that was killed goes on.

Which clips are in a shard depends on the sources and the plan alone, not on the number of workers. While it runs, the
folder ``progress`` holds the plan and what each finished shard left out; ``index.json`` is written last.
"""

import fcntl
import hashlib
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Iterator, List, Optional, Protocol, Sequence, Tuple, Type

from vptr_policy.data.video.index import HOME, build_index
from vptr_policy.data.video.jpeg import FITS
from vptr_policy.data.video.ownership import (
    LOCK,
    SHARD_PARTIAL,
    check_index,
    check_progress,
    check_skipped,
    remove_files,
    remove_progress,
)
from vptr_policy.data.video.shards import (
    FORMAT,
    INDEX,
    PROGRESS,
    ClipWriter,
    shard_name,
    shard_paths,
    write_json,
)
from vptr_policy.data.video.sources import PictureOptions, Skip, Source
from vptr_policy.json_file import read_object

SKIPPED = "skipped.jsonl"
MARK = "import.json"
"""What an import that is running is of, in its progress."""
MIB = 2**20


@dataclass(frozen=True)
class ImportPlan:
    """How clips are cut and stored; the range of their lengths is that of V-PTR B.4 and VIP D.1."""

    pictures: PictureOptions = field(default_factory=PictureOptions)
    min_frames: int = 10
    max_frames: int = 150
    shard_mib: float = 256.0

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        pictures = self.pictures
        if not 1 <= self.min_frames <= self.max_frames:
            raise ValueError(f"clips of {self.min_frames} to {self.max_frames} frames: expected 1 <= least <= most")
        if not 8 <= pictures.size <= 4096 or not 1 <= pictures.quality <= 100:
            raise ValueError(f"size {pictures.size} and quality {pictures.quality}: expected 8..4096 and 1..100")
        if pictures.fit not in FITS:
            raise ValueError("fit is {!r}, expected one of {}".format(pictures.fit, ", ".join(FITS)))
        if not 0.0 < pictures.fps <= 1000.0 or not self.shard_mib > 0.0:
            raise ValueError(f"fps {pictures.fps} and shards of {self.shard_mib} MiB: expected numbers above 0")


class Count(Protocol):
    """Counts, shared with the process that shows the progress."""

    def add(self, slot: int, amount: int = 1) -> None:
        """Count ``amount`` in a slot."""


Job = Tuple[int, Tuple[Source, ...], ImportPlan, Path]
"""Number of the shard, its sources, the plan, the folder."""


class Import:
    """The import of some sources into a folder, used as a context: ``open`` gives jobs to do, ``finish`` ends it."""

    def __init__(
        self, sources: Sequence[Source], skips: Sequence[Skip], plan: ImportPlan, out: Path, command: str
    ) -> None:
        self._groups = _groups(sources, plan.shard_mib * MIB)
        self._skips = list(skips)
        self._plan = plan
        self._out = Path(out)
        self._command = command
        self._identity = {"mark": _mark(sources, plan), "content": _content(sources)}
        self._locked = -1

    def __enter__(self) -> "Import":
        """Keep other imports out of the folder.

        Raises:
            ValueError: where one is running, or the folder holds something else; nothing in it was changed then.
        """
        if self._finished() is None:
            self._check()
            (self._out / PROGRESS).mkdir(parents=True, exist_ok=True)
            self._locked = os.open(str(self._out / PROGRESS / LOCK), os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._locked)
                raise ValueError(f"{self._out}: another import into this folder is running") from error
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._locked >= 0:
            os.close(self._locked)

    @property
    def shards(self) -> int:
        """How many shards there are, those made before included."""
        return len(self._groups)

    @property
    def sources(self) -> int:
        """How many sources there are in all."""
        return sum(len(group) for group in self._groups)

    def open(self) -> List[Job]:
        """The jobs left, each the arguments of ``write_shard`` after the counts; removes what was left half-written.

        Raises:
            ValueError: where the folder holds something else.
        """
        if self._finished() is not None:
            return []
        self._check()
        write_json(self._out / PROGRESS / MARK, {**self._identity, "command": self._command})
        remove_files(self._out, SHARD_PARTIAL)
        return [
            (number, group, self._plan, self._out)
            for number, group in enumerate(self._groups)
            if not _record_path(self._out, number).exists()
        ]

    def finish(self) -> Dict[str, Any]:
        """Write ``skipped.jsonl``, the index and ``index.json``, which is returned.

        Raises:
            ValueError: where no clip could be imported.
        """
        finished = self._finished() or self._write_index()
        remove_progress(self._out / PROGRESS)
        return finished

    def _check(self) -> None:
        """Raise ValueError where the folder holds something else."""
        check_progress(self._out / PROGRESS)
        check_index(self._out / HOME)
        begun, told = self._out / PROGRESS / MARK, self._out / INDEX
        if begun.exists():
            theirs = read_object(begun, ("mark",), f"name another folder, or delete {begun.parent}")
            what = "an import of other sources or options"
        elif told.exists() or shard_paths(self._out):
            theirs, what = _object(told), "other data"
        else:
            check_skipped(self._out / SKIPPED)
            return
        if theirs.get("mark") != self._identity["mark"]:
            raise ValueError(f"{self._out} holds {what}: name another folder")
        if not self._is_of(theirs):
            by = theirs.get("command", "another command")
            raise ValueError(
                f"{self._out} holds an import of other files of these names, or of these before they changed "
                f"(made by: {by}): name another folder, or delete it to import these"
            )

    def _finished(self) -> Optional[Dict[str, Any]]:
        index = _object(self._out / INDEX)
        return index if self._is_of(index) else None

    def _is_of(self, stored: Dict[str, Any]) -> bool:
        """Whether it is of these sources and options; older ones did not tell the content."""
        mark, content = self._identity["mark"], self._identity["content"]
        return stored.get("mark") == mark and stored.get("content", content) == content

    def _write_index(self) -> Dict[str, Any]:
        records = [_record(self._out, number) for number in range(self.shards)]
        skips = [asdict(skip) for skip in self._skips] + [skip for record in records for skip in record["skips"]]
        lines = "".join(json.dumps(skip) + "\n" for skip in skips)
        (self._out / SKIPPED).write_text(lines, encoding="utf-8")
        counts: Counter = Counter()
        for skip in skips:
            counts[skip["kind"]] += skip["count"]
        clips = sum(record["clips"] for record in records)
        if not clips:
            remove_progress(self._out / PROGRESS)  # so that it is tried anew when the sources are put right
            raise ValueError(f"{self._out}: no clip could be imported{_reasons(skips)}")
        paths = shard_paths(self._out)
        build_index(self._out, paths, self._plan.pictures.size)
        index = {
            "format": FORMAT,
            "complete": True,
            "command": self._command,
            "size": self._plan.pictures.size,
            "clips": clips,
            "frames": sum(record["frames"] for record in records),
            "bytes": sum(path.stat().st_size for path in paths),
            "sources": self.sources,
            "skipped": dict(counts),
            "plan": asdict(self._plan),
            **self._identity,
        }
        write_json(self._out / INDEX, index)
        return index


def write_shard(
    sources_done: Count, frames_done: Count, number: int, sources: Sequence[Source], plan: ImportPlan, out: Path
) -> int:
    """Make one shard and the record of what it left out; returns its number."""
    skips: List[Skip] = []
    with ClipWriter(out / shard_name(number)) as writer:
        for source in sources:
            for start, jpegs in _clips(source, plan, skips):
                info = {"source": source.name, "start": start, "text": source.text}
                writer.add(f"{number:05d}-{writer.clips:05d}", jpegs, info)
                frames_done.add(number, len(jpegs))
            sources_done.add(number)
    counts = {"clips": writer.clips, "frames": writer.frames, "skips": [asdict(skip) for skip in skips]}
    write_json(_record_path(out, number), counts)
    return number


def _clips(source: Source, plan: ImportPlan, skips: List[Skip]) -> Iterator[Tuple[int, List[bytes]]]:
    """The clips of a source with the number of their first frame: cut at gaps and at the greatest length."""
    frames: List[bytes] = []
    place = 0
    for piece in source.pieces(plan.pictures):
        if isinstance(piece, bytes):
            frames.append(piece)
            place += 1
        if not isinstance(piece, bytes) or len(frames) == plan.max_frames:
            yield from _long_enough(source, place - len(frames), frames, plan, skips)
            frames = []
        if isinstance(piece, Skip):
            _note(skips, replace(piece, source=source.name))
            place += piece.count
    yield from _long_enough(source, place - len(frames), frames, plan, skips)


def _long_enough(
    source: Source, start: int, frames: List[bytes], plan: ImportPlan, skips: List[Skip]
) -> Iterator[Tuple[int, List[bytes]]]:
    if len(frames) >= plan.min_frames:
        yield start, frames
    elif frames:
        why = f"{len(frames)} frames from frame {start} on are fewer than {plan.min_frames}"
        _note(skips, Skip("short clip" if start == 0 else "short leftover", source.name, why, 1, source.name))


def _note(skips: List[Skip], skip: Skip) -> None:
    """Add to the list; a run of frames of one source that have the same fault is one entry, named by its first."""
    last = skips[-1] if skips else None
    if last and skip.kind.endswith("frame") and (last.kind, last.source) == (skip.kind, skip.source):
        skips[-1] = replace(last, count=last.count + skip.count)
    else:
        skips.append(skip)


def _groups(sources: Sequence[Source], limit: float) -> List[Tuple[Source, ...]]:
    """Neighbouring sources together until their clips fill a shard."""
    groups: List[List[Source]] = []
    weight = limit
    for source in sources:
        if weight >= limit:
            groups.append([])
            weight = 0.0
        groups[-1].append(source)
        weight += source.weight
    return [tuple(group) for group in groups]


def _mark(sources: Sequence[Source], plan: ImportPlan) -> str:
    """Identifies the names of sources, and the plan."""
    digest = hashlib.sha256(json.dumps(asdict(plan), sort_keys=True).encode())
    for source in sources:
        digest.update(f"\n{source.name}\t{source.weight}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _content(sources: Sequence[Source]) -> str:
    """Identifies the words and files of sources: of each file where it is, its size and its time of change."""
    resolved = lru_cache(maxsize=8)(os.path.realpath)
    digest = hashlib.sha256()
    for source in sources:
        digest.update(repr(source.text).encode())
        for path in source.files():
            folder, name = os.path.split(path)
            try:
                about = os.stat(path)
                digest.update(repr((resolved(folder), name, about.st_size, about.st_mtime_ns)).encode())
            except (OSError, ValueError):  # ValueError: a name that no file can have
                digest.update(repr(name).encode())
    return digest.hexdigest()[:16]


def _object(path: Path) -> Dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _record_path(out: Path, number: int) -> Path:
    return out / PROGRESS / f"{number:05d}.json"


def _record(out: Path, number: int) -> Dict[str, Any]:
    record: Dict[str, Any] = json.loads(_record_path(out, number).read_text(encoding="utf-8"))
    return record


def _reasons(skips: Sequence[Dict[str, Any]]) -> str:
    shown = "; ".join(f"{skip['kind']} {skip['name']}: {skip['why']}" for skip in skips[:3])
    return f" ({shown}{'; ...' if len(skips) > 3 else ''})" if shown else ": there is nothing to import"
