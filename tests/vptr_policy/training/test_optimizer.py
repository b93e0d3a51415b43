"""One optimiser for all groups of a learner, that updates all tensors at once."""

import pytest
import torch

from vptr_policy.training.optimizer import make_optimizer

GROUPS = [{"lr": 0.1}, {"lr": 0.2, "weight_decay": 0.5, "eps": 1e-3}]


def _groups() -> list:
    return [{"params": [torch.nn.Parameter(torch.ones(3))], **group} for group in GROUPS]


def test_it_is_fused_and_each_group_keeps_what_it_says() -> None:
    optimizer = make_optimizer(_groups(), weight_decay=0.1)
    assert [group["fused"] for group in optimizer.param_groups] == [True, True]
    told = [(group["lr"], group["base_lr"], group["weight_decay"], group["eps"]) for group in optimizer.param_groups]
    assert told == [(0.1, 0.1, 0.1, 1e-8), (0.2, 0.2, 0.5, 1e-3)]


def test_without_a_fused_kernel_it_goes_over_lists_of_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    real = torch.optim.AdamW

    def without(groups: list, **options: bool) -> torch.optim.Optimizer:
        if options.get("fused"):
            raise RuntimeError("no fused kernel for this device")
        return real(groups, **options)

    monkeypatch.setattr(torch.optim, "AdamW", without)
    optimizer = make_optimizer(_groups())
    assert [(group["fused"], group["foreach"]) for group in optimizer.param_groups] == [(None, True)] * 2
