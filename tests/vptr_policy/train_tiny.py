"""Trains on tiny demonstrations in a process of its own, to be killed: OUT STEPS [SECONDS A STEP]."""

import sys
import time
from pathlib import Path
from typing import Any

import torch
from demonstrations import make_cache

from vptr_policy.data.demonstrations import select
from vptr_policy.options import TrainOptions
from vptr_policy.train import Trainer


class SlowTrainer(Trainer):
    """Leaves time to be killed between two updates."""

    pause_s = 0.0

    def _update(self, batch: Any) -> Any:
        time.sleep(self.pause_s)
        return super()._update(batch)


def run(out: Path, steps: int, pause_s: float = 0.0) -> None:
    torch.set_num_threads(1)
    cache = make_cache(out.parent / "cache")
    options = TrainOptions(
        Path("data"), out, steps=steps, batch=4, warm_up=2, log_every=1, save_every=5, threads=1, width=8
    )
    trainer = SlowTrainer(options, select(cache))
    trainer.pause_s = pause_s
    trainer.run()


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
