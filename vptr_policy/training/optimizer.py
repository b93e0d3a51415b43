"""The one optimiser of a run: AdamW over the learner's parameter groups."""

from typing import Any, Dict, List

import torch

EPSILON = 1e-8


def make_optimizer(
    groups: List[Dict[str, Any]], weight_decay: float = 0.0, epsilon: float = EPSILON
) -> torch.optim.Optimizer:
    """AdamW (Adam where nothing decays), fused where this build of torch can, else over lists of tensors.

    Args:
        groups: of the learner; a group's own ``lr`` is kept as ``base_lr`` for the schedule.
        weight_decay: of groups that do not say their own.
        epsilon: of groups that do not say their own.
    """
    groups = [{"weight_decay": weight_decay, "eps": epsilon, **group, "base_lr": group["lr"]} for group in groups]
    try:
        return torch.optim.AdamW(groups, fused=True)
    except RuntimeError:  # a device or type without the fused kernel
        return torch.optim.AdamW(groups, foreach=True)


def scale_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set each group's learning rate to ``factor`` times its own."""
    for group in optimizer.param_groups:
        group["lr"] = factor * group["base_lr"]


def gradient_norm(optimizer: torch.optim.Optimizer) -> torch.Tensor:
    """The Euclidean norm of all gradients together, a scalar; not finite where any gradient is not."""
    grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
