"""Where an encoder's first weights come from."""

from pathlib import Path

import pytest
import torch

from vptr_policy.card import Card, CheckpointError
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.encoder_checkpoint import EncoderCard, load_encoder_tensors, save_encoder
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.networks.weights import WeightsError
from vptr_policy.training.initial import find_initial

SMALL = NetworkConfig(1, width=8)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    _save(tmp_path / "run" / "checkpoint")
    return tmp_path / "run"


def _save(folder: Path) -> Path:
    card = EncoderCard({"name": "icvf"}, SMALL, {"clips": 7}, {"command": "vptr train icvf"})
    save_encoder(folder, {"encoder": make_encoder(SMALL)}, card)
    return folder


def test_our_own_of_a_run_or_its_checkpoint(run: Path) -> None:
    for path in (run, run / "checkpoint"):
        initial = find_initial(path)
        network = initial.fit(NetworkConfig(4, "resnetv2-50", (16,), frozen=True))
        assert (network.encoder, network.width, network.hidden, network.frozen) == ("convolutional", 8, (16,), True)
        assert network.pretrained.startswith("icvf: ") and "sha256" in network.pretrained
        assert initial.made["data"] == {"clips": 7} and initial.made["training"] == {"command": "vptr train icvf"}
        encoder = Actor(network).encoder
        initial.load(encoder)
        torch.manual_seed(0)
        expected = make_encoder(SMALL).state_dict()
        assert all(torch.equal(tensor, expected[name]) for name, tensor in encoder.state_dict().items())


def test_that_of_an_earlier_policy(tmp_path: Path) -> None:
    actor = Actor(NetworkConfig(2, width=8))
    save_checkpoint(tmp_path / "policy", actor, Card({"name": "bc"}, actor.config, ("a", "b")))
    tensors = find_initial(tmp_path / "policy").tensors
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in actor.encoder.state_dict().items())


def test_a_published_file_tells_by_itself_whose_it_is(tmp_path: Path) -> None:
    weights = make_encoder(NetworkConfig(1, "resnet-50")).state_dict()
    published = {"module.convnet." + name: tensor for name, tensor in weights.items()}
    torch.save({"r3m": {**published, "module.lang_rew.x": torch.zeros(1)}}, str(tmp_path / "model.pt"))
    initial = find_initial(tmp_path / "model.pt")
    assert initial.described.startswith("r3m: model.pt, sha256")
    sides = {side: initial.fit(NetworkConfig(1, "resnet-50", image_side=side)).image_side for side in (0, 224)}
    assert sides == {0: 0, 224: 224}, "what the file says nothing of is as it was asked for"
    assert initial.fit(SMALL).encoder == "resnet-50" and torch.equal(
        initial.tensors["conv1.weight"], weights["conv1.weight"]
    )


def test_what_is_none_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file.pt").write_bytes(b"no checkpoint")
    with pytest.raises(WeightsError, match="none of the published checkpoints: "):
        find_initial(tmp_path / "file.pt")
    with pytest.raises(WeightsError, match="no encoder here, expected a run, a checkpoint or a file of VIP"):
        find_initial(tmp_path)
    weights = run / "checkpoint" / "encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="does not match its card"):
        find_initial(run)
    with pytest.raises(CheckpointError, match=r"files lists no critic\.safetensors; it lists encoder\.safetensors"):
        load_encoder_tensors(_save(run / "checkpoint"), "critic.safetensors")
