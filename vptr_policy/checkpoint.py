"""Checkpoints at rest: a folder with ``actor.safetensors`` and ``card.json``, complete or absent, verified at load."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, List, Tuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vptr_policy.card import CARD, REMEDY, Card, CheckpointError, read_card
from vptr_policy.networks.actor import Actor

WEIGHTS = "actor.safetensors"
HASHED = (".safetensors", ".json")
"""Suffixes of the files that make a checkpoint what it is."""


def save_checkpoint(folder: Path, actor: Actor, card: Card) -> None:
    """Write the checkpoint beside ``folder`` and move it there whole; one that stood there before is replaced."""
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.parent / f".{folder.name}.partial-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in actor.state_dict().items()}
    save_file(weights, str(partial / WEIGHTS))
    described = asdict(card)
    described["files"] = {WEIGHTS: _fingerprint(partial / WEIGHTS)}
    (partial / CARD).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    for name in (WEIGHTS, CARD, "."):
        _flush(partial / name)
    _move_over(partial, folder)


def record_metrics(folder: Path, metrics: Dict[str, Any]) -> Card:
    """Put ``metrics`` among those of a checkpoint's card, whole or not at all; its other files stay as they are."""
    _, card = load_checkpoint(folder)
    card = replace(card, metrics={**card.metrics, **metrics})
    partial = Path(folder) / f".{CARD}.partial-{os.getpid()}"
    partial.write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")
    _flush(partial)
    os.replace(str(partial), str(Path(folder) / CARD))
    _flush(Path(folder))
    return card


def load_checkpoint(folder: Path) -> Tuple[Actor, Card]:
    """The actor (evaluation mode) and the card of a checkpoint folder; raises CheckpointError."""
    folder = Path(folder)
    card = read_card(folder)
    for name, expected in card.files.items():
        _verify(folder / name, expected)
    if WEIGHTS not in card.files:
        raise CheckpointError(f"{folder / CARD}: files lists no {WEIGHTS}, expected its sha256 and bytes; {REMEDY}")
    try:
        weights = load_file(str(folder / WEIGHTS))
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS}: not a safetensors file ({error}); {REMEDY}") from error
    try:
        actor = Actor(card.network)
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(f"{folder / CARD}: no network can be made of {card.network}: {error}") from error
    _check_tensors(folder, weights, actor.state_dict())
    actor.load_state_dict(weights)
    return actor.eval(), card


def digest(folder: Path, card: Card) -> str:
    """Identifies a loaded checkpoint: ``sha256 ...`` over the names and sha256 of its files, the card's among them.

    Files that the card lists count with the hash they were verified against when they were loaded.
    """
    files = sorted(path for path in Path(folder).glob("*") if path.suffix in HASHED)
    known = {name: entry["sha256"] for name, entry in card.files.items()}
    rows = [f"{path.name} {known.get(path.name) or _fingerprint(path)['sha256']}\n" for path in files]
    return "sha256 " + hashlib.sha256("".join(rows).encode()).hexdigest()


def _fingerprint(path: Path) -> Dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}): expected a file; {REMEDY}") from error
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _verify(path: Path, expected: Dict[str, Any]) -> None:
    if not path.is_file():
        raise CheckpointError(f"{path} is listed in the card but missing, or no file; {REMEDY}")
    found = _fingerprint(path)
    if found != expected:
        raise CheckpointError(
            f"{path} does not match its card: expected {expected}, found {found}. "
            "The file is damaged or was exchanged; copy the whole checkpoint folder again."
        )


def _check_tensors(folder: Path, found: Dict[str, Tensor], expected: Dict[str, Tensor]) -> None:
    problems: List[str] = []
    problems += ["unknown tensor " + name for name in sorted(set(found) - set(expected))]
    problems += ["missing tensor " + name for name in sorted(set(expected) - set(found))]
    for name in sorted(set(found) & set(expected)):
        ours, theirs = expected[name], found[name]
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            problems.append(
                f"{name} is {theirs.dtype} {tuple(theirs.shape)}, expected {ours.dtype} {tuple(ours.shape)}"
            )
        elif theirs.is_floating_point() and not bool(torch.isfinite(theirs).all()):
            problems.append(name + " has values that are not finite")
    if problems:
        more = f" (+{len(problems) - 4} more)" if len(problems) > 4 else ""
        raise CheckpointError("{}: {}{}; {}".format(folder / WEIGHTS, "; ".join(problems[:4]), more, REMEDY))


def _flush(path: Path) -> None:
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move_over(partial: Path, folder: Path) -> None:
    if folder.exists():
        retired = folder.parent / f".{folder.name}.replaced-{os.getpid()}"
        os.rename(str(folder), str(retired))
        os.rename(str(partial), str(folder))
        shutil.rmtree(retired)
    else:
        os.rename(str(partial), str(folder))
    _flush(folder.parent)
