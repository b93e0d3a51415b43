"""Published checkpoints: generated ones of the right names and shapes, wrong ones, and one that would run a program."""

import os
import pickle
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
import torch
from torch import Tensor, nn

from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.networks.pretrained import LAYOUTS, load_pretrained, read_published
from vptr_policy.networks.weights import WeightsError

SHAPES = {"vip": 1024, "r3m": 0, "mvp": 0}


def _encoder(source: str, **options: Any) -> nn.Module:
    """An encoder without random weights, which is quicker to make."""
    layout = LAYOUTS[source]
    with torch.device("meta"):
        encoder = make_encoder(NetworkConfig(1, layout.encoder, embedding=layout.embedding, **options))
    return encoder.to_empty(device="cpu")


def _constants(network: nn.Module) -> Dict[str, Tensor]:
    """For each tensor one of its shape filled with its own number, of a single element in the file."""
    named = enumerate(network.state_dict().items(), 1)
    return {name: torch.tensor(index, dtype=tensor.dtype).expand(tensor.shape) for index, (name, tensor) in named}


def _published(source: str, encoder: nn.Module) -> Dict[str, Any]:
    tensors = _constants(encoder)
    if source == "vip":
        tensors = {
            name.replace("encoder.", "module.convnet.").replace("projection.", "module.convnet.fc."): tensor
            for name, tensor in tensors.items()
        }
    if source == "r3m":
        tensors = {"module.convnet." + name: tensor for name, tensor in tensors.items()}
        for name in ("module.lang_enc.model.embeddings.word_embeddings.weight", "module.lang_rew.pred.0.weight"):
            tensors[name] = torch.zeros(2, 2)
    if source == "mvp":
        tensors.update({"mask_token": torch.zeros(1), "decoder_blocks.0.norm1.weight": torch.zeros(1)})
    return {LAYOUTS[source].entry: tensors, "global_step": 7}


@pytest.mark.parametrize("source", sorted(SHAPES))
def test_each_published_tensor_finds_its_place(source: str, tmp_path: Path) -> None:
    encoder = _encoder(source)
    expected = _constants(encoder)
    torch.save(_published(source, encoder), tmp_path / "model.pt")
    described = load_pretrained(encoder, source, tmp_path / "model.pt")
    assert described.startswith(f"{source}: model.pt, sha256 ")
    for name, tensor in encoder.state_dict().items():
        assert bool((tensor == expected[name].flatten()[:1]).all()), name


def test_vips_last_layer_is_left_out_where_it_is_not_wanted(tmp_path: Path) -> None:
    torch.save(_published("vip", _encoder("vip")), tmp_path / "model.pt")
    with torch.device("meta"):
        bare = make_encoder(NetworkConfig(1, "resnet-50"))
    bare = bare.to_empty(device="cpu")
    load_pretrained(bare, "vip", tmp_path / "model.pt")
    assert read_published("vip", tmp_path / "model.pt")["fc.weight"].shape == (1024, 2048)


def _drop(tensors: Dict[str, Tensor]) -> None:
    del tensors["module.convnet.bn1.running_var"]


def _reshape(tensors: Dict[str, Tensor]) -> None:
    tensors["module.convnet.conv1.weight"] = torch.zeros(64, 3, 3, 3)


def _rename(tensors: Dict[str, Tensor]) -> None:
    tensors["convnet.conv1.weight"] = tensors.pop("module.convnet.conv1.weight")


def _add(tensors: Dict[str, Tensor]) -> None:
    tensors["module.convnet.layer5.weight"] = torch.zeros(1)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_drop, "missing bn1.running_var"),
        (_reshape, r"conv1.weight is \(64, 3, 3, 3\), expected \(64, 3, 7, 7\)"),
        (_rename, r"unknown entry 'convnet.conv1.weight', expected tensors named module.convnet.\*"),
        (_add, "unknown layer5.weight"),
    ],
)
def test_what_does_not_fit_is_named(damage: Callable[[Dict[str, Tensor]], None], named: str, tmp_path: Path) -> None:
    encoder = _encoder("r3m")
    content = _published("r3m", encoder)
    damage(content["r3m"])
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(WeightsError, match=named):
        load_pretrained(encoder, "r3m", tmp_path / "model.pt")


def test_another_methods_file_is_told_by_its_entry(tmp_path: Path) -> None:
    torch.save({"vip": {"a": torch.zeros(1)}}, tmp_path / "model.pt")
    with pytest.raises(WeightsError, match=r"expected a dict of tensors under 'model' \(mvp\), found \['vip'\]"):
        read_published("mvp", tmp_path / "model.pt")


class Program:
    """What an attacker puts in a pickle: unpickling it makes a folder."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("bare", [False, True])
def test_a_file_that_would_run_a_program_is_refused(bare: bool, tmp_path: Path) -> None:
    path, marker = tmp_path / "model.pt", tmp_path / "marker"
    content = {"vip": {"module.convnet.conv1.weight": Program(marker)}}
    if bare:
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path)
    with pytest.raises(WeightsError, match="is refused: it holds more than tensors") as caught:
        load_pretrained(nn.Identity(), "vip", path)
    assert not marker.exists() and "weights_only" not in str(caught.value)
    if not bare:
        assert "it calls posix.mkdir" in str(caught.value)
    pickle.loads(pickle.dumps(Program(marker)))
    assert marker.is_dir(), "the file was harmless and the test proves nothing"


@pytest.mark.parametrize("content", [b"", b"hello" * 99, b"PK\x03\x04" + bytes(500)])
def test_a_file_that_is_no_checkpoint_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(WeightsError, match=r"model\.pt (is|cannot)"):
        read_published("vip", tmp_path / "model.pt")


def test_a_missing_file_and_an_unknown_source_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot be read \(No such file"):
        load_pretrained(nn.Identity(), "vip", tmp_path / "none.pt")
    with pytest.raises(WeightsError, match="'clip' are known; expected one of vip, r3m, mvp"):
        load_pretrained(nn.Identity(), "clip", tmp_path / "none.pt")
