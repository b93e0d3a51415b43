"""Checkpoints: complete or absent, and nothing damaged gets through."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
import torch
from safetensors.torch import load_file, save_file

from vptr_policy.checkpoint import CARD, WEIGHTS, Card, CheckpointError, _fingerprint, load_checkpoint, save_checkpoint
from vptr_policy.networks.actor import Actor, NetworkConfig

TASKS = ("knife_in_pot", "cucumber_in_bowl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    actor = Actor(NetworkConfig(tasks=2))
    save_checkpoint(tmp_path / "a", actor, Card({"name": "bc"}, actor.config, TASKS, metrics={"success": 0.9}))
    return tmp_path / "a"


def _edit_card(folder: Path, edit: Callable[[Dict[str, Any]], Any]) -> None:
    card = json.loads((folder / CARD).read_text())
    edit(card)
    (folder / CARD).write_text(json.dumps(card))


def _replace_weights(folder: Path, weights: Dict[str, torch.Tensor]) -> None:
    save_file(weights, str(folder / WEIGHTS))
    _edit_card(folder, lambda card: card.update(files={WEIGHTS: _fingerprint(folder / WEIGHTS)}))


def test_there_and_back(folder: Path) -> None:
    torch.manual_seed(0)
    expected = Actor(NetworkConfig(tasks=2)).state_dict()
    actor, card = load_checkpoint(folder)
    assert not actor.training
    assert all(torch.equal(tensor, expected[name]) for name, tensor in actor.state_dict().items())
    assert card.tasks == TASKS and card.metrics == {"success": 0.9} and card.network == NetworkConfig(tasks=2)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["a"], "it left something behind"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 4e6


def test_saving_replaces_what_stood_there(folder: Path) -> None:
    actor = Actor(NetworkConfig(tasks=1))
    save_checkpoint(folder, actor, Card({"name": "bc"}, actor.config, ("one",)))
    assert load_checkpoint(folder)[1].tasks == ("one",)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["a"]


def test_one_changed_bit_is_noticed(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-100] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"does not match its card: expected .* copy the whole checkpoint"):
        load_checkpoint(folder)


def test_a_cut_or_missing_file_is_noticed(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-7])
    with pytest.raises(CheckpointError, match="does not match its card"):
        load_checkpoint(folder)
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match=r"is listed in the card but missing"):
        load_checkpoint(folder)
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*nowhere: card.json is missing"):
        load_checkpoint(folder / "nowhere")


def test_other_tensors_are_named(folder: Path) -> None:
    weights = load_file(str(folder / WEIGHTS))
    bias = weights.pop("head.output.bias")
    _replace_weights(folder, {**weights, "head.extra": bias})
    with pytest.raises(CheckpointError, match=r"unknown tensor head.extra; missing tensor head.output.bias"):
        load_checkpoint(folder)
    _replace_weights(folder, {**weights, "head.output.bias": bias[:3]})
    with pytest.raises(
        CheckpointError, match=r"head.output.bias is torch.float32 \(3,\), expected torch.float32 \(14,\)"
    ):
        load_checkpoint(folder)
    _replace_weights(folder, {**weights, "head.output.bias": bias * float("nan")})
    with pytest.raises(CheckpointError, match=r"head.output.bias has values that are not finite"):
        load_checkpoint(folder)


def test_a_file_that_is_no_safetensors_is_not_unpickled(folder: Path) -> None:
    torch.save(load_checkpoint(folder)[0].state_dict(), str(folder / WEIGHTS))
    _edit_card(folder, lambda card: card.update(files={WEIGHTS: _fingerprint(folder / WEIGHTS)}))
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda card: card.update(format="other"), "expected format 'vptr-policy-1', found 'other'"),
        (lambda card: card.update(colour=1), r"unknown keys \['colour'\]"),
        (lambda card: card.pop("network"), "incomplete or malformed"),
        (lambda card: card["network"].update(depth=3), "incomplete or malformed"),
        (lambda card: card.update(tasks=["one"]), "1 task names for a network of 2 tasks"),
        (lambda card: card["actions"]["high"].__setitem__(0, 1.0), r"actions.high is \[1.0"),
        (lambda card: card["preprocessing"].update(image_size=64), "prepared as"),
        (lambda card: card.update(gripper="maybe"), "gripper is 'maybe'"),
        (lambda card: card["files"].clear(), "lists no actor.safetensors"),
    ],
)
def test_a_card_that_does_not_fit_is_explained(folder: Path, edit: Callable[..., Any], message: str) -> None:
    _edit_card(folder, edit)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(folder)


def test_a_card_that_is_no_json_is_explained(folder: Path) -> None:
    (folder / CARD).write_text("{")
    with pytest.raises(CheckpointError, match="is not JSON"):
        load_checkpoint(folder)


SAVE_FOREVER = """
import sys, torch
from pathlib import Path
from vptr_policy.checkpoint import Card, save_checkpoint
from vptr_policy.networks.actor import Actor, NetworkConfig
actor = Actor(NetworkConfig(tasks=1))
number = 0
while True:
    number += 1
    save_checkpoint(Path(sys.argv[1]) / f"step-{number}", actor, Card({"name": "bc"}, actor.config, ("one",)))
    print(number, flush=True)
"""


def test_killed_at_any_moment_each_checkpoint_is_whole_or_absent(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SAVE_FOREVER, str(tmp_path)], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.13)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    whole = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert whole
    for path in whole:
        load_checkpoint(path)
