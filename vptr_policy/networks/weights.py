"""Weights from a file into an encoder: every tensor in its place, or an error that names those that are not."""

from typing import Dict, List

import torch
from torch import Tensor, nn

SHOWN = 6


class WeightsError(ValueError):
    """Weights do not fit the network, or their file is not what it should be."""


def load_encoder_weights(encoder: nn.Module, tensors: Dict[str, Tensor], prefix: str = "") -> None:
    """Copy the ``tensors`` whose names begin with ``prefix`` into ``encoder``; raises WeightsError.

    With the prefix ``encoder.`` the tensors may be those of a whole actor, critic or ICVF.
    """
    found = {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    if not found:
        raise WeightsError(f"no tensor's name begins with {prefix!r}; found {_listed(sorted(tensors))}")
    problems = _differences(found, encoder.state_dict())
    if problems:
        raise WeightsError(f"the weights do not fit this {type(encoder).__name__}: {_listed(problems)}")
    encoder.load_state_dict(found)


def _differences(found: Dict[str, Tensor], expected: Dict[str, Tensor]) -> List[str]:
    problems = ["missing " + name for name in sorted(set(expected) - set(found))]
    problems += ["unknown " + name for name in sorted(set(found) - set(expected))]
    for name in sorted(set(found) & set(expected)):
        ours, theirs = expected[name], found[name]
        if ours.shape != theirs.shape:
            problems.append(f"{name} is {tuple(theirs.shape)}, expected {tuple(ours.shape)}")
        elif ours.is_floating_point() != theirs.is_floating_point():
            problems.append(f"{name} is {theirs.dtype}, expected {ours.dtype}")
        elif theirs.is_floating_point() and not bool(torch.isfinite(theirs).all()):
            problems.append(f"{name} has values that are not finite")
    return problems


def _listed(entries: List[str]) -> str:
    more = f" (+{len(entries) - SHOWN} more)" if len(entries) > SHOWN else ""
    return "; ".join(entries[:SHOWN]) + more
