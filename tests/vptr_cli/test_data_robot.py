"""`vptr data` for robot demonstrations, from a source to shards, numbers and Bridge numpy and back."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "vptr_policy" / "data" / "robot"))
import bridge_fixture as fixture

from robot_bridge.sim.shards import read_folder
from vptr_cli.main import main


def vptr(*words: Any) -> int:
    return main(["data", *map(str, words)])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    for number in range(4):
        one = fixture.made_up(number, steps=3, cameras=1)
        one.language = f"say {number}"
        fixture.write(folder / "kitchen", "task", number, one, traj_ok=number != 2)
    return folder


@pytest.fixture
def raw(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(str(recorded), str(tmp_path / "raw"))
    return tmp_path / "raw"


def test_raw_in_numbers_out_and_back(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert vptr("import", raw, "--out", tmp_path / "shards", "--shard-size", 3) == 0
    assert "4 demonstrations of 1 tasks, 3 succeeded, 12 steps; 0 skipped" in capsys.readouterr().out
    assert vptr("info", tmp_path / "shards", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["trajectories"], found["successes"], found["texts"], found["shards"]) == (4, 3, 4, 2)
    assert vptr("export", tmp_path / "shards", "--format", "bridge-numpy", "--out", tmp_path / "numpy") == 0
    assert sorted(str(path.relative_to(tmp_path / "numpy")) for path in tmp_path.glob("numpy/**/out.npy")) == [
        "kitchen/task/train/out.npy",
        "kitchen/task/val/out.npy",
    ]
    assert vptr("import", tmp_path / "numpy", "--out", tmp_path / "again") == 0
    before = {item.action.tobytes(): item for item in read_folder(tmp_path / "shards") if item.info["success"]}
    after = list(read_folder(tmp_path / "again"))
    assert len(after) == len(before) == 3
    for item in after:
        assert np.array_equal(item.state, before[item.action.tobytes()].state)
        assert item.info["domain"] == "kitchen" and item.info["task"] == "task"


def test_each_format_is_recognised(raw: Path, tmp_path: Path) -> None:
    from vptr_cli.data import IMPORTS

    vptr("import", raw, "--out", tmp_path / "shards")
    vptr("export", tmp_path / "shards", "--format", "bridge-numpy", "--out", tmp_path / "numpy")
    (tmp_path / "episodes" / "one").mkdir(parents=True)
    (tmp_path / "episodes" / "one" / "steps.jsonl").write_text("")
    places = {"bridge-raw": raw, "bridge-numpy": "numpy", "episodes": "episodes", "shards": "shards"}
    for name, place in places.items():
        found: List[str] = [
            known for known, entry in IMPORTS.items() if entry.found_in and entry.found_in(tmp_path / place)
        ]
        assert found == [name]


def test_what_is_skipped_is_said(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    victim = next(raw.rglob("traj1"))
    (victim / "images0" / "im_2.jpg").unlink()
    assert vptr("import", raw, "--out", tmp_path / "shards") == 0
    said = capsys.readouterr()
    assert "3 demonstrations" in said.out and "1 skipped" in said.out
    assert "skipped kitchen/task/00" in said.err and "traj1: " in said.err and "im_2.jpg" in said.err


def test_a_malicious_pickle_is_refused_with_one_line(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    class Malicious:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'marker'}",)

    fixture._dump(next(raw.rglob("traj1")) / "obs_dict.pkl", Malicious())
    assert vptr("import", raw, "--out", tmp_path / "shards") == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "traj1/obs_dict.pkl: refused, nothing of it was run: this pickle wants posix.system" in last
    assert not (tmp_path / "marker").exists()


def test_names_in_the_data_do_not_lead_out_of_the_export(raw: Path, tmp_path: Path) -> None:
    from vptr_cli.data_export import folder_name

    assert [folder_name(name) for name in ("../x", "a/b", "", "..", "put it in")] == [
        "_x", "a_b", "_", "_", "put it in",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "{raw}", "--out", "{raw}"], "is the source: name another folder"),
        (["import", "{raw}", "--out", "x", "--shard-size", "0"], "expected at least 1"),
        (["import", "{raw}", "--out", "x", "--latency-shift", "maybe"], "expected auto, always or never"),
        (["export", "{raw}", "--format", "bridge-numpy", "--out", "x"], "neither shard-*.tar nor episodes"),
        (["export", "{raw}", "--format", "bridge-numpy", "--out", "x", "--train-share", "5"], "--train-share is 5.0,"),
        (
            ["export", "{raw}", "--format", "bridge-numpy", "--out", "x", "--train-share", "-1"],
            "--train-share is -1.0,",
        ),
        (["export", "{raw}", "--format", "bridge-numpy", "--out", "x", "--seed", "-1"], "--seed is -1,"),
        (["export", "{raw}", "--format", "bridge-nunpy", "--out", "x"], "Did you mean 'bridge-numpy'?"),
    ],
)
def test_wrong_options_are_answered(
    raw: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, words: List[str], said: str
) -> None:
    monkeypatch.chdir(raw.parent)
    assert vptr(*[word.format(raw=raw) for word in words]) == 1
    assert said in capsys.readouterr().err
