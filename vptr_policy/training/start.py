"""Going on from the state of another run: what must be the same, so that the state means the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping

from vptr_policy.checkpoint_folder import CARD
from vptr_policy.training.algorithms import ALGORITHMS
from vptr_policy.training.folder import CONFIG, FREE, PROCESSES, STATE, read_config
from vptr_policy.training.presets import PRESETS
from vptr_policy.training.state import TrainingState, read_counters
from vptr_policy.weights import fingerprint

MEANING = (
    "algorithm", "source_data", "tasks", "initial_encoder", "language_model",
    "seed", "source", "failures", "action", "latency_shift", "discount", "final_steps", "reward_scale", "reward_shift",
    "language", "encoder", "hidden", "width", "image_side", "bottleneck", "frozen", "critic_condition",
    "critic_state", "averaging",
)  # fmt: skip
"""What makes a state what it is. Other options, such as alpha, may change from phase to phase: the card tells them."""
NEEDED = ("preset", "steps", "finetune_at", "target", "source")
"""What the config of a run of a policy has, without which it cannot be judged."""
REMEDY = "take another --start, the folder of a run of a policy"
OWN = (*FREE, PROCESSES, "out", "start", "preset", "data_fingerprint")
"""What is every run's own, and not worth telling."""


@dataclass(frozen=True)
class Start:
    """The beginning of a run from the state of the run in ``folder``."""

    folder: Path
    config: Mapping[str, Any]
    """of the run that begins: its options, and the facts about its data and networks that ``claim`` keeps"""
    steps: int
    finetune_at: int
    """the first update of the run that begins in which its target's data are learned from"""

    def check(self) -> None:
        """Raises ValueError where the state is of another problem, or has gone too far."""
        stored = self._stored()
        names = [*MEANING, *([] if "source_data" in stored else ["data"])]  # runs of before kept no marks of their data
        differing = [name for name in names if name in stored and name in self.config]
        differing = [name for name in differing if stored[name] != self.config[name]]
        if differing:
            changes = ", ".join(f"{name} was {stored[name]}, is {self.config[name]}" for name in differing)
            raise ValueError(f"{self.folder} cannot be gone on from ({changes}): expected the same, or another --start")
        self._check_step(stored, read_counters(self.folder)["step"])

    def begin(self, state: TrainingState) -> None:
        """Take the state over, and keep which it was for the card."""
        state.begin_from(self.folder)
        stored = self._stored()
        names = sorted((set(stored) & set(self.config)) - set(OWN))
        state.start = {
            "folder": str(self.folder),
            "sha256": fingerprint(self.folder / STATE)["sha256"],
            "step": state.step,
            "seconds": round(read_counters(self.folder)["elapsed_s"], 1),
            "changed": {n: [stored[n], self.config[n]] for n in names if stored[n] != self.config[n]},
        }

    def _stored(self) -> Dict[str, Any]:
        path = self.folder / CONFIG
        if not path.is_file() or not (self.folder / STATE).is_file():
            missing = STATE if path.is_file() else CONFIG
            kind = ""
            if (self.folder / CARD).is_file():
                kind = " (a checkpoint has the networks alone; the state of their training is in the folder of its run)"
            raise ValueError(
                f"{self.folder} has no {missing} to go on from{kind}: expected the folder of a run of a policy"
            )
        stored = read_config(self.folder, NEEDED, REMEDY)
        preset = PRESETS.get(str(stored["preset"]))
        names = [a.name for kind, a in ALGORITHMS.items() if preset and issubclass(preset.options, kind)]
        if not names:
            raise ValueError(f"{path} is of the preset {stored['preset']}: expected that of a policy; {REMEDY}")
        return {**stored, "algorithm": names[0]}

    def _check_step(self, stored: Mapping[str, Any], step: int) -> None:
        if step >= self.steps:
            raise ValueError(f"{self.folder} is at update {step} already, expected fewer than --steps {self.steps}")
        begins = stored["steps"] // 2 if stored["finetune_at"] is None else stored["finetune_at"]
        if has_target(stored) and step > begins:
            raise ValueError(
                f"{self.folder} is at update {step} and has learned from its target's data since {begins}: expected a "
                "run of phase 2 alone (--steps N --finetune-at N)"
            )
        if has_target(self.config) and step > self.finetune_at:
            raise ValueError(
                f"{self.folder} is at update {step}, expected at most --finetune-at {self.finetune_at}: the updates "
                "between them were made without the target's data"
            )


def has_target(config: Mapping[str, Any]) -> bool:
    """Whether target data join those of the source in a run of these options."""
    return bool(config["target"]) and bool(config["source"])
