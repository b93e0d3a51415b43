"""The experiments run whole, at a size at which nothing is learned: every command, process and file is real."""

import json

from vptr_cli.main import main
from vptr_policy.checkpoint import load_checkpoint, load_critic


def test_an_axis_of_the_generalization_from_its_data_to_its_figure(tmp_path):
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


def test_the_shipped_policy_from_nothing(tmp_path):
    assert main(["experiment", "shipped", "--smoke", "--out", str(tmp_path)]) == 0
    folder = tmp_path / "smoke"
    assert "| colours | bc |" in (folder / "summary.md").read_text()
    _actor, card = load_checkpoint(folder / "policy")
    assert load_critic(folder / "policy", card) is not None
    assert card.training["reproduced_by"] == "vptr experiment shipped"
    assert card.metrics["rollout"]["episodes"] == 4 and card.metrics["rollout_colours"]["variant"] == "colours"
    assert {"knife_in_pot", "pear_in_bin"} <= set(card.tasks)
