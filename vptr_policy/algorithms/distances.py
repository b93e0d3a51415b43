"""Values and penalties of embeddings whose distances mean time (VIP 4.3; R3M)."""

from typing import Tuple

import torch
from torch import Tensor

from vptr_policy.algorithms.learner import Info


def value(embeddings: Tensor, goals: Tensor) -> Tensor:
    """V(o, g) = -||phi(o) - phi(g)||_2 over the last dimension (VIP 4.3)."""
    return -torch.linalg.vector_norm(embeddings - goals, dim=-1)


def norm_penalty(embeddings: Tensor, l1: float, l2: float) -> Tuple[Tensor, Info]:
    """l2 mean ||phi||_2 + l1 mean ||phi||_1 over all embeddings (N, D) of a batch.

    VIP's Table 2 calls it a weight penalty; in its code and R3M's it is of the embeddings, which is followed.
    """
    norm1 = torch.linalg.vector_norm(embeddings, 1.0, dim=-1).mean()
    norm2 = torch.linalg.vector_norm(embeddings, 2.0, dim=-1).mean()
    return l2 * norm2 + l1 * norm1, {"norm_l1": norm1.detach(), "norm_l2": norm2.detach()}


def permutations(count: int, size: int, generator: torch.Generator) -> Tensor:
    """``count`` random orders of the rows of a batch (count, size), which make negatives of other clips."""
    orders = [torch.randperm(size, generator=generator, device=generator.device) for _ in range(count)]
    return torch.stack(orders)
