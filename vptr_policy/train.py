"""One training loop: updates, averages, metrics, evaluations, checkpoints; resumes where it was killed."""

import json
import math
import os
import platform
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional

import numpy as np
import torch
from safetensors.torch import save_file

from vptr_policy.algorithms.bc import LOSSES
from vptr_policy.checkpoint import Card, save_checkpoint
from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.batches import Batch, Prefetcher, Sampler
from vptr_policy.data.demonstrations import Transitions
from vptr_policy.metrics import Metrics
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.options import TrainOptions
from vptr_policy.training_state import Best, TrainingState

Evaluate = Callable[[Path], Dict[str, float]]
"""Judges the policy in a checkpoint folder; of its figures, ``success`` is the one that chooses."""

CHOSEN = "checkpoint"
FINAL_RATE = 0.01


class TrainingDiverged(RuntimeError):
    """The loss is not finite; the text names the file with the batch that did it."""


class Trainer:
    """A run of behaviour cloning on ``transitions``, kept in ``options.out``."""

    def __init__(
        self,
        options: TrainOptions,
        transitions: Transitions,
        provenance: Optional[Mapping[str, Any]] = None,
        evaluate: Optional[Evaluate] = None,
    ) -> None:
        if options.loss not in LOSSES:
            raise ValueError(f"no loss {options.loss!r}; known: {', '.join(LOSSES)}")
        self._options = options
        self._evaluate = evaluate if options.evaluate_every else None
        self._compute_loss = LOSSES[options.loss]
        tasks = transitions.cache.tasks
        self._card = Card(
            algorithm={"name": "bc", "loss": options.loss},
            network=NetworkConfig(len(tasks), options.encoder, options.hidden, options.width),
            tasks=tasks,
            gripper=options.gripper,
            data={**transitions.summary(), **(provenance or {})},
        )
        augmentation = Augmentation(options.shift, options.colour, options.colour, options.colour)
        self._sampler = Sampler(transitions, options.batch, options.seed, augmentation)
        torch.manual_seed(options.seed)
        actor = Actor(self._card.network)
        for buffer, statistic in zip((actor.state_mean, actor.state_std), transitions.state_statistics()):
            buffer.copy_(torch.from_numpy(statistic))
        self.state = TrainingState.fresh(actor, options.learning_rate, options.weight_decay)

    def run(self) -> Path:
        """Train to the end, from the state of an earlier run of the same options if there is one.

        Returns:
            The folder of the chosen checkpoint.
        """
        out = self._options.out
        out.mkdir(parents=True, exist_ok=True)
        _claim(out, self._options.plain())
        torch.set_num_threads(self._options.threads or len(os.sched_getaffinity(0)))
        resumed = self.state.restore(out)
        metrics = Metrics(out, self.state.step, self._options.steps)
        try:
            if resumed:
                metrics.say(f"resuming {out} at step {self.state.step}")
            with Prefetcher(self._sampler, self.state.step) as batches:
                self._loop(batches, metrics)
            self._finish(metrics)
        finally:
            metrics.close()
        return out / CHOSEN

    def _loop(self, batches: Prefetcher, metrics: Metrics) -> None:
        state, options = self.state, self._options
        mark = (state.step, time.monotonic())
        before = time.monotonic() - state.elapsed_s
        while self._progress() < 1.0:
            info = self._update(batches.next())
            state.elapsed_s = time.monotonic() - before
            metrics.advance()
            if state.step % options.log_every == 0:
                rate = (state.step - mark[0]) / (time.monotonic() - mark[1])
                metrics.write(state.step, {**info, "steps_per_s": rate})
            if self._evaluate and state.step % options.evaluate_every == 0:
                self._judge(self._evaluate, metrics)
            if state.step % options.save_every == 0:
                state.save(options.out)
            if state.step % options.log_every == 0:
                mark = (state.step, time.monotonic())

    def _progress(self) -> float:
        """Share of the run that is done, by steps or by time, whichever is further."""
        by_steps = self.state.step / self._options.steps
        if self._options.hours is None:
            return by_steps
        return max(by_steps, self.state.elapsed_s / (3600.0 * self._options.hours))

    def learning_rate(self) -> float:
        """Linear warm-up times a cosine from 1 to FINAL_RATE over the progress of the run."""
        cosine = FINAL_RATE + (1.0 - FINAL_RATE) * 0.5 * (1.0 + math.cos(math.pi * min(self._progress(), 1.0)))
        return self._options.learning_rate * cosine * min(1.0, (self.state.step + 1) / (self._options.warm_up + 1))

    def _update(self, batch: Batch) -> Dict[str, float]:
        """One step of gradient descent; raises TrainingDiverged before a bad gradient touches the weights."""
        state = self.state
        rate = self.learning_rate()
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        loss, info = self._compute_loss(batch.actions, state.actor(batch.images, batch.states, batch.tasks))
        if not math.isfinite(loss.item()):
            self._diverge(batch, loss.item())
        state.optimizer.zero_grad()
        loss.backward()
        state.optimizer.step()
        state.update_average(self._options.averaging)
        state.step += 1
        return {"loss": loss.item(), **{name: value.item() for name, value in info.items()}, "learning_rate": rate}

    def _diverge(self, batch: Batch, loss: float) -> None:
        path = self._options.out / f"diverged-step-{self.state.step:06d}.safetensors"
        present = {name: tensor.contiguous() for name, tensor in vars(batch).items() if tensor is not None}
        save_file(present, str(path))
        raise TrainingDiverged(
            f"the loss is {loss} at step {self.state.step}: stopped before the update, the batch is in {path}. "
            "Look for bad numbers in it; if there are none, try a lower --learning-rate."
        )

    def _judge(self, evaluate: Evaluate, metrics: Metrics) -> None:
        """Evaluate the average, and keep its checkpoint as the best so far if it is (later wins a tie)."""
        name = f"checkpoints/step-{self.state.step:06d}"
        self._save(name, {})
        figures = evaluate(self._options.out / name)
        metrics.write(self.state.step, figures)
        metrics.say(f"step {self.state.step}: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))
        if self.state.best is None or figures["success"] >= self.state.best.metrics["success"]:
            self.state.best = Best(name, figures)
            self._save(CHOSEN, {"step": self.state.step, "selection": figures})
        self.state.evaluated_step = self.state.step
        self.state.save(self._options.out)

    def _finish(self, metrics: Metrics) -> None:
        if self._evaluate is None:
            self._save(CHOSEN, {"step": self.state.step})
        elif self.state.evaluated_step != self.state.step:
            self._judge(self._evaluate, metrics)
        self.state.save(self._options.out)

    def _save(self, name: str, figures: Dict[str, Any]) -> None:
        training = {
            "command": self._options.command("vptr train bc"),
            "options": self._options.plain(),
            "git_sha": git_sha(),
            "steps": self.state.step,
            "seconds": round(self.state.elapsed_s, 1),
            "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        }
        card = replace(self._card, training=training, metrics=figures)
        save_checkpoint(self._options.out / name, self.state.average, card)


def git_sha() -> str:
    """The commit of this checkout, with ``+changes`` where files differ from it; ``unknown`` outside of git."""
    here = str(Path(__file__).resolve().parent)
    try:
        sha = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run(["git", "-C", here, "status", "--porcelain", "-uno"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return sha.stdout.strip() + ("+changes" if changes.stdout.strip() else "")


def _claim(out: Path, options: Dict[str, Any]) -> None:
    """Save the resolved options; raises ValueError when the folder belongs to a run of others."""
    path = out / "config.json"
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        differing = sorted(name for name in set(stored) | set(options) if stored.get(name) != options.get(name))
        if differing:
            changes = ", ".join(f"{name} was {stored.get(name)}, is {options.get(name)}" for name in differing)
            raise ValueError(f"{out} holds a run of other options ({changes}); take another --out or the same options")
        return
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(options, indent=2) + "\n", encoding="utf-8")
    os.replace(str(partial), str(path))
