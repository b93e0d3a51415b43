"""onnxruntime against PyTorch, and what happens where a backend is missing or wrong."""

import copy
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import List, Optional

import numpy as np
import pytest
import torch
from torch import Tensor

from vptr_policy.inference.backends import choose, one_hot
from vptr_policy.inference.gate import EQUAL, difference, random_samples
from vptr_policy.inference.network import ActingNetwork, Eager
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.networks.critic import Critic
from vptr_policy.networks.distribution import TanhGaussian

TASKS = one_hot(3)
SMALL = NetworkConfig(tasks=3, width=8, hidden=(16,))


def _actor(config: NetworkConfig = SMALL) -> Actor:
    torch.manual_seed(0)
    return Actor(config)


@pytest.mark.parametrize("critic_state", [False, True])
def test_onnxruntime_equals_pytorch_on_the_small_encoder(critic_state: bool) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    network = ActingNetwork(_actor(), Critic(replace(SMALL, critic_state=critic_state)))
    backend = choose("onnxruntime", network, TASKS, 1)
    assert backend.name == "onnxruntime"
    for sample in random_samples(TASKS, 6, seed=1):
        ours, exact = backend(*sample), Eager(network)(*sample)
        assert ours.shape == (8,) and np.abs(ours - exact).max() < 1e-5


def test_onnxruntime_equals_a_resnetv2_that_standardises_at_each_call() -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    actor = _actor(NetworkConfig(tasks=3, encoder="resnetv2-50", hidden=(32,)))
    plain = copy.deepcopy(actor).eval()
    network = ActingNetwork(actor)
    backend = choose("onnxruntime", network, TASKS, 1)
    assert backend.name == "onnxruntime"
    for planes, state, task in random_samples(TASKS, 2):
        with torch.inference_mode():
            expected = plain(planes, state, task).mode()[0].numpy()
        assert np.abs(Eager(network)(planes, state, task) - expected).max() < 1e-5
        assert np.abs(backend(planes, state, task) - expected).max() < 1e-5


def test_auto_takes_the_quickest_that_is_here() -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    expected = "eager" if torch.cuda.is_available() else "onnxruntime"
    assert choose("auto", ActingNetwork(_actor()), TASKS, 1).name == expected


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_acts_as_the_cpu_does() -> None:
    gpu = choose("eager", ActingNetwork(_actor()), TASKS, 1)
    assert difference(gpu, Eager(ActingNetwork(_actor())), random_samples(TASKS)).largest < 1e-3


@pytest.mark.parametrize(("name", "missing"), [("onnxruntime", "onnxruntime"), ("int8", "nncf"), ("auto", "onnx")])
def test_without_a_backend_pytorch_acts_and_says_so(
    name: str, missing: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, many: Path
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)  # importing it fails
    with caplog.at_level(logging.WARNING):
        chosen = choose(name, ActingNetwork(_actor()), TASKS, 1, many)
    if name == "auto" and torch.cuda.is_available():
        return
    assert chosen.name == "eager" and np.isfinite(chosen(*random_samples(TASKS, 1)[0])).all()
    assert "PyTorch acts instead" in caplog.text and "pip install" in caplog.text


class Changeable(Actor):
    """Decides by what it sees, which a traced network cannot."""

    def forward(
        self, images: Tensor, state: Tensor, task: Tensor, generator: Optional[torch.Generator] = None
    ) -> TanhGaussian:
        seen = super().forward(images, state, task, generator)
        return TanhGaussian(-seen.mean if float(images.float().mean()) > 1.0 else seen.mean, seen.log_std)


def test_a_backend_that_acts_otherwise_is_not_taken(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    torch.manual_seed(0)
    chosen = choose("onnxruntime", ActingNetwork(Changeable(SMALL)), TASKS, 1)
    assert chosen.name == "eager" and f"expected {EQUAL:g}" in caplog.text


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(ValueError, match="no such backend; known: auto, eager"):
        choose("tensorrt", ActingNetwork(_actor()), TASKS, 1)


def test_tasks_by_number_are_one_hot() -> None:
    rows: List[List[float]] = [task[0].tolist() for task in one_hot(2)]
    assert rows == [[1.0, 0.0], [0.0, 1.0]]
