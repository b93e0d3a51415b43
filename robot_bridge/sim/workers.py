"""Jobs of the simulator spread over worker processes: spawned, never forked, and never outliving their parent."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.sharedctypes import RawArray
from typing import Any, Callable, Iterator, Sequence, Tuple

SINGLE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "LP_NUM_THREADS": "1"}
"""What keeps numpy, torch and Mesa's software renderer to one thread each: the workers share the cores."""

POLL_S = 0.2


class WorkerDied(RuntimeError):
    """A worker process ended without a result, e.g. killed by the system for lack of memory."""


class Tally:
    """Counters in shared memory, without locks: each slot is written by one job only, and read by the parent."""

    def __init__(self, slots: int) -> None:
        self._values = RawArray("q", slots)

    def add(self, slot: int, amount: int = 1) -> None:
        """Count ``amount`` in a slot."""
        self._values[slot] += amount

    def total(self) -> int:
        """The sum of all slots."""
        return sum(self._values)


def run_jobs(
    work: Callable[..., Any],
    jobs: Sequence[Tuple],
    workers: int,
    on_poll: Callable[[], None] = lambda: None,
    shared: Tuple[Tally, ...] = (),
) -> Iterator[Any]:
    """Call ``work(*shared, *job)`` for each job in ``workers`` processes and yield the results as they come.

    An error raised by a job is raised here; the other jobs are then abandoned and their processes ended. ``on_poll``
    is called a few times a second meanwhile. With one worker the jobs run in this process.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}, expected at least 1")
    if workers == 1:
        for job in jobs:
            yield work(*shared, *job)
            on_poll()
        return
    with _single_threaded_children():
        yield from _run_pool(work, jobs, min(workers, len(jobs)), on_poll, shared)


def _run_pool(
    work: Callable[..., Any],
    jobs: Sequence[Tuple],
    workers: int,
    on_poll: Callable[[], None],
    shared: Tuple[Tally, ...],
) -> Iterator[Any]:
    context = multiprocessing.get_context("spawn")
    ending = context.RawValue("b", 0)
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker, initargs=(ending, shared))
    pending = {executor.submit(_work, work, job) for job in jobs}
    try:
        while pending:
            done, pending = wait(pending, timeout=POLL_S, return_when=FIRST_COMPLETED)
            on_poll()
            for future in done:
                yield future.result()
    except BrokenProcessPool as error:
        raise WorkerDied(
            "a worker process died without an error of its own (killed, or out of memory?); "
            "what was finished is kept: run the same command again to continue, with fewer workers if memory is short"
        ) from error
    finally:
        if pending:  # not cancelled: the pool, which breaks as its workers end, would stumble over cancelled ones
            ending.value = 1
        executor.shutdown(wait=True)


_shared: Tuple[Tally, ...] = ()
"""In a worker: what its parent shares with it; shared memory can be handed over only when a process starts."""


def _work(work: Callable[..., Any], job: Tuple) -> Any:
    return work(*_shared, *job)


def _prepare_worker(ending: Any, shared: Tuple[Tally, ...]) -> None:
    """Ctrl-C is the parent's business; end at once when the parent gives up or is no more."""
    global _shared
    _shared = shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(ending,), daemon=True).start()


def _end_with_parent(ending: Any) -> None:
    parent = multiprocessing.parent_process()
    # the flag is plain shared memory: a lock could be held for ever by a sibling that was killed
    while parent is not None and parent.is_alive() and not ending.value:
        time.sleep(POLL_S)
    os._exit(1)


@contextmanager
def _single_threaded_children() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in SINGLE_THREAD}
    os.environ.update({name: SINGLE_THREAD[name] for name, value in before.items() if value is None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
