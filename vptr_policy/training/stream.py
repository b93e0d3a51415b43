"""The batches of a run from a source, made ahead of the training loop by worker processes or in a thread."""

import contextlib
import mmap
import multiprocessing
import queue
import threading
import time
from dataclasses import fields
from multiprocessing import reduction
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, Optional, Protocol, Tuple, Type

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

START = "forkserver"
"""Forking a process in which threads run (torch's, the progress bar's, CUDA's) can deadlock; a fork server has none."""
AHEAD = 4
"""Batches made ahead, in all."""
FLAT = Tuple[Type[Any], Dict[str, Optional[Tensor]]]


class Source(Protocol):
    """A stream of batches, which are dataclasses of tensors."""

    def __getitem__(self, step: int) -> Any:
        """The batch of update ``step``: a pure function of it and of the source's seed, rank and number of ranks."""


class Stream:
    """Hands out a source's batches of the updates from ``first`` to ``steps`` on a device; used as a context."""

    def __init__(self, source: Source, first: int, steps: int, workers: int, device: torch.device) -> None:
        """``workers`` processes make the batches; with 0 a thread of this process does."""
        self._device = device
        self._batches: Iterator[FLAT]
        self._closing = contextlib.ExitStack()
        self.waited_s = 0.0
        if workers:
            self._batches = iter(_loader(source, first, steps, workers, device.type == "cuda"))
        else:
            thread = Prefetcher(lambda step: _flat(source[step]), first, steps)
            self._batches = iter(self._closing.enter_context(thread))

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._closing.close()
        del self._batches  # ends the worker processes

    def next(self) -> Any:
        """The next batch; the time it was waited for is added to ``waited_s``."""
        began = time.monotonic()
        kind, tensors = next(self._batches)
        self.waited_s += time.monotonic() - began
        move = {name: None if t is None else t.to(self._device, non_blocking=True) for name, t in tensors.items()}
        return kind(**move)


class Prefetcher:
    """Makes what ``make(step)`` returns for the steps of a run, up to ``AHEAD`` of them ahead, in a thread."""

    def __init__(self, make: Callable[[int], Any], first: int, steps: int) -> None:
        self._make = make
        self._steps = range(first, steps)
        self._ready: queue.Queue = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="batches", daemon=True)

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

    def __iter__(self) -> Iterator[Any]:
        """What was made, in order; raises what went wrong in the thread."""
        for _ in self._steps:
            item = self._ready.get()
            if isinstance(item, BaseException):
                raise RuntimeError(f"the data thread failed: {item}") from item
            yield item

    def _fill(self) -> None:
        torch.set_num_threads(1)  # of this thread: the training loop has its own
        try:
            for step in self._steps:
                self._ready.put(self._make(step))
                if self._closed.is_set():
                    return
        except Exception as error:
            self._ready.put(error)

    def _drain(self) -> None:
        while not self._ready.empty():
            self._ready.get_nowait()


def _loader(source: Source, first: int, steps: int, workers: int, pin: bool) -> "DataLoader[Any]":
    reduction.register(np.memmap, _reopened)
    context = multiprocessing.get_context(START)
    context.set_forkserver_preload(["torch", "numpy", "cv2"])
    return DataLoader(
        source,  # type: ignore[arg-type]
        batch_size=None,
        sampler=range(first, steps),
        num_workers=workers,
        collate_fn=_flat,
        pin_memory=pin,
        prefetch_factor=max(2, AHEAD // workers),
        multiprocessing_context=context,
    )


def _reopened(array: "np.memmap[Any, Any]") -> Any:
    """How a mapped array goes to a worker: as its file, which is mapped there, not as its content."""
    if not isinstance(array.base, mmap.mmap):  # a part of a mapped array, whose place in the file is not known
        return np.asarray(array).__reduce__()
    return np.memmap, (array.filename, array.dtype, "r", array.offset, array.shape)


def _flat(batch: Any) -> FLAT:
    """A batch as its type and a dictionary, which the loader knows how to pin."""
    return type(batch), {field.name: getattr(batch, field.name) for field in fields(batch)}
