"""Which lines of a file of results count."""

import json
from pathlib import Path

import pytest

from vptr_cli.experiments import results

ASKED = {"policy": "runs/a", "variant": "train", "episodes": 10, "seed": 3, "steps": 40}


def read(path: Path):
    return results.read_results(path, [Path("runs/a"), Path("runs/b")], 10, 3, 40)


@pytest.mark.parametrize(
    "other", [{"episodes": 9}, {"seed": 4}, {"steps": 100}, {"policy": "runs/c"}, {"checkpoint": "before"}]
)
def test_lines_of_other_scenes_policies_or_weights_do_not_count(other, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "identify", lambda policy: "now")
    good = {**ASKED, "checkpoint": "now", "outcomes": [True] * 10}
    (tmp_path / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ({**good, **other}, good)))
    assert read(tmp_path / "all.jsonl") == [good]


def test_where_there_is_no_file_there_are_no_results(tmp_path):
    assert read(tmp_path / "all.jsonl") == []
