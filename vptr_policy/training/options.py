"""The options of training runs: flat, plain values, cheap to import; their docstrings are the command line's help."""

import shlex
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Dict, List, Optional, Tuple

SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class RobotPaths:
    """Where a run reads and writes."""

    data: Tuple[Path, ...]
    """Folders of demonstrations (shard-*.tar), as `vptr sim generate` and `vptr data import` write them."""
    out: Path
    """Folder of the run: config, metrics, checkpoints. Run the same command again to resume."""


@dataclass(frozen=True)
class LoopOptions:
    """What every run of the training loop has."""

    PRESET: ClassVar[str] = ""
    """The command of `vptr train` these options belong to."""

    steps: int = 20000
    """Updates of the whole run."""
    hours: Optional[float] = None
    """End after this long, evaluations included, even if not all steps are done; the learning rate follows the time."""
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
    """Threads of the computation; default one a core."""
    workers: int = 0
    """Processes that make the batches; 0: a thread of the training process does."""
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
        for name in ("steps", "batch", "log_every", "save_every"):
            self.expect(name, getattr(self, name) >= 1, "at least 1")
        self.expect("workers", self.workers >= 0, "0 or more")
        self.expect("hours", self.hours is None or self.hours > 0, "more than 0")
        self.expect("schedule", self.schedule in SCHEDULES, " or ".join(SCHEDULES))

    def expect(self, name: str, good: bool, expected: str) -> None:
        """Raises ValueError naming the option where it is not good."""
        if not good:
            raise ValueError(f"--{name.replace('_', '-')} is {getattr(self, name)}, expected {expected}")

    def plain(self) -> Dict[str, Any]:
        """The resolved options as JSON values."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def command(self) -> str:
        """The command line that gives these options: the preset and all options that are not at its defaults."""
        words: List[str] = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value != entry.default or entry.default is MISSING:
                words += _words("--" + entry.name.replace("_", "-"), value)
        return f"vptr train {self.PRESET} " + " ".join(shlex.quote(word) for word in words)


@dataclass(frozen=True)
class RobotOptions(LoopOptions, RobotPaths):
    """What every policy that is trained on robot data has."""

    encoder: str = "convolutional"
    """convolutional (trains on a CPU) or resnetv2-50 (the paper's)."""
    hidden: Tuple[int, ...] = (256, 256)
    """Widths of the hidden layers after the encoder."""
    width: int = 24
    """Channels of the convolutional encoder's first layer; its others have twice as many."""
    gripper: str = "binary"
    """What the policy sends: binary (0 or 1) or continuous."""
    shift: int = 4
    """Random shift of the pictures, each way [px]."""
    colour: float = 0.2
    """Random change of the brightness, as a share; contrast and saturation change half, the hue .15 as much (PTR)."""
    failures: bool = False
    """Learn from failed demonstrations too."""
    cache: Optional[Path] = None
    """Where decoded pictures are kept; default a hidden folder in each data folder."""
    evaluate_episodes: int = 25
    """Simulated episodes of each task in an evaluation."""
    evaluate_seed: int = 1000
    """Of the scenes of the evaluations; judge the chosen checkpoint with another seed."""


@dataclass(frozen=True)
class BCOptions(RobotOptions):
    """Behaviour cloning from demonstrations."""

    PRESET: ClassVar[str] = "bc"

    loss: str = "huber"
    """huber (with cross-entropy on the gripper) or likelihood (of the tanh-Gaussian)."""
    averaging: float = 0.999
    """Decay of the exponential moving average of the weights, which is what is saved."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect("averaging", 0 <= self.averaging < 1, "0 <= averaging < 1")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Path) else value


def _words(flag: str, value: Any) -> List[str]:
    if isinstance(value, bool):
        return [flag if value else "--no-" + flag[2:]]
    return [flag, *(str(part) for part in (value if isinstance(value, tuple) else (value,)))]
