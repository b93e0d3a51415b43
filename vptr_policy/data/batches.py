"""Batches as a function of seed and step, prepared in a thread ahead of the training loop."""

import queue
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Optional, Tuple, Type

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from vptr_policy.data.augmentation import Augmentation, augment
from vptr_policy.data.demonstrations import Transitions


@dataclass(frozen=True)
class Batch:
    """What one update learns from."""

    images: Tensor
    """(B, 3, 128, 128) float32, values 0..255"""
    states: Tensor
    """(B, 7) Bridge states"""
    tasks: Tensor
    """(B, tasks) one-hot"""
    actions: Tensor
    """(B, 7) in [-1, 1]"""
    next_images: Optional[Tensor] = None
    next_states: Optional[Tensor] = None
    rewards: Optional[Tensor] = None
    """(B,) after scaling"""
    masks: Optional[Tensor] = None
    """(B,) 0 where the value of the next state does not count"""
    returns: Optional[Tensor] = None
    """(B,) discounted sum of the rewards to the end of the trajectory"""


class Sampler:
    """Batch ``step`` of a stream of random orders of the transitions, the same for the same seed and step."""

    def __init__(self, transitions: Transitions, size: int, seed: int, augmentation: Augmentation) -> None:
        self._transitions = transitions
        self._size = size
        self._seed = seed
        self._augmentation = augmentation
        self._order: Tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    def batch(self, step: int) -> Batch:
        """The batch of update ``step``."""
        cache = self._transitions.cache
        index = self._transitions.index[self._places(step)]
        random = np.random.default_rng([self._seed, 1, step])
        return Batch(
            images=augment(cache.frames, index, self._augmentation, random),
            states=torch.from_numpy(cache.rows["state"][index]),
            tasks=functional.one_hot(torch.from_numpy(cache.rows["task"][index]), len(cache.tasks)).float(),
            actions=torch.from_numpy(self._transitions.targets[index]),
        )

    def _places(self, step: int) -> np.ndarray:
        positions = np.arange(step * self._size, (step + 1) * self._size)
        count = len(self._transitions.index)
        return np.array([self._shuffled(int(position // count))[position % count] for position in positions])

    def _shuffled(self, epoch: int) -> np.ndarray:
        if self._order[0] != epoch:
            random = np.random.default_rng([self._seed, 0, epoch])
            self._order = (epoch, random.permutation(len(self._transitions.index)))
        return self._order[1]


class Prefetcher:
    """Hands out the batches from ``first`` on, up to ``depth`` of them made ahead in a thread."""

    def __init__(self, sampler: Sampler, first: int, depth: int = 4) -> None:
        self._sampler = sampler
        self._ready: queue.Queue = queue.Queue(depth)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._fill, args=(first,), name="batches", daemon=True)

    def __enter__(self) -> "Prefetcher":
        self._thread.start()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._closed.set()
        while self._thread.is_alive():
            self._drain()
            self._thread.join(0.05)

    def next(self) -> Batch:
        """The next batch; raises what went wrong in the thread."""
        item = self._ready.get()
        if isinstance(item, BaseException):
            raise RuntimeError(f"the data thread failed: {item}") from item
        return item

    def _fill(self, step: int) -> None:
        torch.set_num_threads(1)  # of this thread: the training loop has its own
        try:
            while not self._closed.is_set():
                self._ready.put(self._sampler.batch(step))
                step += 1
        except Exception as error:
            self._ready.put(error)

    def _drain(self) -> None:
        while not self._ready.empty():
            self._ready.get_nowait()
