"""`vptr eval report`, `compare`, `unseal`, `correct` and `rate`, as they are typed."""

import io
import json
from pathlib import Path

import pytest

from tests.eval_protocol.studies import single_session, study_session
from vptr_cli.main import main


def ours(name: str, number: int) -> bool:
    return name == "ours"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    study_session(tmp_path / "s", ours)
    return tmp_path / "s"


def test_a_study_is_reported_opened_and_reported_again(study: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["eval", "report", str(study)]) == 0
    out = capsys.readouterr().out
    assert "policy A" in out and "policy B" in out and "The names are sealed" in out
    assert main(["eval", "unseal", str(study), "--key", str(study / "key.json"), "--who", "lea"]) == 0
    assert "is ours (sha256 of ours)" in capsys.readouterr().out
    assert main(["eval", "report", str(study), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["answer"]["primary"]["verdict"] == "better" and value["trials"] == 24
    assert Path(value["report"]).name == "report.html"
    assert main(["eval", "unseal", str(study), "--key", str(study / "key.json"), "--who", "bob"]) == 0
    assert "opened before, by lea" in capsys.readouterr().out


def test_opening_too_early_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    study_session(tmp_path / "s", ours, trials=3)
    line = ["eval", "unseal", str(tmp_path / "s"), "--key", str(tmp_path / "s" / "key.json"), "--who", "lea"]
    assert main(line) == 1
    assert "3 of 24 trials are judged" in capsys.readouterr().err
    assert main([*line, "--break-blinding", "the arm broke"]) == 0
    assert main(["eval", "report", str(tmp_path / "s")]) == 0
    assert "did not go as was declared" in capsys.readouterr().out


def test_a_verdict_is_corrected(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    single_session(tmp_path / "s", lambda *_: False, trials=3)
    line = ["eval", "correct", str(tmp_path / "s"), "--trial", "2", "--who", "bob", "--verdict", "success"]
    assert main([*line, "--reason", "it lay in the pot", "--milestones", "reach", "grasp", "transport", "place"]) == 0
    assert capsys.readouterr().out == "trial 2 is now a success, says bob; the old label stays in the log\n"
    assert main(["eval", "report", str(tmp_path / "s"), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["successes"], value["trials"]) == (1, 3)
    assert [(one["was"], one["success"], one["who"]) for one in value["corrections"]] == [(False, True, "bob")]
    assert main([*line, "--reason", "why", "--milestones", "fly"]) == 1
    assert "no milestone 'fly': expected some of reach" in capsys.readouterr().err


def test_a_second_rater_types_and_may_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    single_session(tmp_path / "s", lambda *_: True, trials=3, video=True)
    monkeypatch.setattr("sys.stdin", io.StringIO("s\n"))
    assert main(["eval", "rate", str(tmp_path / "s"), "--rater", "bob"]) == 0
    assert "what was rated is kept" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("s\nf\n2\n3\n"))
    assert main(["eval", "rate", str(tmp_path / "s"), "--rater", "bob"]) == 0
    assert "all rated: 67% of 3 trials rated alike" in capsys.readouterr().out
    assert main(["eval", "report", str(tmp_path / "s")]) == 0
    assert "second rater bob: 67% of 3 trials" in capsys.readouterr().out


def test_sessions_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for name in ("ours", "base"):
        single_session(tmp_path / name, ours, name)
    folders = [str(tmp_path / name) for name in ("ours", "base")]
    assert main(["eval", "compare", *folders, "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "ours is better than base" in out and "not declared before" in out
    assert out.splitlines()[-1] == f"report: {tmp_path / 'out' / 'comparison.html'}"
    assert main(["eval", "compare", *folders, "--out", str(tmp_path / "out"), "--first", "base", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparisons"][0]["verdict"] == "worse"


@pytest.mark.parametrize("command", ["report", "compare", "correct", "rate", "unseal"])
def test_a_session_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture, command: str) -> None:
    more = {
        "correct": ["--trial", "1", "--who", "a", "--verdict", "success", "--reason", "seen"],
        "rate": ["--rater", "a"],
        "unseal": ["--key", str(tmp_path / "key.json"), "--who", "a"],
    }
    assert main(["eval", command, str(tmp_path / "none"), *more.get(command, [])]) == 1
    assert f"vptr eval {command}: no session file at {tmp_path / 'none'}" in capsys.readouterr().err


def test_what_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    single_session(tmp_path / "s", ours, trials=1)
    (tmp_path / "file").write_text("")
    assert main(["eval", "compare", str(tmp_path / "s"), "--out", str(tmp_path / "file" / "x")]) == 1
    assert "vptr eval compare: " in capsys.readouterr().err
