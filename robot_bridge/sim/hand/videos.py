"""A data set of clips: worker processes that each write their own shards.

What is in a clip depends on the seed and its number alone, and which clips are in a shard on the plan alone: the same
plan gives the same bytes with any number of workers, and after any interruption. A clip has two members: ``KEY.json``
(``frames``, ``sizes`` and ``crc32`` of each JPEG, ``source``, ``text``, and what happened) and ``KEY.jpegs``.
"""

import json
import tarfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

from robot_bridge.sim.hand.activities.repertoire import ACTIVITIES
from robot_bridge.sim.hand.clip import record_clip
from robot_bridge.sim.hand.view import View
from robot_bridge.sim.seeds import episode_seed
from robot_bridge.sim.shards import INDEX_NAME, ShardError, read_index, write_index
from robot_bridge.sim.tar import PARTIAL_SUFFIX, TarWriter
from robot_bridge.sim.workers import Tally, run_jobs

FORMAT = "video-clips"
COUNTS = ("clips", "frames", "bytes", "achieved", "attempted")


@dataclass(frozen=True)
class VideoPlan:
    """What is recorded: ``clips`` of square pictures of ``size`` pixels; ``activities`` limits what the hand does."""

    clips: int = 2000
    seed: int = 0
    size: int = 128
    activities: Tuple[str, ...] = ()
    shard_size: int = 50

    def __post_init__(self) -> None:
        if self.clips < 1 or self.shard_size < 1 or not 32 <= self.size <= 1024:
            raise ValueError(f"expected at least 1 clip, 1 clip a shard and pictures of 32 to 1024 px, got {self}")
        unknown = [name for name in self.activities if name not in ACTIVITIES]
        if unknown:
            raise ValueError(f"no activity {', '.join(unknown)}; known: {', '.join(ACTIVITIES)}")

    @property
    def command(self) -> str:
        """The command line that makes this data in a folder DIR."""
        words = ["vptr sim videos --out DIR"]
        for name in ("clips", "seed", "size", "shard_size"):
            words.append("--{} {}".format(name.replace("_", "-"), getattr(self, name)))
        return " ".join(words + (["--activities", *self.activities] if self.activities else []))

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.clips // self.shard_size)

    def numbers(self, shard: int) -> range:
        """The numbers of the clips of a shard."""
        return range(shard * self.shard_size, min((shard + 1) * self.shard_size, self.clips))


@dataclass(frozen=True)
class Progress:
    """How far a recording is: clips and frames recorded now; ``kept`` clips were finished before."""

    clips: int
    frames: int
    kept: int


def record(
    plan: VideoPlan, folder: Path, workers: int = 1, on_progress: Callable[[Progress], None] = lambda _: None
) -> Dict[str, Any]:
    """Record what is missing of the plan's clips in ``folder`` and return its index.

    Raises ShardError when the folder holds data of another plan, or a damaged shard.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = _open_folder(plan, folder)
    kept = sum(len(plan.numbers(shard)) for shard in range(plan.shards) if shard_name(shard) in counts)
    clips, frames = Tally(plan.shards), Tally(plan.shards)

    def report() -> None:
        on_progress(Progress(clips.total(), frames.total(), kept))

    jobs = [(plan, folder, shard) for shard in range(plan.shards) if shard_name(shard) not in counts]
    for shard, shard_counts in run_jobs(write_shard, jobs, workers, report, (clips, frames)):
        counts[shard_name(shard)] = shard_counts
        write_index(folder, _index(plan, counts))
    index = _index(plan, counts)
    write_index(folder, index)
    return index


def write_shard(clips: Tally, frames: Tally, plan: VideoPlan, folder: Path, shard: int) -> Tuple[int, Dict[str, Any]]:
    """Record the clips of one shard and write it; returns its number and counts."""
    path = folder / shard_name(shard)
    with TarWriter(path) as writer:
        for number in plan.numbers(shard):
            clip = record_clip(_view(plan.size), number, episode_seed("videos", plan.seed, number), plan.activities)
            writer.add_members(clip.key, clip.members())
            clips.add(shard)
            frames.add(shard, len(clip.jpegs))
    return shard, count_clips(path)


def shard_name(number: int) -> str:
    """The file name of a shard."""
    return f"clips-{number:05d}.tar"


def count_clips(path: Path) -> Dict[str, Any]:
    """The counts of a shard: clips, frames, bytes of pictures, activities attempted and achieved, and each by name."""
    total: Dict[str, Any] = {**dict.fromkeys(COUNTS, 0), "activities": {}}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                stream = tar.extractfile(member)
                if member.name.endswith(".json") and stream is not None:
                    _count(total, json.loads(stream.read()))
            if path.stat().st_size < tar.offset + 2 * tarfile.BLOCKSIZE:
                raise EOFError("the end of the archive is missing")
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError) as error:
        raise ShardError(f"{path}: not a whole shard ({error!r}); delete it and record it again") from error
    return total


def _count(total: Dict[str, Any], info: Dict[str, Any]) -> None:
    total["clips"] += 1
    total["frames"] += info["frames"]
    total["bytes"] += sum(info["sizes"])
    for name, achieved in zip(info["activities"], info["achieved"]):
        row = total["activities"].setdefault(name, {"attempted": 0, "achieved": 0})
        for counts in (total, row):
            counts["attempted"] += 1
            counts["achieved"] += int(achieved)


@lru_cache(maxsize=1)
def _view(size: int) -> View:
    """One renderer a process."""
    return View(size)


def _open_folder(plan: VideoPlan, folder: Path) -> Dict[str, Dict[str, Any]]:
    """The counts of the shards that are finished already; removes what a killed run left half-written."""
    for partial in folder.glob("*" + PARTIAL_SUFFIX):
        partial.unlink()
    paths = sorted(folder.glob("clips-*.tar"))
    if not (folder / INDEX_NAME).exists():
        if paths:
            raise ShardError(f"{folder} holds shards but no {INDEX_NAME}: name another folder, or delete them")
        write_index(folder, _index(plan, {}))
        return {}
    index = read_index(folder)
    ours, theirs = json.loads(json.dumps(asdict(plan))), index.get("plan", {})
    different = [
        f"{name}: {theirs.get(name)} there, {ours[name]} here" for name in ours if theirs.get(name) != ours[name]
    ]
    if different:
        raise ShardError("{} holds data of another plan ({}): name another folder".format(folder, "; ".join(different)))
    return {path.name: index["shards"].get(path.name) or count_clips(path) for path in paths}


def _index(plan: VideoPlan, counts: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    activities: Dict[str, Dict[str, int]] = {}
    for shard in counts.values():
        for name, numbers in shard["activities"].items():
            row = activities.setdefault(name, {"attempted": 0, "achieved": 0})
            for key in row:
                row[key] += numbers[key]
    return {
        "format": FORMAT,
        "complete": len(counts) == plan.shards,
        "command": plan.command,
        "plan": asdict(plan),
        "size": plan.size,
        **{name: sum(shard[name] for shard in counts.values()) for name in COUNTS},
        "activities": activities,
        "shards": counts,
    }
