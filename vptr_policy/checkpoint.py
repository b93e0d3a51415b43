"""Checkpoints at rest: a folder with ``actor.safetensors`` and ``card.json``, complete or absent, verified at load."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Dict, List, Tuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW, IMAGE_SIZE
from vptr_policy.actions import CLIP
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.resize import DESCRIPTION

FORMAT = "vptr-policy-1"
WEIGHTS = "actor.safetensors"
CARD = "card.json"


class CheckpointError(ValueError):
    """A checkpoint folder is missing, damaged or of another shape than its card says."""


def _actions() -> Dict[str, Any]:
    return {
        "low": ACTION_LOW.tolist(),
        "high": ACTION_HIGH.tolist(),
        "clip": CLIP,
        "units": "metres and radians per 0.2 s step in base_link, gripper opening 0..1",
    }


def _preprocessing() -> Dict[str, Any]:
    return {"image_size": IMAGE_SIZE, "resize": DESCRIPTION, "state": "standardised by buffers of the network"}


@dataclass(frozen=True)
class Card:
    """What a checkpoint says about itself."""

    algorithm: Dict[str, Any]
    """name and options of the training algorithm"""
    network: NetworkConfig
    tasks: Tuple[str, ...]
    """names, in the order of the one-hot task id"""
    gripper: str = "binary"
    """binary: the opening is rounded to 0 or 1; continuous: it is sent as it is"""
    preprocessing: Dict[str, Any] = field(default_factory=_preprocessing)
    actions: Dict[str, Any] = field(default_factory=_actions)
    data: Dict[str, Any] = field(default_factory=dict)
    training: Dict[str, Any] = field(default_factory=dict)
    """command, git SHA, steps, seconds, versions"""
    metrics: Dict[str, Any] = field(default_factory=dict)
    files: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    """name -> sha256 and bytes, filled in by save"""
    format: str = FORMAT


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


def load_checkpoint(folder: Path) -> Tuple[Actor, Card]:
    """The actor (evaluation mode) and the card of a checkpoint folder; raises CheckpointError."""
    folder = Path(folder)
    card = read_card(folder)
    for name, expected in card.files.items():
        _verify(folder / name, expected)
    if WEIGHTS not in card.files:
        raise CheckpointError(f"{folder}: the card lists no {WEIGHTS}")
    try:
        weights = load_file(str(folder / WEIGHTS))
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS}: not a safetensors file: {error}") from error
    actor = Actor(card.network)
    _check_tensors(folder, weights, actor.state_dict())
    actor.load_state_dict(weights)
    return actor.eval(), card


def read_card(folder: Path) -> Card:
    """The card of a checkpoint folder, checked for shape but not against the files' hashes."""
    path = Path(folder) / CARD
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"no checkpoint at {folder}: {CARD} is missing (a checkpoint is a folder with {CARD} and {WEIGHTS})"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is not JSON: {error}") from error
    return _parse_card(path, loaded)


def _parse_card(path: Path, loaded: Any) -> Card:
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        found = loaded.get("format") if isinstance(loaded, dict) else type(loaded).__name__
        raise CheckpointError(f"{path}: expected format {FORMAT!r}, found {found!r}")
    unknown = sorted(set(loaded) - {entry.name for entry in fields(Card)})
    if unknown:
        raise CheckpointError(f"{path}: unknown keys {unknown}; was it written by a newer version?")
    try:
        network = dict(loaded["network"])
        network["hidden"] = tuple(network["hidden"])
        card = Card(**{**loaded, "network": NetworkConfig(**network), "tasks": tuple(loaded["tasks"])})
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: the card is incomplete or malformed: {error}") from error
    _check_card(path, card)
    return card


def _check_card(path: Path, card: Card) -> None:
    if len(card.tasks) != card.network.tasks:
        raise CheckpointError(f"{path}: {len(card.tasks)} task names for a network of {card.network.tasks} tasks")
    for key, ours in _actions().items():
        if card.actions.get(key) != ours:
            raise CheckpointError(f"{path}: actions.{key} is {card.actions.get(key)}, expected {ours}")
    if card.preprocessing != _preprocessing():
        raise CheckpointError(
            f"{path}: the policy expects pictures prepared as {card.preprocessing}, "
            f"this version prepares them as {_preprocessing()}"
        )
    if card.gripper not in ("binary", "continuous"):
        raise CheckpointError(f"{path}: gripper is {card.gripper!r}, expected binary or continuous")


def _fingerprint(path: Path) -> Dict[str, Any]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _verify(path: Path, expected: Dict[str, Any]) -> None:
    if not path.is_file():
        raise CheckpointError(f"{path} is listed in the card but missing")
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
        raise CheckpointError("{}: {}{}".format(folder / WEIGHTS, "; ".join(problems[:4]), more))


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
