"""What a training run needs to go on exactly where it was: one safetensors file, replaced atomically."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Set

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from vptr_policy.algorithms.learner import Learner
from vptr_policy.replacement import writing
from vptr_policy.training.folder import STATE
from vptr_policy.weights import save_tensors

REMEDY = "start again in another --out"


@dataclass
class Best:
    """The best evaluation so far: its checkpoint's name and its metrics."""

    name: str
    metrics: Dict[str, float]


@dataclass
class TrainingState:
    """Networks (targets and averages among them), optimiser and counters of a run."""

    learner: Learner
    optimizer: torch.optim.Optimizer
    step: int = 0
    elapsed_s: float = 0.0
    best: Optional[Best] = None
    evaluated_step: int = -1
    start: Optional[Dict[str, Any]] = None
    """which state of which run it began from, for the card"""
    met: Dict[str, List[int]] = field(default_factory=dict)
    """what all processes have met of the damage in the data, by the name of its count on the card"""

    def save(self, folder: Path) -> None:
        """Replace the state file of a run."""
        counters: Dict[str, Any] = {
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "evaluated_step": self.evaluated_step,
            "best": None if self.best is None else [self.best.name, self.best.metrics],
            "start": self.start,
            "met": self.met,
        }
        partial = folder / (STATE + ".partial")
        with writing(folder / STATE, partial):
            save_tensors(self._tensors(), partial, {"counters": json.dumps(counters)})
            with open(str(partial), "rb") as written:
                os.fsync(written.fileno())
            os.replace(str(partial), str(folder / STATE))

    def restore(self, folder: Path) -> bool:
        """Take over the state file of a run, if there is one; raises ValueError when it is damaged or of another."""
        path = folder / STATE
        if not path.is_file():
            return False
        try:
            with safe_open(str(path), "pt") as stored:
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a mapping
            counters = read_counters(folder)
            self.learner.load_state_dict(_part(tensors, "learner"))
            self._restore_optimizer(_part(tensors, "optimizer"))
        except (KeyError, RuntimeError, SafetensorError) as error:
            raise ValueError(f"{path} is not the state of this run ({_short(error)}); {REMEDY}") from error
        self.step, self.elapsed_s = counters["step"], counters["elapsed_s"]
        self.evaluated_step = counters["evaluated_step"]
        self.best = None if counters["best"] is None else Best(*counters["best"])
        self.start = counters.get("start")
        self.met = counters.get("met", {})
        return True

    def begin_from(self, folder: Path) -> None:
        """Go on from the state of another run of the same networks; its evaluations and its time were its own."""
        self.restore(folder)
        self.best, self.evaluated_step, self.elapsed_s, self.met = None, -1, 0.0, {}

    def _tensors(self) -> Dict[str, Tensor]:
        moments = self.optimizer.state_dict()["state"]
        parts = {"learner": self.learner.state_dict()}
        parts["optimizer"] = {f"{i}.{name}": value for i, group in moments.items() for name, value in group.items()}
        return unshared({f"{part}/{name}": tensor for part, named in parts.items() for name, tensor in named.items()})

    def _restore_optimizer(self, tensors: Dict[str, Tensor]) -> None:
        parameters: List[Tensor] = [p for group in self.optimizer.param_groups for p in group["params"]]
        moments: Dict[int, Dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            number, _, name = key.partition(".")
            like = parameters[int(number)]
            if tensor.shape == like.shape and name != "step":
                # the fused update walks memory: the moments must be laid out like the parameter
                tensor = torch.empty_like(like, requires_grad=False).copy_(tensor)
            moments.setdefault(int(number), {})[name] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})


def read_counters(folder: Path) -> Dict[str, Any]:
    """Step and other counters of the state file of a run; raises ValueError when it is damaged."""
    path = folder / STATE
    try:
        with safe_open(str(path), "pt") as stored:
            counters: Dict[str, Any] = json.loads(stored.metadata()["counters"])
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise ValueError(f"{path} is not the state of a run ({_short(error)}); {REMEDY}") from error
    return counters


def unshared(tensors: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """The tensors on the CPU, row by row in memory, those that share memory with one before copied."""
    seen: Set[int] = set()
    result: Dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        if plain.data_ptr() in seen:
            plain = plain.clone()
        seen.add(plain.data_ptr())
        result[name] = plain
    return result


def _part(tensors: Dict[str, Tensor], part: str) -> Dict[str, Tensor]:
    return {name[len(part) + 1 :]: tensor for name, tensor in tensors.items() if name.startswith(part + "/")}


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:297] + "..."
