"""Weights at rest: a folder of safetensors files and a card, complete or absent, verified when they are read."""

import contextlib
import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from vptr_policy.card import REMEDY
from vptr_policy.checkpoint_folder import CARD, CheckpointError
from vptr_policy.replacement import flush, partial_name, recover, replace_folder, writing

Files = Mapping[str, Dict[str, Any]]
"""name -> sha256 and bytes"""


def write_folder(folder: Path, weights: Mapping[str, Mapping[str, Tensor]], card: Dict[str, Any]) -> None:
    """Write files of tensors and a card beside ``folder`` and move it there whole; one that stood there is replaced.

    Args:
        folder: the new folder.
        weights: file name -> tensors.
        card: what the folder says of itself; its ``files`` are filled in.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    recover(folder.parent)
    partial = partial_name(folder)
    shutil.rmtree(partial, ignore_errors=True)
    with writing(folder, partial):
        partial.mkdir()
        for name, tensors in weights.items():
            save_tensors({key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}, partial / name)
        _write_card(partial, {**card, "files": {name: fingerprint(partial / name) for name in weights}})
        for name in (*weights, "."):
            flush(partial / name)
        replace_folder(partial, folder)
        flush(folder.parent)


def save_tensors(tensors: Dict[str, Tensor], path: Path, metadata: Optional[Dict[str, str]] = None) -> None:
    """Write a file of safetensors that others may read as any new file: the library's own are for their owner alone."""
    path.touch()
    mode = stat.S_IMODE(path.stat().st_mode)
    save_file(tensors, str(path), metadata)
    path.chmod(mode)


def write_card(folder: Path, card: Dict[str, Any]) -> None:
    """Replace the card of a folder, whole or not at all."""
    recover(Path(folder))
    with writing(Path(folder) / CARD):
        _write_card(Path(folder), card)


def read_weights(path: Path) -> Dict[str, Tensor]:
    """The tensors of a file; raises CheckpointError when it is no safetensors file."""
    try:
        return load_file(str(path))
    except SafetensorError as error:
        raise CheckpointError(f"{path}: not a safetensors file ({error}); {REMEDY}") from error


def load_into(network: nn.Module, path: Path) -> None:
    """Give a network the weights of a file; raises CheckpointError naming the tensors that do not fit."""
    weights = read_weights(path)
    _check_tensors(path, weights, network.state_dict())
    network.load_state_dict(weights)


def verify(folder: Path, files: Files) -> None:
    """Raises CheckpointError unless all files of a card are there as they were written."""
    for name, expected in files.items():
        path = Path(folder) / name
        if not path.is_file():
            raise CheckpointError(f"{path} is listed in the card but missing, or no file; {REMEDY}")
        found = fingerprint(path)
        if found != expected:
            raise CheckpointError(
                f"{path} does not match its card: expected {expected}, found {found}. "
                "The file is damaged or was exchanged; copy the whole checkpoint folder again."
            )


def fingerprint(path: Path) -> Dict[str, Any]:
    """The sha256 and the size of a file; raises CheckpointError when it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}): expected a file; {REMEDY}") from error
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _write_card(folder: Path, card: Dict[str, Any]) -> None:
    partial = partial_name(folder / CARD)
    with contextlib.ExitStack() as left:
        left.callback(partial.unlink, missing_ok=True)
        partial.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        flush(partial)
        os.replace(str(partial), str(folder / CARD))
    flush(folder)


def _check_tensors(path: Path, found: Dict[str, Tensor], expected: Dict[str, Tensor]) -> None:
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
        raise CheckpointError("{}: {}{}; {}".format(path, "; ".join(problems[:4]), more, REMEDY))
