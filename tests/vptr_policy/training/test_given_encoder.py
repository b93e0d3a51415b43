"""Runs that begin with an encoder of another shape than the defaults: the config tells the shape that it has."""

import json
from pathlib import Path
from typing import Any, Dict

import pytest
import torch
from runs import options

from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.encoder_checkpoint import EncoderCard, save_encoder
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.encoders import make_encoder
from vptr_policy.training.chain import train_policy
from vptr_policy.training.robot import RobotData

SMALL = NetworkConfig(1, width=8)
DEFAULT = 24
"""The width where none is asked for."""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("video")
    torch.manual_seed(0)
    save_encoder(out / "checkpoint", {"encoder": make_encoder(SMALL)}, EncoderCard({"name": "icvf"}, SMALL))
    return out


def _options(out: Path, pretrained: Path, **changes: Any) -> Any:
    given = {"hidden": (16,), "pretrained": pretrained, "width": DEFAULT, "target": (Path("target"),)}
    return options(out, "ptr", **{**given, **changes})


def _config(run: Path) -> Dict[str, Any]:
    config: Dict[str, Any] = json.loads((run / "config.json").read_text())
    return config


def _as_before(run: Path) -> None:
    """Let a run's config tell the options, as it did before it told what the encoder has."""
    config = {**_config(run), "width": DEFAULT}
    for name in ("format", "embedding", "symmetric_padding"):
        del config[name]
    (run / "config.json").write_text(json.dumps(config))


def test_the_config_and_the_card_tell_the_encoder_that_is_there(
    data: RobotData, encoder: Path, tmp_path: Path, capsys: Any
) -> None:
    actor, card = load_checkpoint(train_policy(_options(tmp_path, encoder), data))
    told = _config(tmp_path)
    assert (told["encoder"], told["width"], told["embedding"], told["image_side"]) == ("convolutional", 8, 0, 0)
    assert card.training["options"]["width"] == actor.config.width == 8 and "--width" not in card.training["command"]
    assert f"{tmp_path}: as {encoder} has it: width 8 (not 24)" in capsys.readouterr().err
    train_policy(_options(tmp_path, encoder), data)
    train_policy(_options(tmp_path, encoder, width=8), data)
    assert _config(tmp_path) == told, "it resumes, also where the width is told"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 16}, "--width is 16, expected 8 as .* has it: leave --width out, or give another encoder"),
        ({"encoder": "resnet-34"}, "--encoder is resnet-34, expected convolutional as .* has it: leave --encoder out"),
    ],
)
def test_another_shape_is_refused(
    changes: Dict[str, Any], message: str, data: RobotData, encoder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        train_policy(_options(tmp_path, encoder, **changes), data)


def test_a_run_whose_config_told_the_options_goes_on_and_can_be_gone_on_from(
    data: RobotData, encoder: Path, tmp_path: Path
) -> None:
    phases = {"finetune_at": 4}
    before = tmp_path / "phase2"
    train_policy(_options(before, encoder, steps=4, **phases), data)
    _as_before(before)
    later = _options(tmp_path / "phase3", encoder, steps=6, start=before, **phases)
    start = load_checkpoint(train_policy(later, data))[1].training["start"]
    assert start["step"] == 4 and start["changed"] == {"steps": [4, 6]}
    train_policy(_options(before, encoder, steps=4, **phases), data)
    assert _config(before)["width"] == 8
