"""Where a learner computes and in which precision: float32 on a CPU, encoders in bfloat16 on a GPU."""

from typing import Any, Callable

import torch
from torch import Tensor, nn

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str, local_rank: int = 0) -> torch.device:
    """The device of a name; raises ValueError where there is none."""
    if name not in DEVICES:
        raise ValueError("--device is {!r}, expected one of {}".format(name, ", ".join(DEVICES)))
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: torch sees no GPU here; take --device cpu, or install torch with CUDA")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", local_rank)


def prepare(learner: nn.Module, device: torch.device, bfloat16: bool) -> None:
    """Move a learner to its device, its convolutions into channels-last memory, where they are fastest.

    On a GPU float32 products may use TF32, and encoders, where the work is, compute in bfloat16 if asked; heads and
    losses stay in float32, since the values they regress have more digits than bfloat16 holds.
    """
    learner.to(device)
    for module in learner.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if device.type != "cuda":
        return
    torch.set_float32_matmul_precision("high")
    if bfloat16:
        for name, module in learner.named_modules():
            if name.rsplit(".", 1)[-1] == "encoder":
                module.forward = in_bfloat16(module.forward, device.type)


def in_bfloat16(forward: Callable[..., Tensor], device: str) -> Callable[..., Tensor]:
    """The same function of tensors, whose products are computed in bfloat16 on a kind of device; returns float32."""

    def run(*inputs: Any) -> Tensor:
        with torch.autocast(device, torch.bfloat16):
            return forward(*inputs).float()

    return run
