"""`vptr train bc`, `vptr policy info` and `vptr policy replay` from shards to a film strip."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import cv2
import numpy as np
import pytest
import torch
from demonstrations import make

from robot_bridge.sim.shards import ShardWriter, Trajectory, shard_name, write_index
from tests.vptr_policy.data.robot.test_episodes import record
from vptr_cli.main import main
from vptr_policy.checkpoint import load_checkpoint


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with ShardWriter(folder / shard_name(0)) as shard:
        for number in range(3):
            shard.add(Trajectory(**vars(make(number))))
    tasks = {"knife_in_pot": {"trajectories": 3, "successes": 3, "steps": 15}}
    write_index(folder, {"shards": {shard_name(0): {}}, "tasks": tasks, "plan": {"seed": 0}})
    return folder


@pytest.fixture(scope="module")
def run_folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    threads = torch.get_num_threads()
    words = ["--data", str(data), "--out", str(out), "--steps", "3", "--batch", "4", "--width", "8", "--threads", "1"]
    assert main(["train", "bc", *words]) == 0
    torch.set_num_threads(threads)
    return out


def _printed(words: List[str], capsys: Any) -> str:
    assert main(words) == 0
    return str(capsys.readouterr().out)


def test_train_writes_a_policy_that_info_describes(data: Path, run_folder: Path, capsys: Any) -> None:
    text = _printed(["policy", "info", "--policy", str(run_folder / "checkpoint")], capsys)
    assert "knife_in_pot" in text and "M parameters" in text and "vptr train bc --data" in text
    assert _printed(["policy", "info", "--policy", str(run_folder)], capsys) == text, "its run means it too"
    text = _printed(["policy", "info", "--policy", str(run_folder / "checkpoint"), "--json"], capsys)
    card = json.loads(text)
    assert card["data"]["transitions"] == 15
    (source,) = card["data"]["sources"]
    assert source["folder"] == str(data) and source["shards"] == 1 and source["plan"] == {"seed": 0}


def test_replay_writes_a_film_strip(
    run_folder: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(3):
        cv2.imwrite(str(frames / f"im_{number}.jpg"), np.full((48, 64, 3), 80 * number, np.uint8))
    words = ["--frames", str(frames), "--policy", str(run_folder / "checkpoint")]
    monkeypatch.chdir(tmp_path)
    text = _printed(["policy", "replay", *words], capsys)
    assert "knife_in_pot (its main task, as no --task was given): 1 recording, 3 pictures" in text
    assert Path("runs", "replay", "frames", "film.png").is_file()
    text = _printed(["policy", "replay", *words, "--task", "knife_in_pot", "--out", "out"], capsys)
    assert text.startswith("knife_in_pot: 1 recording, 3 pictures")
    assert cv2.imread(str(tmp_path / "out" / "film.png")) is not None
    assert len(json.loads((tmp_path / "out" / "actions.json").read_text())["frames"]) == 3


def test_replay_tells_the_policy_what_an_episode_was_recorded_of(
    run_folder: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "one" / "episode-000000")
    record(tmp_path / "other" / "episode-000000", task="pear_in_bin")
    words = ["policy", "replay", "--policy", str(run_folder), "--frames"]
    text = _printed([*words, "one"], capsys)
    assert (
        text.startswith("knife_in_pot (as recorded): 1 recording, 4 pictures") and "from the recorded motions" in text
    )
    assert main([*words, "other"]) == 1
    said = capsys.readouterr().err
    assert "episode-000000: the policy knows no task 'pear_in_bin'" in said and "Say with --task" in said
    assert _printed([*words, "other", "--task", "knife_in_pot"], capsys).startswith("knife_in_pot: 1 recording")


def test_record_puts_a_rollout_into_the_card(run_folder: Path, tmp_path: Path, capsys: Any) -> None:
    folder, file = tmp_path / "checkpoint", tmp_path / "rollout.txt"
    shutil.copytree(str(run_folder / "checkpoint"), str(folder))
    row = {"policy": "p", "task": "knife_in_pot", "variant": "train", "episodes": 4, "successes": 3, "seed": 5}
    row.update(interval=[0.3, 0.95], steps=100, latency_s=0.08, seconds=1.0)
    total = {**row, "task": "all", "tasks": [row]}
    file.write_text("knife_in_pot (train): 3/4\n" + json.dumps(total) + "\n")
    _printed(["policy", "record", "--rollout", str(file), "--policy", str(folder)], capsys)
    metrics = load_checkpoint(folder)[1].metrics
    assert metrics["step"] == 3 and metrics["rollout"]["seed"] == 5
    assert metrics["rollout"]["tasks"]["knife_in_pot"] == {"successes": 3, "episodes": 4, "interval": [0.3, 0.95]}
    assert metrics["rollout"]["command"].startswith("vptr sim rollout --task knife_in_pot --variant train --episodes 4")
    file.write_text("[]\n")
    assert main(["policy", "record", "--rollout", str(file), "--policy", str(folder)]) == 1
    assert "expected the output of `vptr sim rollout --json`" in capsys.readouterr().err


def test_wrong_things_are_answered_in_one_line(run_folder: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(["train", "bc", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run")]) == 1
    assert "no shard-*.tar here; make some with `vptr sim generate" in capsys.readouterr().err
    assert main(["policy", "info", "--policy", str(tmp_path)]) == 1
    assert "no checkpoint at" in capsys.readouterr().err
    words = ["--frames", str(tmp_path), "--policy", str(run_folder / "checkpoint"), "--out", str(tmp_path / "out")]
    assert main(["policy", "replay", *words]) == 1
    assert "no pictures" in capsys.readouterr().err


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = ("torch", "mujoco", "cv2")
    code = f"import sys, vptr_cli.train, vptr_cli.policy; print([name for name in {heavy} if name in sys.modules])"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
