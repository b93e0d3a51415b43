"""Trains on tiny demonstrations in a process of its own, to be killed or started by torchrun: OUT STEPS [PAUSE_S]."""

import sys
import time
from pathlib import Path
from typing import Any

import torch
from runs import bc_run, tiny_cache

from vptr_policy.training.distributed import joined


class Slow:
    """Batches that leave time to be killed between two updates."""

    def __init__(self, source: Any, pause_s: float) -> None:
        self._source, self._pause_s = source, pause_s

    def __getitem__(self, step: int) -> Any:
        time.sleep(self._pause_s)
        return self._source[step]


def run(out: Path, steps: int, pause_s: float = 0.0) -> None:
    torch.set_num_threads(1)
    with joined() as place:
        folder = out.parent / f"cache-{place.rank}"
        training = bc_run(out, tiny_cache(folder), None, place, steps=steps, log_every=1, save_every=5)
        training.source = Slow(training.source, pause_s)  # type: ignore[assignment]
        training.run()


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
