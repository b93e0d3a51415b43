"""`vptr eval`: what is asked for is checked before anything is printed or done."""

from fnmatch import fnmatch
from pathlib import Path

import pytest

from eval_protocol.plan import make_plan, plan_from_json
from eval_protocol.settings import DEFAULT_TASK
from eval_protocol.study import schedule_from_json
from tests.eval_protocol.checkpoints import checkpoint
from tests.vptr_cli.test_main import REPOSITORY
from vptr_cli.checkpoints import shipped_policy
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


def test_several_policies_are_laid_out_blind(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    names = [f"{name}={checkpoint(tmp_path / name)}" for name in ("ours", "base")]
    assert plan(("knife_in_pot",), policy=tuple(names), base_rate=0.25, out=tmp_path / "plan.json") == 0
    out = capsys.readouterr().out
    assert "**Primary comparison:** ours against base" in out and "12 of each policy" in out
    trials = [line for line in out.splitlines() if line.startswith("trial ")]
    assert len(trials) == 24 and all("policy A" in line or "policy B" in line for line in trials)
    assert not any("ours" in line or "base" in line for line in trials)
    study = schedule_from_json(json.loads((tmp_path / "plan.json").read_text()))
    assert len(study.trials) == 24 and (tmp_path / "plan.key.json").is_file() and (tmp_path / "plan.md").is_file()
    assert plan(("knife_in_pot",), policy=tuple(names), out=tmp_path / "plan.json") == 1
    assert "holds a key already" in capsys.readouterr().err


def test_policies_are_named_by_runs_and_by_shipped(tmp_path: Path) -> None:
    checkpoint(tmp_path / "runs" / "bc" / "checkpoint")
    named = (str(tmp_path / "runs" / "bc" / "checkpoint"), "ours=shipped", f"run={tmp_path / 'runs' / 'bc'}")
    assert plan(("knife_in_pot",), policy=named, out=tmp_path / "plan.json") == 0
    policies = json.loads((tmp_path / "plan.key.json").read_text())["policies"].values()
    folders = {policy["name"]: policy["folder"] for policy in policies}
    ours = str(shipped_policy().resolve())
    assert folders == {"bc": named[0], "ours": ours, "run": named[0]}


def test_a_key_beside_its_plan_is_never_committed() -> None:
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()
    assert any(fnmatch("knife.key.json", pattern) for pattern in ignored)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"task": ("knife_in_pot", "cucumber_in_bowl")}, "name the policies (--policy) for more"),
        ({"task": ("knife_in_pan",)}, "Did you mean 'knife_in_pot'"),
        ({"policy": ("a=/x", "a=/y")}, "--policy has 'a' twice"),
        ({"policy": ("a=/x", "b=/y")}, "no checkpoint at /x"),
    ],
)
def test_what_cannot_be_planned_is_said(options: dict, why: str, capsys: pytest.CaptureFixture) -> None:
    assert plan(**options) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and why in printed.err


def test_a_study_file_is_read_with_line_numbers(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "study.yaml").write_text("policies: {a: x, b: y}\ntasks: []\n")
    assert plan(study=tmp_path / "study.yaml") == 1
    assert f"{tmp_path / 'study.yaml'}:2: tasks: List should have at least 1 item" in capsys.readouterr().err
