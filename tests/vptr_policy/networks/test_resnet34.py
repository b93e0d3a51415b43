"""PTR's ResNet-34: its map, its read-out, and flax's padding."""

import numpy as np
import torch
from scipy.signal import correlate
from torch import Tensor

from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.networks.resnet34 import BasicBlock, ResNet34


def test_a_picture_becomes_a_map_of_16_by_16_by_512_and_eight_readings_of_each_channel() -> None:
    torch.manual_seed(0)
    network = ResNet34().eval()
    maps = []
    network.blocks.register_forward_hook(lambda _module, _inputs, output: maps.append(output))
    with torch.inference_mode():
        features = network(torch.randint(0, 256, (1, 3, 128, 128), dtype=torch.uint8))
    assert maps[0].shape == (1, 512, 16, 16) and features.shape == (1, 4096)
    expected = np.einsum("cp,cpk->ck", maps[0][0].flatten(1).numpy(), network.embeddings.weight.detach().numpy())
    assert np.allclose(features[0].numpy(), expected.ravel(), atol=1e-4)


def _strided(inputs: Tensor, weight: Tensor, before: int, after: int) -> np.ndarray:
    padded = np.pad(inputs.numpy(), ((0, 0), (before, after), (before, after)))
    return correlate(padded, weight.detach().numpy(), mode="valid")[0][::2, ::2]


def test_stride_two_pads_the_far_end_as_flax_or_both_as_pytorch() -> None:
    torch.manual_seed(0)
    for symmetric, padding in ((False, (0, 1)), (True, (1, 1))):
        block = BasicBlock(3, 4, 2, symmetric)
        convolved = []
        block.conv1.register_forward_hook(lambda _module, _inputs, output, kept=convolved: kept.append(output))
        inputs = torch.randn(1, 3, 8, 8)
        assert block(inputs).shape == (1, 4, 4, 4)
        expected = _strided(inputs[0], block.conv1.weight[0], *padding)[:4, :4]
        assert np.allclose(convolved[0][0, 0].detach().numpy(), expected, atol=1e-5)


def test_the_padding_is_chosen_by_the_config() -> None:
    with torch.device("meta"):
        chosen = [make_encoder(NetworkConfig(1, "resnet-34", symmetric_padding=value)) for value in (False, True)]
    assert [encoder.symmetric for encoder in chosen] == [False, True]
