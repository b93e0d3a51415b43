"""The metrics of a training run: metrics.jsonl, TensorBoard, and a progress bar."""

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, Mapping

from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from vptr_policy.training.folder import METRICS


class Metrics:
    """Writes the metrics of the updates from ``step`` on; lines of later updates, from before a kill, are dropped."""

    def __init__(self, folder: Path, step: int, steps: int) -> None:
        _keep_until(folder / METRICS, step)
        self._lines = open(str(folder / METRICS), "a", encoding="utf-8")  # noqa: SIM115 - closed in close
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)
        interval = 0.2 if sys.stderr.isatty() else 30.0
        self._bar = tqdm(
            desc=folder.resolve().name, total=steps, initial=step, unit="step", dynamic_ncols=True, mininterval=interval
        )

    def advance(self) -> None:
        """One more update was made."""
        self._bar.update()

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Record the values of update ``step``."""
        digits = {name: float(f"{value:.9g}") for name, value in values.items()}  # nine tell all float32 apart
        self._lines.write(json.dumps({"step": step, **digits}) + "\n")
        self._lines.flush()
        for name, value in values.items():
            self._board.add_scalar(name, value, step)
        self._bar.set_postfix({name: f"{value:.4g}" for name, value in values.items() if name in SHOWN}, refresh=False)

    def say(self, text: str) -> None:
        """Print a line above the progress bar."""
        self._bar.write(text, file=sys.stderr)

    def close(self) -> None:
        """Finish the files and the bar."""
        self._bar.close()
        self._board.close()
        self._lines.close()


class NoMetrics:
    """What the other processes of a run write: nothing."""

    def advance(self) -> None:
        """Nothing."""

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


SHOWN = ("loss", "motion_error", "gripper_right", "steps_per_s", "success")


def _keep_until(path: Path, step: int) -> None:
    if not path.is_file():
        return
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _step_of(line) <= step]
    partial = path.with_suffix(".partial")
    partial.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
    os.replace(str(partial), str(path))


def _step_of(line: str) -> float:
    try:
        entry: Dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:  # the line that was being written at the kill
        return float("inf")
    return float(entry["step"])
