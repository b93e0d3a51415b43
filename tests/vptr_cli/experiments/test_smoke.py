"""The experiments run whole, at a size at which nothing is learned: every command and file is real.

Their parts are run in this process, which imports PyTorch once; test_parts.py runs parts as the processes they are.
"""

import json

import pytest

from vptr_cli.experiments import parts
from vptr_cli.main import main
from vptr_policy.checkpoint import load_checkpoint, load_critic


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setattr(parts, "_status", main)


def test_an_axis_of_the_generalization_from_its_data_to_its_figure(tmp_path, capsys):
    words = ["experiment", "generalization", "--smoke", "--out", str(tmp_path), "--part", "evaluate-paper-targets"]
    assert main(words) == 0
    folder = tmp_path / "smoke"
    told = json.loads((folder / "summary" / "paper-seed0.json").read_text())
    assert [(row["axis"], row["variant"]) for row in told["rows"]] == [("targets", "unseen"), ("targets", "train")]
    for row in told["rows"]:
        assert {name: rate["trials"] for name, rate in row["rates"].items()} == {"v-ptr": 1, "ptr": 1, "bc": 1}
    assert (folder / "summary" / "paper-seed0.png").stat().st_size > 10_000
    done, results = ((folder / name).read_text() for name in ("parts.jsonl", "results/paper-seed0.jsonl"))
    assert main(words) == 0
    again = (folder / "parts.jsonl").read_text()[len(done) :].splitlines()
    assert [json.loads(line)["part"] for line in again] == ["evaluate-paper-targets"]
    assert (folder / "results" / "paper-seed0.jsonl").read_text() == results, "no condition was run again"
    capsys.readouterr()
    assert main([*words[:-2], "--list"]) == 0
    rows = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    told = {name: state for name, state in rows if name.startswith("evaluate-")}
    expected = {"targets": "done", "containers": "open", "distractors": "open"}
    assert told == {f"evaluate-paper-{axis}": state for axis, state in expected.items()}


def test_the_shipped_policy_from_nothing(tmp_path):
    words = ["experiment", "shipped", "--smoke", "--out", str(tmp_path), "--seed", "3"]
    folder = tmp_path / "smoke"
    assert main([*words, "--part", "evaluate-v-ptr"]) == 0
    assert (folder / "policy" / "card.json").is_file() and not (folder / "runs" / "bc").exists()
    assert main(words) == 0
    assert "| colours | bc-failures |" in (folder / "summary.md").read_text()
    _actor, card = load_checkpoint(folder / "policy")
    assert load_critic(folder / "policy", card) is not None
    assert card.training["reproduced_by"] == "vptr experiment shipped --seed 3"
    assert card.metrics["rollout"]["episodes"] == 4 and card.metrics["rollout_colours"]["variant"] == "colours"
    assert {"knife_in_pot", "pear_in_bin"} <= set(card.tasks)
