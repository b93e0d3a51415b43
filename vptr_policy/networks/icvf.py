"""The intent-conditioned value function V(s, g, z) of phase 1 (V-PTR 4.1, A.1; Ghosh et al., ICVF, 2023).

The papers write V = phi(f(s))^T T(f(z)) psi(f(g)) with a d x d matrix T. The public code, which is followed, applies T
to psi(z), lets it be a d-vector and makes the matrix from it with two learned ones:
V = <A (T(psi(z)) * phi(s)), B (T(psi(z)) * psi(g))>. The paper's matrix is the form ``matrix``.
"""

import math
from typing import List, Optional

import torch
from torch import Tensor, nn

from vptr_policy.networks.dropout import drop
from vptr_policy.networks.ensemble import EnsembleLinear

HEADS = 2
FORMS = ("vector", "matrix")


class ReluHeads(nn.Module):
    """An MLP for each head with ReLU after every layer, the last one too: (1 or 2, B, 1, I) -> (2, B, 1, width)."""

    def __init__(self, inputs: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        sizes = [inputs] + [width] * (layers - 1)
        # xavier_uniform is variance_scaling(1, fan_avg, uniform)
        stack: List[nn.Module] = [EnsembleLinear(HEADS, [size], width, nn.init.xavier_uniform_) for size in sizes]
        self.layers = nn.ModuleList(stack)
        self.dropout = dropout

    def forward(self, inputs: Tensor, generator: Optional[torch.Generator]) -> Tensor:
        """Apply the layers, and in training dropout with the noise of ``generator``."""
        for layer in self.layers:
            inputs = torch.relu(layer([inputs]))
            if self.dropout and self.training:
                inputs = drop(inputs, self.dropout, generator)
        return inputs


class ICVF(nn.Module):
    """Two value functions on one visual encoder; the encoder is what the robot phases go on with."""

    def __init__(
        self, encoder: nn.Module, width: int = 256, layers: int = 2, dropout: float = 0.0, form: str = "vector"
    ) -> None:
        """Make the heads phi, psi and T on ``encoder``.

        Args:
            encoder: pictures (B, 3, H, W) with values 0..255 -> (B, size).
            width: d, of every layer of the heads.
            layers: of each head; 2 in the code and in V-PTR A.1, 3 in V-PTR 4.4.
            dropout: after each layer of the heads; V-PTR 4.4 says dropout but no value.
            form: vector (the code) or matrix (the papers): T is then made from f(z), not psi(z), and is d x d.
        """
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"no ICVF of the form {form!r}; known: {', '.join(FORMS)}")
        self.encoder = encoder
        self.form = form
        features = int(encoder.size)  # type: ignore[arg-type]
        self.phi = ReluHeads(features, width, layers, dropout)
        self.psi = ReluHeads(features, width, layers, dropout)
        if form == "vector":
            self.transition = ReluHeads(width, width, layers, dropout)
            self.a = EnsembleLinear(HEADS, [width], width, _lecun_normal)
            self.b = EnsembleLinear(HEADS, [width], width, _lecun_normal)
        else:
            self.transition = ReluHeads(features, width, layers, dropout)
            self.matrix = EnsembleLinear(HEADS, [width], width * width, _lecun_normal)

    def forward(self, now: Tensor, goal: Tensor, intent: Tensor, generator: Optional[torch.Generator] = None) -> Tensor:
        """``value`` of three batches of pictures."""
        return self.value(self.encode(now), self.encode(goal), self.encode(intent), generator)

    def encode(self, images: Tensor) -> Tensor:
        """f: pictures (B, 3, H, W) with values 0..255 -> features (B, F)."""
        return self.encoder(images)

    def value(
        self, features_s: Tensor, features_g: Tensor, features_z: Tensor, generator: Optional[torch.Generator] = None
    ) -> Tensor:
        """V_i(s, g, z) of features (B, F) each -> (2, B); ``generator`` is of dropout's noise, in training."""
        state, goal, intent = (features[None, :, None] for features in (features_s, features_g, features_z))
        phi, psi = self.phi(state, generator), self.psi(goal, generator)
        if self.form == "vector":
            scale = self.transition(self.psi(intent, generator), generator)
            return (self.a([scale * phi]) * self.b([scale * psi])).sum(-1).squeeze(-1)
        matrix = self.matrix([self.transition(intent, generator)]).squeeze(2).unflatten(-1, (phi.shape[-1], -1))
        return (phi @ matrix @ psi.transpose(-1, -2)).flatten(1)


def _lecun_normal(weight: Tensor) -> None:
    """A normal cut at two standard deviations whose variance after the cut is 1 / inputs: flax's for dense layers."""
    after_cut = 0.87962566103423978
    std = 1.0 / (math.sqrt(weight.shape[0]) * after_cut)
    nn.init.trunc_normal_(weight, 0.0, std, -2.0 * std, 2.0 * std)
