"""Several heads of one shape, computed together by batched products instead of one after the other."""

import math
from functools import partial
from typing import Callable, Sequence, Tuple

import torch
from torch import Tensor, nn

Initialise = Callable[[Tensor], object]


class EnsembleLinear(nn.Module):
    """A linear layer for each of ``heads`` heads, whose input comes in parts that need not be repeated to be joined.

    With the input [x_1, ..., x_P] this is y_h = [x_1, ..., x_P] W_h + b_h = sum_p x_p W_hp + b_h: a part that is the
    same for all N actions of a picture is multiplied once for the picture and added to all of them.
    """

    def __init__(self, heads: int, inputs: Sequence[int], outputs: int, initialise: Initialise) -> None:
        """``initialise`` fills each head's weight (inputs, outputs) in place; biases are zero."""
        super().__init__()
        self.inputs = tuple(inputs)
        self.weight = nn.Parameter(torch.empty(heads, sum(inputs), outputs))
        self.bias = nn.Parameter(torch.zeros(heads, 1, 1, outputs))
        for head in self.weight.detach():
            initialise(head)

    def forward(self, parts: Sequence[Tensor]) -> Tensor:
        """Parts (1 or heads, B, 1 or N, inputs) -> (heads, B, N, outputs)."""
        total = self.bias
        for part, weight in zip(parts, self.weight.split(self.inputs, 1)):
            rows = part.flatten(1, 2).expand(len(weight), -1, -1)
            total = total + torch.bmm(rows, weight).unflatten(1, part.shape[1:3])
        return total


class EnsembleMLP(nn.Module):
    """ReLU MLPs with one output each whose hidden layers are all told the condition again.

    Initialised as in the public code of PTR and V-PTR: orthogonal, gain sqrt(2), the last layer 0.01.
    """

    def __init__(self, heads: int, inputs: Sequence[int], condition: Sequence[int], hidden: Tuple[int, ...]) -> None:
        """``inputs`` and ``condition`` are the sizes of the parts given to forward."""
        super().__init__()
        gains = [math.sqrt(2.0)] * len(hidden) + [0.01]
        fills = [partial(nn.init.orthogonal_, gain=gain) for gain in gains]
        parts = [tuple(inputs)] + [(width, *condition) for width in hidden]
        self.layers = nn.ModuleList(
            [EnsembleLinear(heads, sizes, width, fill) for sizes, width, fill in zip(parts, (*hidden, 1), fills)]
        )

    def forward(self, inputs: Sequence[Tensor], condition: Sequence[Tensor]) -> Tensor:
        """Parts (B, 1 or N, size) each -> (heads, B, N)."""
        told = [part.unsqueeze(0) for part in condition]
        values = self.layers[0]([part.unsqueeze(0) for part in inputs])
        for layer in self.layers[1:]:
            values = layer([torch.relu(values), *told])
        return values.squeeze(-1)
