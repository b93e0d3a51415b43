"""One run over several processes, as torchrun starts them; a single process needs none of it."""

import contextlib
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Callable, Iterator, List, TypeVar

import torch
import torch.distributed as dist

Made = TypeVar("Made")
PATIENCE = timedelta(hours=12)
"""Others wait this long for rank 0, which evaluates alone."""


@dataclass(frozen=True)
class Place:
    """Which of the processes of a run this is."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    neighbours: int = 1
    """processes of the run on this machine, this one among them"""

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """How many of a batch's rows each process takes; raises ValueError where they cannot be split evenly."""
        if batch % self.world:
            raise ValueError(f"--batch is {batch}, expected a multiple of the {self.world} processes of torchrun")
        return batch // self.world

    def wait(self) -> None:
        """Wait for all processes."""
        if self.world > 1:
            dist.barrier()

    def first(self, make: Callable[[], Made]) -> Made:
        """What ``make`` returns, called by rank 0 before the others: what it leaves on disk is there for them."""
        if not self.leads:
            self.wait()
        made = make()
        if self.leads:
            self.wait()
        return made

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over all processes."""
        if self.world > 1:
            dist.all_reduce(values)
            values /= self.world
        return values

    def gather(self, value: Made) -> List[Made]:
        """The value of each process, for all."""
        values: List[Made] = [value] * self.world
        if self.world > 1:
            dist.all_gather_object(values, value)
        return values

    def lead(self, value: float) -> float:
        """The value of rank 0, for all."""
        if self.world == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        dist.broadcast(shared, 0)
        return float(shared)


@contextlib.contextmanager
def joined() -> Iterator[Place]:
    """The place that torchrun's environment gives this process, within its process group."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Place()
        return
    rank, local_rank = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    place = Place(rank, world, local_rank, int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    if torch.cuda.is_available():
        torch.cuda.set_device(place.local_rank)
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield place
    finally:
        dist.destroy_process_group()
