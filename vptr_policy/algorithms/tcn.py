"""Time-contrastive learning on single views (Sermanet et al., 2018): the papers' form, and R3M's without language."""

import math
from typing import List, Tuple

import torch
from torch import Tensor

from vptr_policy.algorithms.distances import value
from vptr_policy.algorithms.learner import Info

EPSILON = 1e-8


def tcn_loss(anchor: Tensor, positives: Tensor, negatives: Tensor) -> Tuple[Tensor, Info]:
    """InfoNCE whose negatives are later frames of the clip (VIP Eq. 12; with K > 1 Eq. 13).

    L = 1/K sum_k mean_B[-log(S(o_1, o_1+k) / mean_m S(o_1, o_m))], S = exp(-||phi - phi'||_2). Without the positive in
    the denominator it has no lower bound, so that training takes R3M's form (as VIP E.2 does) and this is the option.

    Args:
        anchor: (B, D), phi(o_t1).
        positives: (B, K, D), of K later frames.
        negatives: (B, K, M, D), for each positive M frames after it.
    """
    near = value(positives, anchor[:, None])
    far = value(negatives, anchor[:, None, None])
    loss = (torch.logsumexp(far, -1) - math.log(far.shape[-1]) - near).mean()
    return loss, {"aligned": (near > far.amax(-1)).float().mean()}


def r3m_loss(
    first: Tensor, second: Tensor, third: Tensor, first_negatives: Tensor, third_negatives: Tensor
) -> Tuple[Tensor, Info]:
    """R3M's time-contrastive loss on three frames in order; S = exp(-||phi - phi'||_2), log and ratio kept off 0 by e.

    L = mean_B[-log(e + S12 / (e + S12 + S13 + sum_j S11j)) - log(e + S23 / (e + S23 + S13 + sum_j S33j))] / 2 with
    e = 1e-8, S12 = S(first, second) and so on, and S11j, S33j to the same frame of other clips.

    Args:
        first: (B, D).
        second: (B, D).
        third: (B, D).
        first_negatives: (J, B) row numbers, each row an order of the batch; J = 3 in R3M.
        third_negatives: (J, B).
    """
    near, far, late = value(first, second), value(first, third), value(second, third)
    early = _contrast(near, [far, *value(first, first[first_negatives])])
    final = _contrast(late, [far, *value(third, third[third_negatives])])
    aligned = ((near > far) & (late > far)).float().mean()
    return (early + final).mean() / 2.0, {"aligned": aligned}


def _contrast(positive: Tensor, negatives: List[Tensor]) -> Tensor:
    """-log(e + S / (e + S + sum of the negatives' S)), of the logarithms of S (B,)."""
    floor = torch.full_like(positive, math.log(EPSILON))
    total = torch.logsumexp(torch.stack([floor, positive, *negatives]), 0)
    return -torch.logaddexp(floor, positive - total)
