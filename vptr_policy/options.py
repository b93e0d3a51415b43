"""The options of a training run: flat, plain values, cheap to import; their docstrings are the command line's help."""

import shlex
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple


@dataclass(frozen=True)
class TrainOptions:
    """Behaviour cloning from demonstrations."""

    data: Path
    """Folder of demonstrations (shard-*.tar), as `vptr sim generate` writes them."""
    out: Path
    """Folder of the run: config, metrics, checkpoints. Run the same command again to resume."""
    steps: int = 20000
    """Updates of the whole run."""
    hours: Optional[float] = None
    """End after this long, evaluations included, even if not all steps are done; the learning rate follows the time."""
    batch: int = 64
    """Transitions an update."""
    learning_rate: float = 1e-3
    """At the start; a cosine leads it to 1 % at the end, after a linear warm-up."""
    warm_up: int = 200
    """Updates of the linear warm-up."""
    weight_decay: float = 1e-4
    """Of AdamW."""
    averaging: float = 0.999
    """Decay of the exponential moving average of the weights, which is what is saved."""
    loss: str = "huber"
    """huber (with cross-entropy on the gripper) or likelihood (of the tanh-Gaussian)."""
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
    """Random change of brightness, contrast and saturation, as a share of each."""
    failures: bool = False
    """Learn from failed demonstrations too."""
    seed: int = 0
    """Of the weights, the order of the data and the augmentation."""
    threads: Optional[int] = None
    """Threads of the computation; default one a core."""
    cache: Optional[Path] = None
    """Where decoded pictures are kept; default a hidden folder in the data."""
    log_every: int = 50
    """Updates between lines of metrics.jsonl."""
    save_every: int = 1000
    """Updates between states to resume from."""
    evaluate_every: int = 0
    """Updates between evaluations, by which the checkpoint is chosen; 0: none, the last one is taken."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "log_every", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name.replace('_', '-')} is {getattr(self, name)}, expected at least 1")
        if not 0 <= self.averaging < 1:
            raise ValueError(f"--averaging is {self.averaging}, expected 0 <= averaging < 1")
        if self.hours is not None and self.hours <= 0:
            raise ValueError(f"--hours is {self.hours}, expected more than 0")

    def plain(self) -> Dict[str, Any]:
        """The resolved options as JSON values."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def command(self, program: str) -> str:
        """The command line that gives these options: ``program`` and all options that are not at their default."""
        words: List[str] = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value != entry.default or entry.default is MISSING:
                words += _words("--" + entry.name.replace("_", "-"), value)
        return program + " " + " ".join(shlex.quote(word) for word in words)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value


def _words(flag: str, value: Any) -> List[str]:
    if isinstance(value, bool):
        return [flag if value else "--no-" + flag[2:]]
    return [flag, *(str(part) for part in (value if isinstance(value, tuple) else (value,)))]
