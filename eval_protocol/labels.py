"""Labels after the verdict: corrections, whose old label stays in the log, and a second rater's."""

from dataclasses import dataclass
from typing import Dict, List, Sequence

from pydantic import ValidationError

from eval_protocol.agreement import Agreement, agreement
from eval_protocol.rubric import Rubric
from eval_protocol.store import LabelRow, Store, StoreError, TrialRow

CORRECTION, SECOND = "correction", "second"


@dataclass(frozen=True)
class Judgement:
    """What a trial counts as now: its verdict or the last label after it; ``corrections``: those that changed it.

    Corrections are ordered oldest first. A label that says the same again only adds to it how far the trial came, what
    went wrong or a remark.
    """

    success: bool
    rubric: Rubric
    corrections: List[LabelRow]


def correct(store: Store, number: int, who: str, success: bool, rubric: Rubric, reason: str) -> None:
    """Correct the label of a trial; the verdict and earlier corrections stay where they are."""
    if not reason.strip():
        raise StoreError("a correction needs a reason: what did you see?")
    store.label(_judged(store, number), _named(who), CORRECTION, success, rubric.to_json(), reason.strip())


def noted(store: Store, number: int) -> Rubric:
    """How far a judged trial came, what went wrong and the remark, as they count now."""
    return judgements(store)[_judged(store, number).id].rubric


def rate(store: Store, number: int, rater: str, success: bool, rubric: Rubric) -> None:
    """Log a second rater's label of a trial; each rater gives one."""
    store.label(_judged(store, number), _named(rater), SECOND, success, rubric.to_json())


def judgements(store: Store) -> Dict[str, Judgement]:
    """What each judged trial counts as now, by the UUID of its attempt."""
    changes: Dict[str, List[LabelRow]] = {}
    for label in store.labels():
        if label.role == CORRECTION:
            changes.setdefault(label.trial, []).append(label)
    return {row.id: _judgement(row, changes.get(row.id, [])) for row in store.trials() if row.state == "committed"}


def agreements(store: Store) -> Dict[str, Agreement]:
    """Each second rater's agreement with the verdicts as they were given first, blind to any correction."""
    first = {row.id: bool(row.success) for row in store.trials() if row.state == "committed"}
    second: Dict[str, List[LabelRow]] = {}
    for label in store.labels():
        if label.role == SECOND:
            second.setdefault(label.rater, []).append(label)
    return {
        rater: agreement([first[label.trial] for label in labels], [label.success for label in labels])
        for rater, labels in second.items()
    }


def rubric_of(milestones: Sequence[str], failure: str, note: str) -> Rubric:
    """A rubric of what somebody typed; raises ValueError saying what was expected."""
    try:
        return Rubric(milestones=list(milestones), failure=failure, note=note)
    except ValidationError as error:
        raise ValueError("; ".join(one["msg"].replace("Value error, ", "") for one in error.errors())) from error


def _judgement(row: TrialRow, changes: List[LabelRow]) -> Judgement:
    noted = row.result.get("rubric") or {"milestones": row.result.get("milestones", [])}
    success, corrections = bool(row.success), []
    for change in changes:
        if change.success != success:
            corrections.append(change)
        noted, success = change.rubric, change.success
    try:
        return Judgement(success, Rubric.model_validate(noted), corrections)
    except ValidationError as error:
        raise StoreError(
            f"the session file is damaged: what was noted of trial {row.number} attempt {row.attempt} is no rubric "
            f"({error.errors()[0]['msg']}); restore a copy"
        ) from error


def _judged(store: Store, number: int) -> TrialRow:
    rows = [row for row in store.trials() if row.number == number]
    judged = [row for row in rows if row.state == "committed"]
    if not judged:
        raise StoreError(f"trial {number} " + ("has no verdict yet" if rows else "is none of this session's"))
    return judged[0]


def _named(who: str) -> str:
    if not who.strip():
        raise StoreError("a label needs the name of who gives it")
    return who.strip()
