"""The one training loop: updates, metrics, evaluations, checkpoints; resumes where it was interrupted or killed."""

import math
import os
import time
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, NoReturn, Optional, Union

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from vptr_policy.algorithms.learner import Info, Learner
from vptr_policy.checkpoint_folder import CARD, CHOSEN
from vptr_policy.data.damage import DamageLog, all_met
from vptr_policy.json_file import read_object
from vptr_policy.replacement import recover, writing
from vptr_policy.training.device import choose_device, prepare
from vptr_policy.training.distributed import Place
from vptr_policy.training.interruption import Interruption
from vptr_policy.training.metrics import Metrics, NoMetrics
from vptr_policy.training.optimizer import gradient_norm, make_optimizer, scale_rates
from vptr_policy.training.options import LoopOptions
from vptr_policy.training.schedule import factor
from vptr_policy.training.state import STATE, Best, TrainingState, unshared
from vptr_policy.training.stream import Source, Stream
from vptr_policy.weights import save_tensors

Evaluate = Callable[[Path], Dict[str, float]]
"""Judges the policy in a checkpoint folder; of its figures, ``success`` is the one that chooses."""
Save = Callable[[Path, TrainingState, Mapping[str, Any]], None]
"""Writes a checkpoint folder: where, of what state, with what figures."""

NOISE = 2
"""Tells the seeds of the updates' noise from those of the data."""


class TrainingDiverged(RuntimeError):
    """The loss or a gradient is not finite; the text names the file with the batch that did it."""


