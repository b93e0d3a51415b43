import json
import math
from pathlib import Path

import pytest

from eval_protocol.comparison import mcnemar, paired_interval
from vptr_cli.experiments import results
from vptr_cli.experiments.generalization import AXES, METHODS, SIZES, VARIANTS, Generalization, find_setting
from vptr_cli.experiments.summary import ratio, read_rows, table, write


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "identify", lambda policy: "now")
    return Generalization(tmp_path, find_setting("paper"), SIZES["small"])


def record(experiment, solved):
    """One line a condition; ``solved`` (method, axis, variant) -> how many of the 20 scenes, the first ones."""
    experiment.results.parent.mkdir(parents=True)
    with open(experiment.results, "w") as file:
        for method in METHODS:
            for axis in AXES:
                for variant in VARIANTS:
                    count = solved(method, axis, variant)
                    policy = str(experiment.policy(method, axis) / "checkpoint")
                    outcomes = [number < count for number in range(20)]
                    row = {"policy": policy, "variant": variant, "episodes": 20, "outcomes": outcomes}
                    file.write(json.dumps({**row, "seed": 300, "steps": 40, "checkpoint": "now"}))
                    file.write("\n")


def test_counts_and_tests_are_those_of_the_scenes(experiment):
    record(experiment, lambda method, axis, variant: {"v-ptr": 12, "ptr": 4, "bc": 12}[method])
    rows = read_rows(experiment)
    assert [(row.axis, row.variant) for row in rows] == [(axis, variant) for axis in AXES for variant in VARIANTS]
    found = rows[0].compared["v-ptr", "ptr"]
    assert (found.only_a, found.only_b) == (8, 0) and found.mcnemar_p == pytest.approx(mcnemar(8, 0))
    assert rows[0].compared["v-ptr", "bc"].mcnemar_p == 1.0
    assert (found.low, found.high) == paired_interval(4, 8, 0, 8)
    line = table(rows)[2]
    assert line.startswith("| targets | unseen | 12/20 [0.36, 0.81] | 4/20 [0.06, 0.44] | 12/20")
    assert "| V-PTR - PTR | V-PTR - BC | PTR - BC |" in table(rows)[0]
    adjusted = "p = 0.00781 (Holm 0.07)"  # nine differences of unseen kinds
    differences = line.split(" | ")[5:]
    assert differences[0].startswith("+0.40") and differences[2].startswith("-0.40")
    assert adjusted in differences[0] and adjusted in differences[2] and "p = 1 (Holm 1)" in differences[1]
    assert "Newcombe's paired intervals" in table(rows)[-1]


def test_the_ratio_to_ptr_has_an_interval_of_its_logarithm(experiment):
    record(experiment, lambda method, axis, variant: {"v-ptr": 12, "ptr": 4, "bc": 12}[method])
    found = ratio(read_rows(experiment)[0])
    half = 1.959964 * math.sqrt(1 / 12 - 1 / 20 + 1 / 4 - 1 / 20)
    assert found.ratio == pytest.approx(3.0)
    assert (found.low, found.high) == pytest.approx((3.0 * math.exp(-half), 3.0 * math.exp(half)))


@pytest.mark.parametrize("never", ["v-ptr", "ptr"])
def test_there_is_no_ratio_where_one_never_succeeded(experiment, tmp_path, never):
    record(experiment, lambda method, axis, variant: 0 if method == never else 7)
    rows = read_rows(experiment)
    assert ratio(rows[0]) is None
    write(experiment, tmp_path / "summary")
    assert json.loads((tmp_path / "summary" / "paper-seed0.json").read_text())["rows"][0]["v-ptr over ptr"] is None


def test_the_summary_is_written_in_four_forms(experiment, tmp_path):
    record(experiment, lambda method, axis, variant: 5)
    write(experiment, tmp_path / "summary")
    assert sorted(path.suffix for path in (tmp_path / "summary").iterdir()) == [".json", ".md", ".png", ".svg"]
    told = json.loads((tmp_path / "summary" / "paper-seed0.json").read_text())
    assert told["rows"][0]["differences"]["v-ptr - ptr"]["difference"] == 0.0
    assert told["rows"][0]["differences"]["v-ptr - ptr"]["interval"] == "paired"
    assert told["setting"]["target_share"] == 0.7


def test_no_results_are_no_summary(experiment):
    with pytest.raises(ValueError, match="no results of this setting"):
        read_rows(experiment)


def test_clips_of_ones_own_are_told_and_have_a_summary_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "identify", lambda policy: "now")
    given = Generalization(tmp_path, find_setting("paper"), SIZES["small"], video=Path("data/ego4d.v2"))
    record(given, lambda method, axis, variant: 5)
    write(given, tmp_path / "summary")
    told = json.loads((tmp_path / "summary" / "paper-of-ego4d.v2-seed0.json").read_text())
    assert told["video"] == str(Path("data/ego4d.v2").resolve())
