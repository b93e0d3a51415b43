"""Dropout whose noise comes from a given generator, so that a run that was killed goes on to the bit."""

from typing import Optional

import torch
from torch import Tensor


def drop(inputs: Tensor, share: float, generator: Optional[torch.Generator]) -> Tensor:
    """Set a ``share`` of the inputs to zero at random and scale the others by 1 / (1 - share).

    Without a generator the noise is torch's own.
    """
    device = inputs.device if generator is None else generator.device
    kept = torch.rand(inputs.shape, generator=generator, device=device).to(inputs.device) >= share
    return inputs * kept / (1.0 - share)