class Loop:
    """A run of a learner on a source, kept in the folder ``out``."""

    def __init__(
        self,
        learner: Learner,
        options: LoopOptions,
        out: Path,
        save: Save,
        evaluate: Optional[Evaluate] = None,
        place: Optional[Place] = None,
        begin: Optional[Callable[[TrainingState], None]] = None,
        damage: Optional[Mapping[str, DamageLog]] = None,
    ) -> None:
        """``begin`` gives a run that has no state of its own yet that of another one.

        ``damage``: the logs of the source, by the name that each has in the state, of which they go on when resumed.
        """
        self._options = options
        self._out = out
        self._begin = begin
        self._damage = damage or {}
        self._write_checkpoint = save
        self._evaluate = evaluate if options.evaluate_every else None
        self._place = place or Place()
        self._device = choose_device(options.device, self._place.local_rank)
        prepare(learner, self._device, options.bfloat16)
        self.state = TrainingState(learner, make_optimizer(learner.parameter_groups(), options.weight_decay))
        self._generator = torch.Generator(self._device)
        self._model: nn.Module = learner
        self._interruption = Interruption(self._place.world == 1)  # of several processes each would stop elsewhere

    def run(self, source: Source) -> Path:
        """Train to the end, from the state of an earlier run if there is one.

        Returns:
            The folder of the chosen checkpoint.
        """
        state, options = self.state, self._options
        torch.set_num_threads(options.threads or max(1, len(os.sched_getaffinity(0)) // self._place.neighbours))
        if self._place.leads:
            recover(self._out)
            recover(self._out / "checkpoints")
        resumed = state.restore(self._out)
        if not resumed and self._begin is not None:
            self._begin(state)
        for name, log in self._damage.items():
            log.resume(state.met.get(name, [0]), self._place.leads)
        if self._place.world > 1:
            self._model = DistributedDataParallel(state.learner)
        self._place.wait()
        metrics = Metrics(self._out, state.step, options.steps) if self._place.leads else NoMetrics()
        try:
            with self._interruption as interruption:
                if resumed:
                    metrics.say(f"resuming {self._out} at step {state.step}")
                    self._judge_if_due(metrics)
                with Stream(source, state.step, options.steps, options.workers, self._device) as stream:
                    self._loop(stream, metrics)
                if interruption.came is None:
                    self._finish(metrics)
                if interruption.came is not None:
                    self._leave(metrics)
        finally:
            metrics.close()
        return self._out / CHOSEN

    def _loop(self, stream: Stream, metrics: Union[Metrics, NoMetrics]) -> None:
        state, options = self.state, self._options
        pace = _Pace(state.step, stream.waited_s)
        before = time.monotonic() - state.elapsed_s
        while self._progress() < 1.0:
            try:
                batch = stream.next()
            except Exception:
                if self._interruption.came is None:
                    raise
                return  # the signal came to the processes that make the batches, too, and has ended them
            info = self._update(batch)
            state.elapsed_s = time.monotonic() - before
            metrics.advance()
            if state.step % options.log_every == 0 or self._progress() >= 1.0:
                means = self._means(info)
                metrics.write(state.step, {**means, **pace.figures(state.step, stream.waited_s)})
            if self._judge_if_due(metrics):
                pace = _Pace(state.step, stream.waited_s)
            if state.step % options.save_every == 0:
                self._gather()
                if self._place.leads:
                    state.save(self._out)
            if self._interruption.came is not None:
                return

    def _progress(self) -> float:
        """Share of the run that is done, by steps or by time, whichever is further."""
        by_steps = self.state.step / self._options.steps
        if self._options.hours is None:
            return by_steps
        return max(by_steps, self._place.lead(self.state.elapsed_s) / (3600.0 * self._options.hours))

    def _update(self, batch: Any) -> Info:
        """One step of gradient descent; raises TrainingDiverged before a bad gradient touches the weights."""
        state, options = self.state, self._options
        rate = factor(options.schedule, self._progress(), state.step, options.warm_up)
        scale_rates(state.optimizer, rate)
        self._seed(state.step)
        loss, info = self._model(batch, self._generator)
        state.optimizer.zero_grad()
        loss.backward()
        norm = gradient_norm(state.optimizer)
        figures = torch.stack([loss.detach(), norm.to(loss.dtype)]).tolist()  # the only wait for a GPU
        if not all(math.isfinite(figure) for figure in figures):
            self._diverge(batch, *figures)
        state.optimizer.step()
        state.step += 1
        state.learner.after_step(state.step)
        return {"loss": loss.detach(), **info, "gradient_norm": norm}

    def _seed(self, step: int) -> None:
        """Make all noise of an update a function of seed, step and rank."""
        entropy = np.random.SeedSequence([self._options.seed, NOISE, step, self._place.rank])
        seed = int(entropy.generate_state(1, np.uint64)[0] >> 1)
        self._generator.manual_seed(seed)
        torch.manual_seed(seed)  # what dropout draws from

    def _means(self, info: Info) -> Dict[str, float]:
        """The figures of an update, averaged over the processes."""
        values = self._place.mean(
            torch.stack([torch.as_tensor(value).detach().float().cpu() for value in info.values()])
        )
        rates = {group["name"]: group["lr"] for group in self.state.optimizer.param_groups}
        shown = (
            {"learning_rate": next(iter(rates.values()))}
            if len(set(rates.values())) == 1
            else {f"learning_rate/{name}": rate for name, rate in rates.items()}
        )
        return {**dict(zip(info, values.tolist())), **shown}

    def _diverge(self, batch: Any, loss: float, norm: float) -> None:
        suffix = "" if self._place.leads else f"-rank-{self._place.rank}"
        path = self._out / f"diverged-step-{self.state.step:06d}{suffix}.safetensors"
        told = f"the loss is {loss} and the gradient's norm {norm} at step {self.state.step}: stopped before the update"
        tensors = unshared({name: tensor for name, tensor in vars(batch).items() if tensor is not None})
        try:
            with writing(path, path):
                save_tensors(tensors, path)
        except OSError as error:
            raise TrainingDiverged(f"{told}, but the batch is lost: {error}") from error
        raise TrainingDiverged(
            f"{told}, the batch is in {path}. Look for bad numbers in it; if there are none, try a lower "
            "--learning-rate."
        )

    def _gather(self) -> None:
        """Have in the state what all processes have met; each of them must ask for it."""
        self.state.met = {name: all_met(self._place.gather(log.met())) for name, log in self._damage.items()}

    def _leave(self, metrics: Union[Metrics, NoMetrics]) -> NoReturn:
        """Keep what was learned until the interruption, which then ends the program."""
        self._gather()
        self.state.save(self._out)
        self._tell_kept(metrics)
        self._interruption.end()

    def _tell_kept(self, metrics: Union[Metrics, NoMetrics]) -> None:
        step = self.state.step
        metrics.say(f"{self._out}: interrupted at step {step}, whose state is kept; the same command goes on from it")

    def _judge_if_due(self, metrics: Union[Metrics, NoMetrics]) -> bool:
        """Evaluate where that is due and was not done yet; whether it was."""
        step = self.state.step
        if self._evaluate is None or step % self._options.evaluate_every or self.state.evaluated_step == step:
            return False
        self._judge(self._evaluate, metrics)
        return True

    def _judge(self, evaluate: Evaluate, metrics: Union[Metrics, NoMetrics]) -> None:
        """Evaluate, and keep the checkpoint as the best so far if it is (later wins a tie)."""
        state = self.state
        self._gather()
        figures: Dict[str, float] = {}
        if self._place.leads:
            name = f"checkpoints/step-{state.step:06d}"
            self._write_checkpoint(self._out / name, state, {})
            state.save(self._out)
            figures = self._evaluated(evaluate, self._out / name, metrics)
            if state.best is None or figures["success"] >= state.best.metrics["success"]:
                state.best = Best(name, figures)
                self._write_checkpoint(self._out / CHOSEN, state, {"step": state.step, "selection": figures})
        state.evaluated_step = state.step
        if self._place.leads:
            state.save(self._out)
            metrics.write(state.step, figures)  # after the state: an evaluation that is made again has one line
            metrics.say(f"step {state.step}: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))
        self._place.wait()

    def _evaluated(self, evaluate: Evaluate, folder: Path, metrics: Union[Metrics, NoMetrics]) -> Dict[str, float]:
        """The figures of a checkpoint whose state is kept: an interruption need not wait the minutes this takes."""
        try:
            with self._interruption.at_once():
                return evaluate(folder)
        except (KeyboardInterrupt, SystemExit):
            self._tell_kept(metrics)
            raise

    def _finish(self, metrics: Union[Metrics, NoMetrics]) -> None:
        if self._evaluate is not None and self.state.evaluated_step != self.state.step:
            self._judge(self._evaluate, metrics)
        self._gather()
        if self._place.leads:
            self.state.save(self._out)  # first: a run without its checkpoint writes it when it is started again
            if self._evaluate is None and self._written_step() != self.state.step:
                self._write_checkpoint(self._out / CHOSEN, self.state, {"step": self.state.step})
        self._place.wait()

    def _written_step(self) -> Optional[int]:
        """Of which update the chosen checkpoint is that is there already: it says where it was made, and stays."""
        card = self._out / CHOSEN / CARD
        if not card.is_file():
            return None
        remedy = f"remove {card.parent}: the same command again writes it anew from {STATE}"
        written: Optional[int] = read_object(card, (), remedy).get("metrics", {}).get("step")
        return written


class _Pace:
    """Steps a second, and the share of the time spent waiting for data, since the last figures."""

    def __init__(self, step: int, waited_s: float) -> None:
        self._mark = (step, waited_s, time.monotonic())

    def figures(self, step: int, waited_s: float) -> Dict[str, float]:
        """Of the steps since the last call."""
        before, waited, began = self._mark
        now = time.monotonic()
        self._mark = (step, waited_s, now)
        spent = now - began
        return {"steps_per_s": (step - before) / spent, "data_wait_share": (waited_s - waited) / spent}
