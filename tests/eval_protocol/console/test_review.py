"""Past attempts, and corrections that leave the verdict in the log."""

from pathlib import Path
from typing import Iterator

import pytest
from pydantic import ValidationError

from eval_protocol.console.progress import Progress, read_progress
from eval_protocol.console.review import Correction, Rating, correct, described, rated, to_rate
from eval_protocol.plan import make_plan
from eval_protocol.store import Store, StoreError
from tests.eval_protocol.studies import blind_study


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Store]:
    """A session that still runs: a success, an abort, its repeat under way."""
    plan = make_plan("cucumber_in_bowl")
    store = Store(tmp_path / "session.sqlite")
    store.create(plan.to_json(), plan.hash(), {}, len(plan.trials))
    first = store.next_trial()
    assert first is not None
    store.start(first)
    (tmp_path / "starts").mkdir()
    (tmp_path / "starts" / "one.jpg").write_bytes(b"picture")
    store.commit(first, True, "operator: no remark", {"video": "videos/one.mp4", "start": "starts/one.jpg"})
    second = store.next_trial()
    assert second is not None
    store.start(second)
    store.abort(second, "the arm was bumped", {"start": "starts/two.jpg"})
    again = store.next_trial()
    assert again is not None
    store.start(again)
    yield store
    store.close()


def test_a_correction_stands_beside_the_verdict_while_the_session_runs(running: Store, tmp_path: Path) -> None:
    path = tmp_path / "session.sqlite"
    before = described(path)
    assert [(one["number"], one["attempt"], one["success"]) for one in before["attempts"]] == [
        (1, 1, True),
        (2, 1, None),
    ]
    attempt = before["attempts"][0]["id"]
    correct(path, Correction(attempt=attempt, rater="Ann", success=False, reason="it lay on the rim"))
    after = described(path)["attempts"][0]
    assert after["success"] is False
    assert [(one["role"], one["who"], one["success"], one["why"]) for one in after["history"]] == [
        ("verdict", "operator: no remark", True, ""),
        ("correction", "Ann", False, "it lay on the rim"),
    ]
    assert running.trials()[0].success is True, "the verdict itself stays"
    with pytest.raises(StoreError, match="only verdicts have labels"):
        correct(path, Correction(attempt=before["attempts"][1]["id"], rater="Ann", success=True, reason="it was fine"))
    with pytest.raises(StoreError, match="no such attempt"):
        correct(path, Correction(attempt="nobody", rater="Ann", success=True, reason="it was fine"))
    with pytest.raises(StoreError, match="no session file"):
        correct(tmp_path / "none.sqlite", Correction(attempt=attempt, rater="Ann", success=True, reason="it was fine"))


@pytest.mark.parametrize("change", [{"rater": " "}, {"reason": "no"}, {"reason": "    "}, {"success": None}])
def test_who_corrects_says_who_and_why(change: dict) -> None:
    right = {"attempt": "x", "rater": "Ann", "success": True, "reason": "seen on video"}
    Correction(**right)
    with pytest.raises(ValidationError):
        Correction(**{**right, **change})


def test_progress_tells_attempts_and_the_picture_of_the_same_start(running: Store, tmp_path: Path) -> None:
    progress = read_progress(tmp_path / "session.sqlite")
    shown = progress.trials
    assert [(one["state"], one["attempts"]) for one in shown[:3]] == [("success", 1), ("running", 2), ("planned", 1)]
    first, second = progress.trial(1, tmp_path), progress.trial(2, tmp_path)
    assert first is not None and second is not None
    assert first["reference"] == "starts/one.jpg"
    assert second["reference"] == "" and second["attempt"] == 2, "its picture is not there"
    (tmp_path / "starts" / "two.jpg").write_bytes(b"picture")
    assert progress.reference(2, tmp_path) == "starts/two.jpg"
    assert progress.trial(0, tmp_path) is None and progress.trial(13, tmp_path) is None
    assert any("cucumber" in line for line in first["instructions"])


def test_a_second_rater_sees_a_video_without_its_verdict_and_rates_it_once(running: Store, tmp_path: Path) -> None:
    path = tmp_path / "session.sqlite"
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "one.mp4").write_bytes(b"video")
    asked = to_rate(path, "Bob")
    assert (asked["left"], asked["video"], asked["task"]) == (1, "/session/videos/one.mp4", "cucumber_in_bowl")
    assert "operator" not in str(asked) and asked["success"].startswith("the cucumber"), "the criterion, no verdict"
    rated(path, Rating(attempt=asked["attempt"], rater="Bob", success=False))
    assert to_rate(path, "Bob") == {"left": 0, "result": to_rate(path, "Bob")["result"]}
    assert "0% of 1 trials rated alike" in to_rate(path, "Bob")["result"]
    with pytest.raises(StoreError, match="you have rated this video"):
        rated(path, Rating(attempt=asked["attempt"], rater="Bob", success=True))
    assert to_rate(path, "Cem")["left"] == 1, "another rater has not"


def test_a_rater_without_a_name_is_refused(running: Store, tmp_path: Path) -> None:
    del running
    with pytest.raises(StoreError, match="needs a name"):
        to_rate(tmp_path / "session.sqlite", " ")


def test_a_study_is_shown_blind_and_of_a_large_one_nothing_is_made_twice(tmp_path: Path) -> None:
    tasks = ["knife_in_pot", "cucumber_in_bowl", "sweet_potato_on_plate", "croissant_out_of_colander"]
    study, _ = blind_study(tasks=tasks, scenarios=[1, 2])
    progress = Progress("large", study, [])
    assert progress.blind and not Progress("one", make_plan("knife_in_pot"), []).blind
    assert len(progress.trials) == 192 and progress.trial(192, tmp_path)
    assert progress.trials is progress.trials, "asked for with each picture: made once"
    assert study.trials is study.trials and study.at(192)[0] is study.at(181)[0]
