"""`vptr eval`: what is asked for is checked before anything is printed or done."""

from pathlib import Path

import pytest

from eval_protocol.plan import make_plan, plan_from_json
from eval_protocol.settings import DEFAULT_TASK
from vptr_cli.eval import json, plan


def test_a_plan_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert plan(seed=3, out=tmp_path / "plan.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(DEFAULT_TASK) and len([line for line in lines if line.startswith("trial ")]) == 12
    assert lines[-1] == f"written to {tmp_path / 'plan.json'}"
    assert plan_from_json(json.loads((tmp_path / "plan.json").read_text())) == make_plan(DEFAULT_TASK, 1, 3)


@pytest.mark.parametrize(("name", "why"), [("none/plan.json", "No such file"), (".", "Is a directory")])
def test_a_path_that_cannot_be_written_is_said_before_anything_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture, name: str, why: str
) -> None:
    assert plan(out=tmp_path / name) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"vptr eval plan: cannot write the plan to --out {tmp_path / name} ({why}")
    assert "expected the path of a file" in printed.err
