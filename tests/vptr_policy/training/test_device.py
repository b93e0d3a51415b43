"""Devices and precision, as far as they can be tried without a GPU."""

import pytest
import torch

from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.training.device import choose_device, in_bfloat16, prepare


def test_a_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for there, taken in ((True, torch.device("cuda", 1)), (False, torch.device("cpu"))):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert choose_device("auto", 1) == taken
        assert choose_device("cpu", 1) == torch.device("cpu")
    with pytest.raises(ValueError, match="--device is 'tpu', expected one of auto, cpu, cuda"):
        choose_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="torch sees no GPU here; take --device cpu"):
        choose_device("cuda")


def test_an_encoder_in_bfloat16_gives_about_the_same_floats() -> None:
    torch.manual_seed(0)
    encoder = make_encoder(NetworkConfig(1, width=8))
    images = torch.randint(0, 256, (2, 3, 128, 128))
    exact = encoder(images)
    rounded = in_bfloat16(encoder.forward, "cpu")(images)
    assert rounded.dtype == torch.float32 and not torch.equal(exact, rounded)
    assert torch.allclose(exact, rounded, atol=0.05)


def test_convolutions_are_prepared_for_channels_last_memory() -> None:
    encoder = make_encoder(NetworkConfig(1, width=8))
    prepare(encoder, torch.device("cpu"), True)
    weights = [module.weight for module in encoder.modules() if isinstance(module, torch.nn.Conv2d)]
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)
    assert encoder(torch.zeros(1, 3, 128, 128)).dtype == torch.float32
