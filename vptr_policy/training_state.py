"""What a training run needs to go on exactly where it was: one safetensors file, replaced atomically."""

import copy
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Optional

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from vptr_policy.networks.actor import Actor

STATE = "state.safetensors"


@dataclass
class Best:
    """The best evaluation so far: its checkpoint's name and its metrics."""

    name: str
    metrics: Dict[str, float]


@dataclass
class TrainingState:
    """Networks, optimiser and counters of a run."""

    actor: Actor
    average: Actor
    optimizer: torch.optim.Optimizer
    step: int = 0
    elapsed_s: float = 0.0
    best: Optional[Best] = None
    evaluated_step: int = field(default=-1)

    @classmethod
    def fresh(cls, actor: Actor, learning_rate: float, weight_decay: float) -> "TrainingState":
        """The state before the first update."""
        actor = actor.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(actor.parameters(), learning_rate, weight_decay=weight_decay, fused=True)
        return cls(actor, copy.deepcopy(actor).requires_grad_(False), optimizer)

    def save(self, folder: Path) -> None:
        """Replace the state file of a run."""
        counters: Dict[str, Any] = {
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "evaluated_step": self.evaluated_step,
            "best": None if self.best is None else [self.best.name, self.best.metrics],
        }
        partial = folder / (STATE + ".partial")
        save_file(self._tensors(), str(partial), {"counters": json.dumps(counters)})
        with open(str(partial), "rb") as written:
            os.fsync(written.fileno())
        os.replace(str(partial), str(folder / STATE))

    def restore(self, folder: Path) -> bool:
        """Take over the state file of a run, if there is one."""
        path = folder / STATE
        if not path.is_file():
            return False
        with safe_open(str(path), "pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a mapping
            counters = json.loads(stored.metadata()["counters"])
        self.actor.load_state_dict(_part(tensors, "actor"))
        self.average.load_state_dict(_part(tensors, "average"))
        self._restore_optimizer(_part(tensors, "optimizer"))
        self.step, self.elapsed_s = counters["step"], counters["elapsed_s"]
        self.evaluated_step = counters["evaluated_step"]
        self.best = None if counters["best"] is None else Best(*counters["best"])
        return True

    def update_average(self, decay: float) -> None:
        """average += (1 - decay) (actor - average), with a smaller decay in the first updates."""
        weight = 1.0 - min(decay, (1.0 + self.step) / (10.0 + self.step))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.actor.parameters()), weight)

    def _tensors(self) -> Dict[str, Tensor]:
        moments = self.optimizer.state_dict()["state"]
        parts = {"actor": self.actor.state_dict(), "average": self.average.state_dict()}
        parts["optimizer"] = {f"{i}.{name}": value for i, group in moments.items() for name, value in group.items()}
        return {f"{part}/{name}": t.contiguous() for part, named in parts.items() for name, t in named.items()}

    def _restore_optimizer(self, tensors: Dict[str, Tensor]) -> None:
        parameters = list(self.actor.parameters())
        moments: Dict[int, Dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            number, _, name = key.partition(".")
            like = parameters[int(number)]
            if tensor.shape == like.shape:  # the fused update walks memory: it must be laid out like the parameter
                tensor = torch.empty_like(like, requires_grad=False).copy_(tensor)
            moments.setdefault(int(number), {})[name] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})


def _part(tensors: Dict[str, Tensor], part: str) -> Dict[str, Tensor]:
    return {name[len(part) + 1 :]: tensor for name, tensor in tensors.items() if name.startswith(part + "/")}
