"""A run's folder belongs to one set of options, which it keeps in config.json."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator, Sequence

from robot_bridge import lock
from vptr_policy.json_file import read_object
from vptr_policy.training.presets import PRESETS
from vptr_policy.training.robot_options import CQLOptions
from vptr_policy.training.video_options import EmbeddingOptions, VideoOptions

CONFIG = "config.json"
FORMAT = "vptr-run-1"
METRICS = "metrics.jsonl"
PROCESSES = "processes"
"""In the config: of how many processes together the run is, by which the batches differ."""
STATE = "state.safetensors"
"""In the folder of a run that has learned something."""
FREE = ("workers", "cache", "log_every", "save_every")
"""Options that may change when a run is resumed: they do not change what it computes."""


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Keep the folder of a run for this process alone; raises ValueError where another one works in it."""
    make(out)
    remedy = "wait until it has ended, or take another --out"
    with lock.held(out, f"another `vptr train` works in this folder; {remedy}"):
        yield


def claim(out: Path, options: Dict[str, Any]) -> None:
    """Save the resolved options, and what else makes the run; raises ValueError when the folder belongs to another.

    What only one of the two knows of is no difference: it was not known yet, or not in that version. A run that has
    kept no state has learned nothing, and makes way.
    """
    make(out)
    path = out / CONFIG
    stored: Dict[str, Any] = {}
    if path.is_file() and (out / STATE).is_file():
        stored = read_config(out, (), "take another --out, or remove the file to go on with these options and data")
        names = sorted((set(stored) & set(options)) - set(FREE))
        differing = [name for name in names if stored[name] != options[name]]
        if PROCESSES in differing:
            raise ValueError(
                f"{out} holds a run of {stored[PROCESSES]} processes, is to go on with {options[PROCESSES]}, whose "
                f"batches are others: give the same command with `torchrun --nproc-per-node {stored[PROCESSES]}`, or "
                "without torchrun where that is 1, or take another --out"
            )
        if differing:
            changes = ", ".join(f"{name} was {stored[name]}, is {options[name]}" for name in differing)
            remedy = "take another --out, or the same options and data"
            raise ValueError(f"{out} holds a run of other options ({changes}); {remedy}")
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"format": FORMAT, **stored, **options}, indent=2) + "\n", encoding="utf-8")
    os.replace(str(partial), str(path))


def read_config(folder: Path, keys: Sequence[str], remedy: str) -> Dict[str, Any]:
    """What a run kept; raises ValueError with the remedy where that is damaged or lacks one of ``keys``."""
    return _as_now(read_object(folder / CONFIG, keys, remedy))


def _as_now(stored: Dict[str, Any]) -> Dict[str, Any]:
    """What a run of before there was a format did, in the words of now."""
    preset = PRESETS.get(str(stored.get("preset")))
    if "format" in stored or preset is None:
        return stored
    did: Dict[str, Any] = {}
    if issubclass(preset.options, (CQLOptions, EmbeddingOptions)):
        did["weight_decay"] = 0.0  # whatever was asked for: nothing decayed
    if issubclass(preset.options, VideoOptions):
        did["evaluate_every"] = 0  # nothing was evaluated
    now = {name: did.get(name, value) for name, value in stored.items()}
    if now.get("initial_encoder") or now.get("pretrained"):  # they told the options, the encoder had its own
        for name in ("encoder", "width", *(() if now.get("image_side") else ("image_side",))):
            now.pop(name, None)
    return now


def make(out: Path) -> None:
    """Make the folder of a run where there is none yet; raises ValueError where something else has its name."""
    for folder in (out, *out.parents):
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"--out is {out}, but {folder} is a file: expected a folder, or a name that is free")
    out.mkdir(parents=True, exist_ok=True)
