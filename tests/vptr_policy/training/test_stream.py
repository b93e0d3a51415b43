"""Batches come in order and whole, whether a thread or processes make them."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional

import numpy as np
import pytest
import torch
from runs import tiny_cache
from torch import Tensor

from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.batches import Batch, BatchOptions, RobotBatches
from vptr_policy.data.robot.conditioning import one_hot
from vptr_policy.data.robot.transitions import TransitionOptions, assemble
from vptr_policy.training.stream import Stream

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Numbers:
    values: Tensor
    absent: Optional[Tensor] = None


class Counting:
    def __init__(self, broken_at: int = -1) -> None:
        self.broken_at = broken_at

    def __getitem__(self, step: int) -> Numbers:
        if step == self.broken_at:
            raise ValueError(f"no batch {step}")
        return Numbers(torch.full((2,), step))


def test_a_thread_hands_out_the_batches_in_order_and_ends() -> None:
    with Stream(Counting(), 7, 12, 0, CPU) as stream:
        batches = [stream.next() for _ in range(7, 12)]
    assert [int(batch.values[0]) for batch in batches] == list(range(7, 12))
    assert all(isinstance(batch, Numbers) and batch.absent is None for batch in batches)


def test_a_run_that_ends_early_ends_the_thread() -> None:
    with Stream(Counting(), 0, 10**9, 0, CPU) as stream:
        stream.next()
        assert "batches" in _threads()
    assert "batches" not in _threads()


def _threads() -> List[str]:
    return [thread.name for thread in threading.enumerate()]


def test_what_goes_wrong_in_the_thread_is_raised() -> None:
    with Stream(Counting(broken_at=1), 0, 5, 0, CPU) as stream:
        stream.next()
        with pytest.raises(RuntimeError, match="the data thread failed: no batch 1"):
            stream.next()


def test_worker_processes_map_the_frames_and_make_the_same_batches(tmp_path: Path) -> None:
    transitions = assemble([tiny_cache(tmp_path)], TransitionOptions())
    source = RobotBatches(transitions, one_hot(transitions), BatchOptions(4, 0, Augmentation(), True, True))
    with Stream(source, 3, 7, 2, CPU) as stream:
        for step in range(3, 7):
            made: Any = stream.next()
            expected = {name: tensor for name, tensor in vars(source[step]).items() if tensor is not None}
            assert "next_images" in expected
            assert all(torch.equal(tensor, vars(made)[name]) for name, tensor in expected.items())
            assert made.images.is_contiguous(memory_format=torch.channels_last)


def test_the_time_that_batches_are_waited_for_is_counted() -> None:
    class Slow:
        def __getitem__(self, step: int) -> Batch:
            time.sleep(0.2)
            return Batch(*(torch.zeros(1) for _ in range(4)))

    with Stream(Slow(), 0, 6, 0, CPU) as stream:
        stream.next(), stream.next()
        waited = stream.waited_s
        time.sleep(1.0)  # batches are made ahead meanwhile
        stream.next(), stream.next()
        assert waited > 0.3 and stream.waited_s < waited + 0.1


def test_what_goes_wrong_in_a_worker_is_raised() -> None:
    with Stream(Counting(broken_at=0), 0, 5, 1, CPU) as stream, pytest.raises(ValueError, match="no batch 0"):
        stream.next()


def test_arrays_that_are_not_whole_files_reach_a_worker_too(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    np.arange(10, dtype=np.int64).tofile(path)
    mapped = np.memmap(str(path), np.int64, "r")
    for array in (mapped, mapped[4:]):
        with Stream(Mapped(array), 0, 1, 1, CPU) as stream:
            assert torch.equal(stream.next().values, torch.from_numpy(array.copy()))


class Mapped:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __getitem__(self, step: int) -> Numbers:
        return Numbers(torch.from_numpy(np.array(self.array)))
