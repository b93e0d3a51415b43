"""The tanh-Gaussian over normalised actions in (-1, 1)."""

import math
from dataclasses import dataclass
from typing import Optional, Tuple

import torch
import torch.nn.functional as functional
from torch import Tensor

LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0


@dataclass(frozen=True)
class TanhGaussian:
    """a = tanh(u), u ~ N(``mean``, exp(``log_std``)^2); both (B, A), diagonal."""

    mean: Tensor
    log_std: Tensor

    def mode(self) -> Tensor:
        """tanh(mean), what a deployed policy does (B, A)."""
        return torch.tanh(self.mean)

    def log_prob(self, actions: Tensor) -> Tensor:
        """log p(a) = sum_i [log N(atanh a_i) - log(1 - a_i^2)] of actions inside (-1, 1); (B, A) -> (B,)."""
        return self._log_prob_before_tanh(torch.atanh(actions))

    def sample(self, generator: Optional[torch.Generator] = None) -> Tensor:
        """One action with gradients to the parameters (B, A)."""
        return torch.tanh(self.mean + self._noise(self.mean.shape, generator) * self.log_std.exp())

    def sample_with_log_prob(self, count: int, generator: Optional[torch.Generator] = None) -> Tuple[Tensor, Tensor]:
        """``count`` actions each with gradients to the parameters, and log p of each: (B, N, A), (B, N).

        The probability is taken before the tanh, so that an action that rounds to 1 has a finite one.
        """
        many = TanhGaussian(self.mean.unsqueeze(1), self.log_std.unsqueeze(1))
        batch, size = self.mean.shape
        values = many.mean + self._noise(torch.Size([batch, count, size]), generator) * many.log_std.exp()
        return torch.tanh(values), many._log_prob_before_tanh(values)

    def _noise(self, shape: torch.Size, generator: Optional[torch.Generator]) -> Tensor:
        device = self.mean.device if generator is None else generator.device
        return torch.randn(shape, generator=generator, device=device).to(self.mean)

    def _log_prob_before_tanh(self, values: Tensor) -> Tensor:
        scaled = (values - self.mean) * (-self.log_std).exp()
        normal = -0.5 * scaled.square() - self.log_std - 0.5 * math.log(2.0 * math.pi)
        # log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2 u)), exact where 1 - tanh^2 would round to zero
        jacobian = 2.0 * (math.log(2.0) - values - functional.softplus(-2.0 * values))
        return (normal - jacobian).sum(-1)
