"""Checkpoints: complete or absent, and nothing damaged gets through."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
import torch
from safetensors.torch import load_file, save_file

from eval_protocol.provenance import checkpoint_hash
from vptr_policy.card import CARD, Card, CheckpointError
from vptr_policy.checkpoint import WEIGHTS, digest, load_checkpoint, record_metrics, save_checkpoint
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.policy import load_policy
from vptr_policy.weights import fingerprint

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
    _edit_card(folder, lambda card: card.update(files={WEIGHTS: fingerprint(folder / WEIGHTS)}))


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
    _edit_card(folder, lambda card: card.update(files={WEIGHTS: fingerprint(folder / WEIGHTS)}))
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda card: card.update(format="other"), "expected format 'vptr-policy-1', found 'other'"),
        (lambda card: card.update(colour=1), r"unknown keys \['colour'\]"),
        (lambda card: card.pop("network"), "network is None, expected an entry"),
        (lambda card: card["network"].update(depth=3), "network is .*'depth'.*, expected of the keys"),
        (lambda card: card["network"].pop("tasks"), "expected of the keys"),
        (lambda card: card.update(network=[]), r"network is \[\], expected an object"),
        (lambda card: card.update(files=[]), r"files is \[\], expected an object"),
        (lambda card: card["files"].update({"../x": {}}), "files is '../x', expected names of files beside"),
        (lambda card: card["files"].update({"actor.safetensors": "abc"}), "files.actor.safetensors is 'abc', expected"),
        (lambda card: card.update(actions=[]), r"actions is \[\], expected an object"),
        (lambda card: card.update(actions=None), "actions is None, expected an object"),
        (lambda card: card.update(preprocessing=3), "preprocessing is 3, expected an object"),
        (lambda card: card["network"].update(width="a"), "network.width is 'a', expected a multiple of 8"),
        (lambda card: card["network"].update(width=20), "network.width is 20, expected a multiple of 8"),
        (lambda card: card["network"].update(hidden=[-1]), r"network.hidden is \[-1\], expected a list of whole"),
        (lambda card: card["network"].update(hidden=256), "network.hidden is 256, expected a list of whole"),
        (lambda card: card["network"].update(hidden=[10**12]), "network.hidden is "),
        (lambda card: card["network"].update(tasks=True), "network.tasks is True, expected a whole number"),
        (lambda card: card.update(tasks=[1, 2, 3, 4]), r"tasks is \[1, 2, 3, 4\], expected a list of different names"),
        (lambda card: card.update(tasks={"a": 1}), "tasks is .*, expected a list of different names"),
        (lambda card: card["network"].update(encoder="resnetv2"), "did you mean 'resnetv2-50'"),
        (lambda card: card["network"].update(encoder=[1]), r"network.encoder is \[1\], expected one of"),
        (lambda card: card.update(gripper=[]), r"gripper is \[\], expected binary or continuous"),
        (lambda card: card.update(tasks=["one"]), "1 task names for a network of 2 tasks"),
        (lambda card: card["actions"]["high"].__setitem__(0, 1.0), r"actions.high is \[1.0"),
        (lambda card: card["preprocessing"].update(image_size=64), "prepared as"),
        (lambda card: card.update(gripper="maybe"), "gripper is 'maybe'"),
        (lambda card: card["files"].clear(), "files lists no actor.safetensors"),
    ],
)
def test_a_card_that_does_not_fit_is_explained(folder: Path, edit: Callable[..., Any], message: str) -> None:
    _edit_card(folder, edit)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"[]", b"null", b"[" * 100000, b"\xff\xfe", b""])
def test_a_card_of_rubbish_is_explained(folder: Path, content: bytes) -> None:
    (folder / CARD).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"expected format|is not JSON"):
        load_checkpoint(folder)


def test_folders_in_place_of_files_are_explained(folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*actor.safetensors: card.json is missing"):
        load_checkpoint(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).mkdir()
    with pytest.raises(CheckpointError, match=r"missing, or no file"):
        load_checkpoint(folder)
    (folder / CARD).unlink()
    (folder / CARD).mkdir()
    with pytest.raises(CheckpointError, match=r"card.json cannot be read \(Is a directory\): expected a file; copy"):
        load_checkpoint(folder)


def test_the_digest_is_the_one_that_sessions_record(folder: Path) -> None:
    (folder / "notes.txt").write_text("not a part of it")
    before = digest(folder, load_checkpoint(folder)[1])
    assert before == checkpoint_hash(folder) and load_policy(folder).checkpoint == before
    _edit_card(folder, lambda card: card["metrics"].update(success=0.8))
    assert digest(folder, load_checkpoint(folder)[1]) == checkpoint_hash(folder)


def test_metrics_are_recorded_beside_what_stood_there(folder: Path) -> None:
    weights = (folder / WEIGHTS).read_bytes()
    before = load_checkpoint(folder)[1]
    record_metrics(folder, {"rollout": {"episodes": 3}})
    assert load_checkpoint(folder)[1] == replace(before, metrics={"success": 0.9, "rollout": {"episodes": 3}})
    assert (folder / WEIGHTS).read_bytes() == weights
    assert sorted(path.name for path in folder.iterdir()) == [WEIGHTS, CARD], "it left something behind"


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
