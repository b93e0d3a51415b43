"""Copies of networks that follow them slowly: target networks, and averages of weights."""

import contextlib
import copy
from typing import Iterator, List, Sequence, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def frozen_copy(network: Network) -> Network:
    """A copy without gradients, in evaluation mode."""
    return copy.deepcopy(network).requires_grad_(False).eval()


@contextlib.contextmanager
def without_gradients(network: nn.Module) -> Iterator[None]:
    """Within it gradients flow through a network to its inputs, but not to its parameters."""
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def learned(network: nn.Module) -> List[Tensor]:
    """The parameters that have gradients."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def counterparts(follower: nn.Module, network: nn.Module) -> List[Tensor]:
    """The parameters of a copy that belong to ``learned(network)``, in the same order."""
    pairs = zip(follower.parameters(), network.parameters())
    return [copied for copied, parameter in pairs if parameter.requires_grad]


def approach(follower: Sequence[Tensor], source: Sequence[Tensor], rate: float) -> None:
    """follower += rate (source - follower), of all tensors at once."""
    with torch.no_grad():
        torch._foreach_lerp_(list(follower), list(source), rate)


def copy_buffers(follower: nn.Module, network: nn.Module) -> None:
    """Give a copy the statistics of its network as they are now."""
    with torch.no_grad():
        for copied, buffer in zip(follower.buffers(), network.buffers()):
            copied.copy_(buffer)


def averaging_rate(decay: float, step: int) -> float:
    """1 - decay, and more in the first updates, so that the average soon forgets the random weights it began with."""
    return 1.0 - min(decay, step / (9.0 + step))


def average(follower: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Update the average ``follower`` of the weights of ``network`` after the update ``step`` (from 1 on)."""
    approach(counterparts(follower, network), learned(network), averaging_rate(decay, step))
    copy_buffers(follower, network)
