"""The network's entry in a card: old cards, new keys, and values that make no network."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from vptr_policy.card import Card, CheckpointError, read_card
from vptr_policy.networks.config import NetworkConfig


def _write(folder: Path, **network: Any) -> None:
    card = asdict(Card(algorithm={"name": "bc"}, network=NetworkConfig(tasks=2), tasks=("a", "b")))
    card["network"].update(network)
    (folder / "card.json").write_text(json.dumps(card))


def test_a_card_from_before_the_new_keys_is_read_with_their_defaults(tmp_path: Path) -> None:
    _write(tmp_path)
    card = json.loads((tmp_path / "card.json").read_text())
    card["network"] = {"tasks": 2, "encoder": "convolutional", "hidden": [256, 256], "width": 24}
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert read_card(tmp_path).network == NetworkConfig(tasks=2)


def test_every_key_comes_back(tmp_path: Path) -> None:
    config = NetworkConfig(
        2, "resnet-50", (8,), 8, frozen=True, batch_statistics=True, symmetric_padding=True, image_side=224,
        embedding=1024, bottleneck=64, dropout=0.1, critic_condition="task", critic_state=True,
        pretrained="vip: model.pt",
    )  # fmt: skip
    assert not [name for name, value in asdict(config).items() if value == asdict(NetworkConfig(1))[name]]
    _write(tmp_path, **asdict(config))
    assert read_card(tmp_path).network == config


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("frozen", 1, "true or false"),
        ("batch_statistics", "no", "true or false"),
        ("symmetric_padding", None, "true or false"),
        ("image_side", -1, "a whole number, 0 for pictures as they come"),
        ("image_side", 1.5, "a whole number"),
        ("embedding", False, "a whole number, 0 for none"),
        ("bottleneck", 10**9, "a whole number, 0 for none"),
        ("dropout", 1.0, "a number from 0 to less than 1"),
        ("critic_condition", "state", "one of task, pixels, task-pixels"),
        ("critic_condition", [], "one of task, pixels, task-pixels"),
        ("critic_state", "yes", "true or false"),
        ("pretrained", 3, "a text"),
        ("layers", 3, "of the keys"),
    ],
)
def test_what_makes_no_network_is_named(key: str, value: Any, expected: str, tmp_path: Path) -> None:
    _write(tmp_path, **{key: value})
    with pytest.raises(CheckpointError, match=f"{key}.*{expected}"):
        read_card(tmp_path)
