"""A data set of clips: worker processes that each write their own shards.

What is in a clip depends on the seed and its number alone, and which clips are in a shard on the plan alone: the same
plan gives the same bytes with any number of workers, and after any interruption. A clip has two members: ``KEY.json``
(``frames``, ``sizes`` and ``crc32`` of each JPEG, ``source``, ``text``, and what happened) and ``KEY.jpegs``.
"""

import json
import tarfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, ClassVar, Dict, Iterator, Tuple

from robot_bridge.sim.hand.activities.repertoire import ACTIVITIES
from robot_bridge.sim.hand.clip import record_clip
from robot_bridge.sim.hand.view import View
from robot_bridge.sim.seeds import episode_seed
from robot_bridge.sim.shard_folder import ShardFolder, ShardPlan, held
from robot_bridge.sim.shards import Counts, ShardError, added
from robot_bridge.sim.tar import TarWriter, check_end
from robot_bridge.sim.workers import Tally

FORMAT = "video-clips"
ZERO: Counts = {"clips": 0, "frames": 0, "bytes": 0, "attempted": 0, "achieved": 0, "activities": {}}
"""The counts of no clip."""


@dataclass(frozen=True)
class VideoPlan(ShardPlan):
    """What is recorded: ``clips`` of square pictures of ``size`` pixels; ``activities`` limits what the hand does."""

    KIND: ClassVar[str] = "clips"

    clips: int = 2000
    seed: int = 0
    size: int = 128
    activities: Tuple[str, ...] = ()
    shard_size: int = 50

    def __post_init__(self) -> None:
        if self.clips < 1 or self.shard_size < 1 or not 32 <= self.size <= 1024:
            given = f"{self.clips} clips, {self.shard_size} a shard, {self.size} px"
            raise ValueError(f"expected at least 1 clip, 1 clip a shard and pictures of 32 to 1024 px, got {given}")
        unknown = [name for name in self.activities if name not in ACTIVITIES]
        if unknown:
            raise ValueError(f"no activity {', '.join(unknown)}; known: {', '.join(ACTIVITIES)}")

    @property
    def total(self) -> int:
        """How many clips there are."""
        return self.clips

    @property
    def command(self) -> str:
        """The command line that makes this data in a folder DIR."""
        words = ["vptr sim videos --out DIR"]
        for name in ("clips", "seed", "size", "shard_size"):
            words.append("--{} {}".format(name.replace("_", "-"), getattr(self, name)))
        return " ".join(words + (["--activities", *self.activities] if self.activities else []))


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

    Raises ShardError when the folder holds data of another plan, or a damaged shard, or another process writes there.
    """
    clips, frames = Tally(plan.shards), Tally(plan.shards)
    with held(folder):
        shards = ShardFolder(folder, plan, count_clips, {"format": FORMAT, "size": plan.size, **ZERO})

        def report() -> None:
            on_progress(Progress(clips.total(), frames.total(), shards.kept))

        return shards.fill(write_shard, workers, report, (clips, frames))


def write_shard(clips: Tally, frames: Tally, plan: VideoPlan, path: Path, shard: int) -> Tuple[int, Dict[str, Any]]:
    """Record the clips of one shard and write it; returns its number and counts."""
    with TarWriter(path) as writer:
        for number in plan.numbers(shard):
            clip = record_clip(_view(plan.size), number, episode_seed("videos", plan.seed, number), plan.activities)
            writer.add_members(clip.key, clip.members())
            clips.add(shard)
            frames.add(shard, len(clip.jpegs))
    return shard, count_clips(path)


def count_clips(path: Path) -> Dict[str, Any]:
    """The counts of a shard: clips, frames, bytes of pictures, activities attempted and achieved, and each by name."""
    rows = [ZERO]
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                stream = tar.extractfile(member)
                if member.name.endswith(".json") and stream is not None:
                    rows += _counts(json.loads(stream.read()))
            check_end(tar, path)
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError) as error:
        raise ShardError(f"{path}: not a whole shard ({error!r}); delete it and record it again") from error
    return added(rows)


def _counts(info: Dict[str, Any]) -> Iterator[Counts]:
    """Of a clip, and of each activity in it."""
    yield {"clips": 1, "frames": info["frames"], "bytes": sum(info["sizes"])}
    for name, achieved in zip(info["activities"], info["achieved"]):
        row = {"attempted": 1, "achieved": int(achieved)}
        yield {**row, "activities": {name: row}}


@lru_cache(maxsize=1)
def _view(size: int) -> View:
    """One renderer a process."""
    return View(size)
