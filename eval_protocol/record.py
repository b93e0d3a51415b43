"""One attempt at one trial as reports and tables show it: what was planned, what happened, what was said of it."""

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval_protocol.commands import CommandLog
from eval_protocol.labels import SECOND, Judgement
from eval_protocol.motion import clipped, path_m, smoothness
from eval_protocol.plan import Plan, Trial, canonical_hash
from eval_protocol.reading import Policy, Reading
from eval_protocol.store import INTERRUPTED, LabelRow, StoreError, TrialRow

START_DIGITS = 16


class Logged(BaseModel):
    """What a session file holds of an episode; sessions of earlier versions lack some of it."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    duration_s: Optional[float] = None
    steps: Optional[int] = None
    ended: str = ""
    latencies_s: List[float] = Field(default_factory=list)
    intervals_s: List[float] = Field(default_factory=list)
    limits: Dict[str, int] = Field(default_factory=dict)
    limited: Optional[int] = None
    moved_m: List[float] = Field(default_factory=list)
    refused: int = 0
    milestones: List[str] = Field(default_factory=list)
    video: str = ""
    start: str = ""


@dataclass(frozen=True)
class Record:
    """An attempt. Times are UTC, ``start`` names what trials from the same start share, ``success`` counts corrections.

    ``first_success`` is the verdict as it was given; ``clipped`` the share of commands that a limit touched;
    ``rate_hz``, latencies and motion are None where they were not recorded. ``video`` and ``picture`` are paths
    relative to the session's folder, empty where the file is missing.
    """

    session: str
    id: str
    trial: int
    attempt: int
    label: str
    policy: str
    checkpoint: str
    task: str
    scenario: int
    start_pose: str
    placement: int
    where: str
    target: str
    distractors: Tuple[str, ...]
    start: str
    state: str
    success: Optional[bool]
    first_success: Optional[bool]
    reason: str
    stop: str
    milestones: Tuple[str, ...]
    failure: str
    note: str
    corrections: Tuple[Dict[str, Any], ...]
    second_labels: Tuple[Dict[str, Any], ...]
    started: str
    ended: str
    duration_s: Optional[float]
    steps: Optional[int]
    path_m: Optional[float]
    smoothness: Optional[float]
    clipped: Optional[float]
    limits: Dict[str, int]
    refused: int
    latency_p50_ms: Optional[float]
    latency_p95_ms: Optional[float]
    rate_hz: Optional[float]
    video: str
    picture: str
    latencies_s: Tuple[float, ...]
    intervals_s: Tuple[float, ...]
    time_limit_s: float

    @property
    def judged(self) -> bool:
        """Whether it has a verdict."""
        return self.state == "committed"

    def to_json(self) -> Dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)

    def brief(self) -> Dict[str, Any]:
        """The same without the figures of each single command."""
        return {name: value for name, value in self.to_json().items() if name not in ("latencies_s", "intervals_s")}


def records(reading: Reading) -> List[Record]:
    """Every attempt that has begun, by trial and attempt; raises StoreError where what is logged of one is damaged."""
    policies = {policy.label: policy for policy in reading.policies()}
    return [_record(reading, row, policies) for row in reading.rows if row.state != "planned"]


def _record(reading: Reading, row: TrialRow, policies: Dict[str, Policy]) -> Record:
    part, trial = reading.schedule.at(row.number)
    logged, policy = _logged(reading, row), policies[trial.label()]
    judgement = reading.judgements.get(row.id)
    return Record(
        session=reading.session.id,
        id=row.id,
        trial=row.number,
        attempt=row.attempt,
        label=policy.label,
        policy=policy.name,
        checkpoint=policy.checkpoint,
        task=part.task,
        scenario=part.scenario,
        start_pose=trial.start_pose,
        placement=trial.placement,
        where=trial.placement_words(),
        target=trial.target.name,
        distractors=tuple(one.name for one in trial.distractors),
        start=_start(part, trial),
        time_limit_s=part.time_limit_s,
        state=state(row),
        reason=row.reason,
        stop=logged.ended,
        started=utc(row.started_s),
        ended=utc(row.ended_s),
        video=_inside(reading.folder, logged.video),
        picture=_inside(reading.folder, logged.start),
        first_success=row.success,
        **_said(judgement, [one for one in reading.labels if one.trial == row.id]),
        **_figures(logged),
    )


def state(row: TrialRow) -> str:
    """committed, aborted, interrupted (the session ended during it) or running."""
    return "interrupted" if row.state == "aborted" and row.reason.startswith(INTERRUPTED) else row.state


def utc(seconds: Optional[float]) -> str:
    """Unix seconds as a date and time, empty for None."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _logged(reading: Reading, row: TrialRow) -> Logged:
    try:
        return Logged.model_validate(row.result)
    except ValidationError as error:
        first = error.errors()[0]
        raise StoreError(
            f"the session in {reading.folder} is damaged: trial {row.number} attempt {row.attempt}, "
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}; restore a copy"
        ) from error


def _figures(logged: Logged) -> Dict[str, Any]:
    log = CommandLog(logged.latencies_s, logged.intervals_s)
    rate_hz = log.rate_hz() or None
    return {
        "duration_s": logged.duration_s,
        "steps": logged.steps,
        "path_m": path_m(logged.moved_m),
        "smoothness": smoothness(logged.moved_m, rate_hz) if rate_hz else None,
        "clipped": clipped(logged.limited, logged.steps),
        "limits": logged.limits,
        "refused": logged.refused,
        "latency_p50_ms": 1e3 * log.latency_s(0.5) if log.latencies_s else None,
        "latency_p95_ms": 1e3 * log.latency_s(0.95) if log.latencies_s else None,
        "rate_hz": rate_hz,
        "latencies_s": tuple(logged.latencies_s),
        "intervals_s": tuple(logged.intervals_s),
    }


def _said(judgement: Optional[Judgement], labels: List[LabelRow]) -> Dict[str, Any]:
    """Success, milestones and remark as they count now, and who said otherwise before."""
    changes = judgement.corrections if judgement else []
    return {
        "success": judgement.success if judgement else None,
        "milestones": tuple(judgement.rubric.milestones) if judgement else (),
        "failure": judgement.rubric.failure if judgement else "",
        "note": judgement.rubric.note if judgement else "",
        "corrections": tuple(_label(one) for one in changes),
        "second_labels": tuple(_label(one) for one in labels if one.role == SECOND),
    }


def _label(label: LabelRow) -> Dict[str, Any]:
    return {
        "at": utc(label.stamp_s),
        "who": label.rater,
        "success": label.success,
        "reason": label.reason,
        **label.rubric,
    }


def _start(part: Plan, trial: Trial) -> str:
    """Names task, scene and start pose: trials with the same one are matched, in this session or in others."""
    scene = {
        "seed": part.seed,
        "task": part.task,
        "scenario": part.scenario,
        "number": trial.scene_number(),
        "pose": part.start_poses[trial.start_pose].model_dump(mode="json"),
        "things": [one.model_dump(mode="json") for one in (trial.target, trial.container, *trial.distractors)],
    }
    return canonical_hash(scene)[:START_DIGITS]


def _inside(folder: Path, name: str) -> str:
    """A file of the session by its relative path; empty where there is none, or it would lie elsewhere."""
    if not name:
        return ""
    home, path = folder.resolve(), (folder / name).resolve()
    return path.relative_to(home).as_posix() if home in path.parents and path.is_file() else ""
