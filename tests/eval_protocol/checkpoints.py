"""Checkpoint folders as far as a plan looks at them: a card that names tasks, and weights that are never loaded."""

import json
from pathlib import Path
from typing import Sequence

TASKS = ("knife_in_pot", "sweet_potato_on_plate")


def checkpoint(folder: Path, tasks: Sequence[str] = TASKS) -> Path:
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(folder.name.encode())
    (folder / "card.json").write_text(json.dumps({"tasks": list(tasks), "aliases": {}, "language": {}}))
    return folder
