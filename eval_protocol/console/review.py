"""Past attempts with their videos: corrections, which stand beside their verdicts, and a second rater's labels."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List

from pydantic import Field, field_validator

from eval_protocol.labels import rate
from eval_protocol.plan import Trial
from eval_protocol.rubric import FAILURES, MILESTONES, Rubric
from eval_protocol.second_rater import left, result, warning
from eval_protocol.store import LabelRow, Store, StoreError, TrialRow
from eval_protocol.study import schedule_from_json
from eval_protocol.yaml_source import Strict


class Correction(Strict):
    """What somebody says a verdict should have been, and why."""

    attempt: str = Field(max_length=40)
    rater: str = Field(min_length=1, max_length=40)
    success: bool
    reason: str = Field(min_length=3, max_length=500)
    rubric: Rubric = Field(default_factory=Rubric)

    @field_validator("rater", "reason")
    @classmethod
    def _said(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("say who corrects, and why")
        return text.strip()


class Rating(Strict):
    """What a second rater says of a video."""

    attempt: str = Field(max_length=40)
    rater: str = Field(min_length=1, max_length=40)
    success: bool
    rubric: Rubric = Field(default_factory=Rubric)


def described(path: Path) -> Dict[str, Any]:
    """Every attempt that has begun, in the order of the trials, with all that was ever said of it."""
    store = Store(path, read_only=True)
    try:
        schedule = schedule_from_json(store.session().plan)
        labels = store.labels()
        rows = [row for row in store.trials() if row.state in ("committed", "aborted")]
    finally:
        store.close()
    attempts = [
        _attempt(row, schedule.at(row.number)[1], [one for one in labels if one.trial == row.id]) for row in rows
    ]
    return {
        "title": f"{path.parent.name}: {schedule.title()}",
        "attempts": attempts,
        "milestones": list(MILESTONES),
        "failures": list(FAILURES),
    }


def correct(path: Path, correction: Correction) -> None:
    """Log a correction; raises StoreError where there is no such verdict."""
    store = Store(path, exclusive=False)
    try:
        rows = [row for row in store.trials() if row.id == correction.attempt]
        if not rows:
            raise StoreError("there is no such attempt in this session")
        store.label(
            rows[0],
            correction.rater,
            "correction",
            correction.success,
            correction.rubric.to_json(),
            correction.reason,
        )
    finally:
        store.close()


def to_rate(path: Path, rater: str) -> Dict[str, Any]:
    """The next video for a second rater, without what was said of it before; with none left the agreement."""
    if not rater.strip():
        raise StoreError("say who you are: a second rating needs a name")
    store = Store(path, read_only=True)
    try:
        todo = left(store, rater.strip())
        if not todo:
            return {"left": 0, "result": result(store, rater.strip())}
        plan = schedule_from_json(store.session().plan).at(todo[0].trial)[0]
        doubt = warning(store, rater.strip())
    finally:
        store.close()
    return {
        "left": len(todo),
        "warning": doubt,
        "attempt": todo[0].id,
        "video": f"/session/{todo[0].video}",
        "task": todo[0].task,
        "success": plan.success,
        "milestones": list(MILESTONES),
        "failures": list(FAILURES),
    }


def rated(path: Path, rating: Rating) -> None:
    """Log a second rater's label; raises StoreError where there is no such video, or it was rated."""
    store = Store(path, exclusive=False)
    try:
        found = [one for one in left(store, rating.rater.strip()) if one.id == rating.attempt]
        if not found:
            raise StoreError("you have rated this video, or it is not of this session: load the page again")
        rate(store, found[0].trial, rating.rater, rating.success, rating.rubric)
    finally:
        store.close()


def _attempt(row: TrialRow, trial: Trial, labels: List[LabelRow]) -> Dict[str, Any]:
    history: List[Dict[str, Any]] = []
    if row.success is not None:
        history.append(_said(row.ended_s or 0.0, "verdict", row.reason, row.success, row.result.get("rubric", {}), ""))
    for one in [label for label in labels if label.role != "second"]:
        same = history and history[-1]["success"] == one.success
        role = "details" if same else one.role
        history.append(_said(one.stamp_s, role, one.rater, one.success, one.rubric, one.reason))
    return {
        "id": row.id,
        "number": row.number,
        "attempt": row.attempt,
        "policy": trial.label(),
        "start_pose": trial.start_pose,
        "placement": trial.placement_words(),
        "state": row.state,
        "success": history[-1]["success"] if history else None,
        "rubric": history[-1]["rubric"] if history else {},
        "reason": row.reason,
        "duration_s": row.result.get("duration_s"),
        "video": f"/session/{row.result['video']}" if row.result.get("video") else "",
        "history": history,
    }


def _said(stamp_s: float, role: str, who: str, success: bool, rubric: Dict[str, Any], why: str) -> Dict[str, Any]:
    at = datetime.fromtimestamp(stamp_s, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    return {"at": at, "role": role, "who": who, "success": success, "rubric": rubric, "why": why}
