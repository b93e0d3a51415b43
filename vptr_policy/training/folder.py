"""A run's folder belongs to one set of options, which it keeps in config.json."""

import json
import os
from pathlib import Path
from typing import Any, Dict

CONFIG = "config.json"
FREE = ("workers", "cache", "log_every", "save_every")
"""Options that may change when a run is resumed: they do not change what it computes."""


def claim(out: Path, options: Dict[str, Any]) -> None:
    """Save the resolved options; raises ValueError when the folder belongs to a run of others."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / CONFIG
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        names = sorted((set(stored) | set(options)) - set(FREE))
        differing = [name for name in names if stored.get(name) != options.get(name)]
        if differing:
            changes = ", ".join(f"{name} was {stored.get(name)}, is {options.get(name)}" for name in differing)
            raise ValueError(f"{out} holds a run of other options ({changes}); take another --out or the same options")
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(options, indent=2) + "\n", encoding="utf-8")
    os.replace(str(partial), str(path))
