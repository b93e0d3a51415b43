"""What an algorithm is to the training loop: one module that turns a batch into one loss."""

from typing import Any, Dict, List, Tuple

import torch
from torch import Tensor, nn

Info = Dict[str, Tensor]
"""Detached scalars for the log."""


class Learner(nn.Module):
    """Networks and their loss; the loop owns the optimiser, the data and the clock.

    A learner is wrapped whole by DistributedDataParallel, so that all that needs gradients happens in ``forward``.
    Target networks and averages are submodules without gradients. All randomness comes from the generator, which the
    loop seeds by seed, step and rank: a run that was killed goes on to the bit.
    """

    def forward(self, batch: Any, generator: torch.Generator) -> Tuple[Tensor, Info]:
        """The scalar to minimise by one backward pass, and what to log.

        The losses of several networks are added; each is cut from the networks it must not move.
        """
        raise NotImplementedError

    def parameter_groups(self) -> List[Dict[str, Any]]:
        """Groups for one Adam(W): ``name``, ``params``, ``lr`` and, where it differs, ``weight_decay``."""
        raise NotImplementedError

    def after_step(self, step: int) -> None:
        """Update target networks and averages after the optimiser's ``step`` (from 1 on)."""
        raise NotImplementedError

    def exports(self) -> Dict[str, nn.Module]:
        """The networks that a checkpoint holds: of ``actor``, ``critic``, ``encoder`` those there are."""
        raise NotImplementedError
