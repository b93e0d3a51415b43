import json
import shlex
import sys
from pathlib import Path

import pytest

from vptr_cli.main import main
from vptr_cli.sweep import combinations, command, name_of, run_one, sweep


def test_every_combination_is_a_run():
    points = list(combinations(["alpha=0.1,5", "--seed=0,1"]))
    assert [name_of(point) for point in points] == [
        "alpha=0.1,seed=0", "alpha=0.1,seed=1", "alpha=5,seed=0", "alpha=5,seed=1",
    ]  # fmt: skip


@pytest.mark.parametrize("grid", [["alpha"], ["=1,2"], ["alpha=1,,2"], []])
def test_another_form_is_explained(grid):
    with pytest.raises(ValueError, match="expected OPTION=VALUE,VALUE"):
        combinations(grid)


def test_the_command_trains_the_preset_in_a_folder_of_its_own(tmp_path):
    words = command("bc", (("seed", "3"),), tmp_path, ["--data", "somewhere"], 1)
    assert words[:5] == [sys.executable, "-m", "vptr_cli", "train", "bc"]
    assert words[5:] == ["--data", "somewhere", "--seed", "3", "--out", str(tmp_path / "seed=3"), "--threads", "1"]


def test_an_unknown_preset_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'bc'"):
        sweep("bcc", ("seed=0",), tmp_path)


def test_a_failed_run_says_its_last_line(tmp_path):
    row = run_one(
        "seed=1", [sys.executable, "-c", "import sys; print('so'); sys.exit('no data here')"], tmp_path / "a.log"
    )
    assert row["status"] == 1 and "no data here" in row["outcome"]


def test_a_finished_run_gives_its_metrics(tmp_path):
    folder = tmp_path / "seed=1" / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps({"metrics": {"success": 0.5}}))
    row = run_one("seed=1", [sys.executable, "-c", "pass"], tmp_path / "seed=1.log")
    assert row["status"] == 0 and row["metrics"] == {"success": 0.5}


def test_without_an_evaluation_the_last_logged_figures_are_there_to_rank_by(tmp_path):
    folder = tmp_path / "alpha=0.1"
    (folder / "checkpoint").mkdir(parents=True)
    (folder / "checkpoint" / "card.json").write_text(json.dumps({"metrics": {"step": 6}}))
    (folder / "metrics.jsonl").write_text('{"step": 4, "loss": 2.0}\n{"step": 6, "loss": 1.5}\n')
    row = run_one("alpha=0.1", [sys.executable, "-c", "pass"], tmp_path / "alpha=0.1.log")
    assert row["metrics"] == {"step": 6, "loss": 1.5} and row["folder"] == str(folder)
    assert "1.5" in row["outcome"] and row["outcome"].endswith(f" in {folder}")


def test_a_run_whose_card_is_damaged_is_named_and_the_others_still_count(tmp_path):
    folder = tmp_path / "seed=1" / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text('{"metrics": {"succ')
    row = run_one("seed=1", [sys.executable, "-c", "pass"], tmp_path / "seed=1.log")
    assert row["status"] == 1 and "card.json is not JSON" in row["outcome"]
    assert row["outcome"].endswith(f"remove {tmp_path}/seed=1 and sweep again to train it anew")


DOCUMENTED = next(
    line
    for line in (Path(__file__).parents[2] / "docs" / "training.md").read_text().splitlines()
    if line.startswith("vptr sweep ")
)


def test_the_documented_line_trains_what_it_says(tmp_path):
    line = DOCUMENTED.replace("alpha=0.1,1,5,10", "alpha=0.1").replace("runs/alpha", str(tmp_path / "out"))
    words = shlex.split(line.replace("data/source", str(tmp_path / "data")))[1:]
    assert main([*words[:2], "--workers", "1", *words[2:]]) == 1, "there are no data"
    (row,) = json.loads((tmp_path / "out/summary.json").read_text())["runs"]
    assert row["run"] == "alpha=0.1"
    assert f"train ptr --data {tmp_path}/data --steps 10000 --alpha 0.1 --out {tmp_path}/out/" in row["command"]
    assert f"{tmp_path}/data" in row["outcome"], "it got as far as looking for the data"


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (["alpha=1,5,1"], "has alpha twice"),
        (["alpha=1", "--alpha=5"], "has alpha twice"),
        (["out=a,b"], "take another option"),
    ],
)
def test_two_runs_in_one_folder_are_refused(grid, message):
    with pytest.raises(ValueError, match=message):
        combinations(grid)
