"""The intent-conditioned value function against NumPy, and where its gradients go."""

from typing import Tuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vptr_policy.networks.icvf import ICVF, ReluHeads


class Flat(nn.Module):
    """Pictures of one pixel as features."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 6
        self.linear = nn.Linear(3, 6)

    def forward(self, images: Tensor) -> Tensor:
        return self.linear(images.flatten(1))


def _icvf(**options: object) -> ICVF:
    torch.manual_seed(0)
    icvf = ICVF(Flat(), width=5, **options)  # type: ignore[arg-type]
    with torch.no_grad():
        for name, parameter in icvf.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0.3, 0.3)
    return icvf


def _features() -> Tuple[Tensor, Tensor, Tensor]:
    return torch.randn(4, 6), torch.randn(4, 6), torch.randn(4, 6)


def _linear(layer: nn.Module, head: int, inputs: np.ndarray) -> np.ndarray:
    return inputs @ layer.weight[head].detach().numpy() + layer.bias[head].detach().numpy().reshape(-1)  # type: ignore


def _relu_mlp(heads: ReluHeads, head: int, inputs: np.ndarray) -> np.ndarray:
    for layer in heads.layers:
        inputs = np.maximum(_linear(layer, head, inputs), 0)
    return inputs


@pytest.mark.parametrize("layers", [2, 3])
def test_the_codes_value_is_what_numpy_computes(layers: int) -> None:
    icvf, (s, g, z) = _icvf(layers=layers), _features()
    assert len(icvf.phi.layers) == layers
    values = icvf.value(s, g, z).detach().numpy()
    assert values.shape == (2, 4)
    for head in range(2):
        scale = _relu_mlp(icvf.transition, head, _relu_mlp(icvf.psi, head, z.numpy()))
        left = _linear(icvf.a, head, scale * _relu_mlp(icvf.phi, head, s.numpy()))
        right = _linear(icvf.b, head, scale * _relu_mlp(icvf.psi, head, g.numpy()))
        assert np.allclose(values[head], (left * right).sum(1), atol=1e-5)
    assert not np.allclose(values[0], values[1], atol=1e-3)


def test_the_papers_value_is_what_numpy_computes() -> None:
    icvf, (s, g, z) = _icvf(form="matrix"), _features()
    values = icvf.value(s, g, z).detach().numpy()
    for head in range(2):
        matrix = _linear(icvf.matrix, head, _relu_mlp(icvf.transition, head, z.numpy())).reshape(4, 5, 5)
        phi, psi = (_relu_mlp(net, head, x.numpy()) for net, x in ((icvf.phi, s), (icvf.psi, g)))
        assert np.allclose(values[head], np.einsum("bi,bij,bj->b", phi, matrix, psi), atol=1e-5)


def test_each_of_the_three_pictures_moves_the_encoder() -> None:
    icvf = _icvf()
    images = [torch.rand(2, 3, 1, 1, requires_grad=True) for _ in range(3)]
    icvf(*images).sum().backward()
    for image in images:
        assert image.grad is not None and bool((image.grad != 0).any())
    assert all(parameter.grad is not None for parameter in icvf.parameters())


def test_a_head_does_not_move_the_other() -> None:
    icvf = _icvf()
    icvf.value(*_features())[1].sum().backward()
    for name, parameter in icvf.named_parameters():
        if not name.startswith("encoder."):
            assert parameter.grad is not None and bool((parameter.grad[0] == 0).all()), name


def test_weights_begin_with_the_variances_of_the_public_code() -> None:
    torch.manual_seed(0)
    icvf = ICVF(Flat(), width=200)
    uniform = icvf.phi.layers[1].weight.detach().numpy()
    bound = np.sqrt(6 / 400)
    assert abs(uniform).max() <= bound and np.isclose(uniform.std(), bound / np.sqrt(3), rtol=0.02)
    assert np.isclose(icvf.a.weight.detach().numpy().std(), np.sqrt(1 / 200), rtol=0.02)


def test_dropout_is_repeatable_and_only_in_training() -> None:
    icvf, features = _icvf(dropout=0.5), _features()
    first, again, other = (icvf.value(*features, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    icvf.eval()
    assert torch.equal(icvf.value(*features), _icvf().eval().value(*features))


def test_an_unknown_form_is_named() -> None:
    with pytest.raises(ValueError, match="no ICVF of the form 'low-rank'; known: vector, matrix"):
        ICVF(Flat(), form="low-rank")
