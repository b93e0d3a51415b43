"""The papers' encoders are trained, kept and frozen by the loop itself, from files of the published layouts too."""

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import torch
from clips import video_options, write_clips
from runs import metrics, options
from torch import Tensor

from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.encoder_checkpoint import load_encoder_tensors
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.networks.pretrained import LAYOUTS
from vptr_policy.training.chain import train_policy
from vptr_policy.training.robot import RobotData
from vptr_policy.training.video import VideoRun

TINY: Dict[str, Any] = {"steps": 1, "batch": 2, "width": 24, "hidden": (16,), "target": (Path("target"),)}


@pytest.fixture(scope="module")
def vip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of VIP's pre-training of a ResNet-50, two updates of two clips."""
    home = tmp_path_factory.mktemp("video")
    clips = write_clips(home / "clips", 0)
    VideoRun(video_options(clips, home / "run", "vip", encoder="resnet-50", batch=2, side=64, width=24)).run()
    return home / "run"


def _statistics(tensors: Dict[str, Tensor]) -> Dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if "running_" in name}


def _published(source: str, path: Path) -> Dict[str, Tensor]:
    """A file of the layout that the authors published, with small random weights; returns these."""
    torch.manual_seed(0)
    weights = make_encoder(NetworkConfig(1, LAYOUTS[source].encoder)).state_dict()
    prefix = {"r3m": "module.convnet.", "mvp": ""}[source]
    torch.save({LAYOUTS[source].entry: {prefix + name: tensor for name, tensor in weights.items()}}, str(path))
    return weights


def test_pre_training_learns_the_statistics_of_its_batches(vip: Path) -> None:
    learned = _statistics(load_encoder_tensors(vip / "checkpoint"))
    fresh = make_encoder(NetworkConfig(1, "resnet-50")).state_dict()
    assert learned and not any(
        torch.equal(tensor, fresh[name.replace("encoder.", "", 1)]) for name, tensor in learned.items()
    )
    assert all(np.isfinite(line["loss"]) for line in metrics(vip))


@pytest.mark.parametrize("preset", ["vip-cql", "vip-frozen-cql"])
def test_robot_phases_keep_the_statistics_as_the_paper_does(
    vip: Path, data: RobotData, tmp_path: Path, preset: str
) -> None:
    """V-PTR D.3: CQL does not fine-tune stably where batch statistics move."""
    train_policy(options(tmp_path, preset, pretrained=vip, **TINY), data)
    before = load_encoder_tensors(vip / "checkpoint")
    after = load_checkpoint(tmp_path / "checkpoint")[0].encoder.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(tensor, after[name]) for name, tensor in _statistics(before).items())
    moved = [name for name in before if "running_" not in name and not torch.equal(before[name], after[name])]
    assert bool(moved) == (preset == "vip-cql")
    assert all(np.isfinite(line["loss"]) for line in metrics(tmp_path))


@pytest.mark.parametrize(("preset", "source"), [("r3m-bc", "r3m"), ("mvp-bc", "mvp")])
def test_cloning_begins_with_a_published_file(data: RobotData, tmp_path: Path, preset: str, source: str) -> None:
    given = _published(source, tmp_path / "model.pt")
    train_policy(options(tmp_path / "run", preset, pretrained=tmp_path / "model.pt", **TINY), data)
    actor, card = load_checkpoint(tmp_path / "run" / "checkpoint")
    assert card.network.encoder == LAYOUTS[source].encoder and card.network.pretrained.startswith(f"{source}: model.pt")
    same = [torch.equal(tensor, actor.encoder.state_dict()[name]) for name, tensor in given.items()]
    assert all(same) if preset == "mvp-bc" else not all(same), "MVP's is frozen, R3M's is not"
    assert all(np.isfinite(line["loss"]) for line in metrics(tmp_path / "run"))


@pytest.mark.parametrize("encoder", ["resnetv2-50", "resnet-34"])
def test_multi_task_cql_learns_with_the_encoders_of_v_ptr_and_ptr(
    data: RobotData, tmp_path: Path, encoder: str
) -> None:
    train_policy(options(tmp_path, "ptr", encoder=encoder, **TINY), data)
    assert load_checkpoint(tmp_path / "checkpoint")[1].network.encoder == encoder
    assert all(np.isfinite(line["loss"]) for line in metrics(tmp_path))
