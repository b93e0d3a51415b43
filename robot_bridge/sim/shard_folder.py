"""A folder of shards that worker processes make by a plan, each its own.

Which items are in a shard depends on the plan alone. Where that is so of what is in an item too, the same plan gives
the same bytes with any number of workers, and after any interruption.
"""

import contextlib
import json
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Callable, ClassVar, Dict, Iterator, Tuple

from robot_bridge import lock
from robot_bridge.sim.shards import INDEX_NAME, Counts, ShardError, added, read_index, write_index
from robot_bridge.sim.tar import PARTIAL_SUFFIX
from robot_bridge.sim.workers import Tally, run_jobs


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep the folder, made where there is none, for this process; raises ShardError where another writes there."""
    folder.mkdir(parents=True, exist_ok=True)
    remedy = "wait until it has ended, or name another folder"
    with lock.held(folder, f"another process is writing there; {remedy}", ShardError):
        yield


class ShardPlan(ABC):
    """What is made: so many items in all, ``shard_size`` to a shard; the base of dataclasses of plain values."""

    KIND: ClassVar[str] = "shard"
    """What shards are called: KIND-00000.tar and so on."""
    LATER: ClassVar[Tuple[str, ...]] = ()
    """Fields that folders from before there were these do not mention."""

    shard_size: int

    @property
    @abstractmethod
    def total(self) -> int:
        """How many items there are."""

    @property
    @abstractmethod
    def command(self) -> str:
        """The command line that makes this data in a folder DIR."""

    @property
    def shards(self) -> int:
        """How many shards they fill."""
        return -(-self.total // self.shard_size)

    def numbers(self, shard: int) -> range:
        """The numbers of the items of a shard."""
        return range(shard * self.shard_size, min((shard + 1) * self.shard_size, self.total))

    def name(self, shard: int) -> str:
        """The file name of a shard."""
        return f"{self.KIND}-{shard:05d}.tar"

    def is_partial(self, name: str) -> bool:
        """Whether a file of that name is a shard, or the index, that a killed run left half-written."""
        whole = name[: -len(PARTIAL_SUFFIX)] if name.endswith(PARTIAL_SUFFIX) else ""
        return whole == INDEX_NAME or re.fullmatch(rf"{self.KIND}-\d{{5,}}\.tar", whole) is not None


class ShardFolder:
    """The shards of a plan in a folder that is ``held``; ``kept`` is how many items were there when it was opened."""

    def __init__(self, folder: Path, plan: ShardPlan, count: Callable[[Path], Counts], described: Counts) -> None:
        """Begin the folder, or go on with it; what a killed run left half-written is removed.

        Args:
            folder: made where there is none.
            plan: what is to be in it.
            count: counts what is in a finished shard.
            described: what the index says of all, with the counts at 0.

        Raises:
            ShardError: where the folder holds data of another plan, or a damaged shard.
        """
        self._folder, self._plan, self._described = folder, plan, described
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if plan.is_partial(path.name):
                path.unlink()
        paths = sorted(folder.glob(f"{plan.KIND}-*.tar"))
        self._counts: Dict[str, Counts] = {}
        if (folder / INDEX_NAME).exists():
            index = read_index(folder)
            self._check_plan(index.get("plan", {}))
            self._counts = {path.name: index["shards"].get(path.name) or count(path) for path in paths}
        elif paths:
            raise ShardError(f"{folder} holds shards but no {INDEX_NAME}: name another folder, or delete them")
        else:
            write_index(folder, self._index())
        finished = [shard for shard in range(plan.shards) if plan.name(shard) in self._counts]
        self.kept = sum(len(plan.numbers(shard)) for shard in finished)

    def fill(
        self,
        write_shard: Callable[..., Tuple[int, Counts]],
        workers: int,
        on_poll: Callable[[], None],
        tallies: Tuple[Tally, ...],
    ) -> Dict[str, Any]:
        """Make what is missing and return the index.

        Args:
            write_shard: called with the tallies, the plan, the path and the number of a shard; returns the number and
                the counts.
            workers: processes.
            on_poll: called a few times a second meanwhile.
            tallies: shared with the workers.
        """
        plan = self._plan
        missing = [shard for shard in range(plan.shards) if plan.name(shard) not in self._counts]
        jobs = [(plan, self._folder / plan.name(shard), shard) for shard in missing]
        for shard, counts in run_jobs(write_shard, jobs, workers, on_poll, tallies):
            self._counts[plan.name(shard)] = counts
            write_index(self._folder, self._index())
        index = self._index()
        write_index(self._folder, index)
        return index

    def _index(self) -> Dict[str, Any]:
        plan = self._plan
        return {
            **self._described,
            **added(self._counts.values()),
            "complete": len(self._counts) == plan.shards,
            "command": plan.command,
            "plan": dict(vars(plan)),
            "shards": self._counts,
        }

    def _check_plan(self, theirs: Dict[str, Any]) -> None:
        ours = json.loads(json.dumps(vars(self._plan)))
        theirs = {**{name: getattr(type(self._plan), name) for name in self._plan.LATER}, **theirs}
        wrong = [name for name in ours if theirs.get(name) != ours[name]]
        if wrong:
            found = "; ".join(f"{name}: {theirs.get(name)} there, {ours[name]} here" for name in wrong)
            raise ShardError(f"{self._folder} holds data of another plan ({found}): name another folder")
