"""The options of training runs: flat, plain values, cheap to import; their docstrings are the command line's help."""

import shlex
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Dict, List, Optional, Sequence

from vptr_policy.training.limits import ANY, COUNT, FROM_ZERO, POSITIVE, SEED, Limit

SCALES = ("small", "paper")


@dataclass(frozen=True)
class LoopOptions:
    """What every run of the training loop has."""

    PRESET: ClassVar[str] = ""
    """The command of `vptr train` these options belong to."""
    LIMITS: ClassVar[Dict[str, Limit]] = {
        "steps": COUNT,
        "hours": POSITIVE,
        "batch": COUNT,
        "learning_rate": POSITIVE,
        "warm_up": FROM_ZERO,
        "weight_decay": FROM_ZERO,
        "seed": SEED,
        "threads": COUNT,
        "workers": FROM_ZERO,
        "log_every": COUNT,
        "save_every": COUNT,
        "evaluate_every": FROM_ZERO,
    }
    """Of every option that is a number; of those that are several, of each of them."""

    scale: str = "small"
    """Defaults of the other options: small (two CPU cores) or paper (the paper's networks, steps and rates; a GPU)."""
    steps: int = 20000
    """Updates of the whole run."""
    hours: Optional[float] = None
    """End after this long, evaluations included, even if not all steps are done; the learning rate follows the time. A
    pre-training within the run gets the share that it has of all steps; what --start took before does not count."""
    batch: int = 64
    """Rows an update, of all processes together."""
    learning_rate: float = 1e-3
    """At the start, after a linear warm-up."""
    schedule: str = "cosine"
    """Of the learning rate: cosine (to 1 % at the end) or constant."""
    warm_up: int = 200
    """Updates of the linear warm-up."""
    weight_decay: float = 1e-4
    """Of AdamW."""
    seed: int = 0
    """Of the weights, the order of the data, the augmentation and the noise."""
    threads: Optional[int] = None
    """Threads of each process; default one a core, shared by the processes of torchrun."""
    workers: int = 0
    """Processes that make the batches; 0: a thread of the training process does, which is best on few cores."""
    device: str = "auto"
    """auto (a GPU where there is one), cpu or cuda."""
    bfloat16: bool = True
    """Compute encoders in bfloat16, on a GPU only."""
    log_every: int = 50
    """Updates between lines of metrics.jsonl."""
    save_every: int = 1000
    """Updates between states to resume from."""
    evaluate_every: int = 0
    """Updates between evaluations, by which the checkpoint is chosen; 0: none, the last one is taken."""

    def __post_init__(self) -> None:
        self._check_numbers()
        self.expect_one("scale", SCALES)
        self.expect_one("schedule", ("constant", "cosine"))
        self.expect_one("device", ("auto", "cpu", "cuda"))

    def _check_numbers(self) -> None:
        for entry in fields(self):
            value, limit = getattr(self, entry.name), self.LIMITS.get(entry.name, ANY)
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, (int, float)) and not isinstance(number, bool):
                    self.expect(entry.name, limit.holds(number), str(limit))

    def expect(self, name: str, good: bool, expected: str) -> None:
        """Raises ValueError naming the option where it is not good."""
        if not good:
            value = getattr(self, name)
            told = " ".join(map(str, value)) if isinstance(value, tuple) else value
            raise ValueError(f"--{name.replace('_', '-')} is {told}, expected {expected}")

    def expect_one(self, name: str, known: Sequence[str]) -> None:
        """Raises ValueError naming the option where it is none of the known."""
        self.expect(name, getattr(self, name) in known, " or ".join(known))

    def expect_apart(self, out: Path, *options: str) -> None:
        """Raises ValueError where the folder of a run is one of its data, or in one: it would change what it reads."""
        for name in options:
            for folder in getattr(self, name):
                place, data = out.resolve(), folder.resolve()
                self.expect("out", place != data and data not in place.parents, f"a folder outside of {folder}")

    def changed(self) -> List[str]:
        """The options that are not at the preset's defaults: those that somebody has set for sure."""
        return [e.name for e in fields(self) if e.default is MISSING or getattr(self, e.name) != e.default]

    def plain(self) -> Dict[str, Any]:
        """The resolved options as JSON values."""
        return {"preset": self.PRESET, **{name: _plain(value) for name, value in asdict(self).items()}}

    def command(self) -> str:
        """The command line that gives these options: the preset and all options that are not at its defaults."""
        words: List[str] = []
        for name in self.changed():
            words += _words("--" + name.replace("_", "-"), getattr(self, name))
        return f"vptr train {self.PRESET} " + " ".join(shlex.quote(word) for word in words)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Path) else value


def _words(flag: str, value: Any) -> List[str]:
    if isinstance(value, bool):
        return [flag if value else "--no-" + flag[2:]]
    return [flag, *(str(part) for part in (value if isinstance(value, tuple) else (value,)))]
