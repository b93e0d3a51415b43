"""What the console reads of a session's file: the trials, how they went, what a picture of their start looks like."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from eval_protocol.labels import Judgement, judgements
from eval_protocol.plan import Plan, Trial, instructions
from eval_protocol.store import Store, TrialRow
from eval_protocol.study import Schedule, Study, schedule_from_json

NAME = re.compile(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*\.(mp4|jpg)")
"""Files that the page may ask for."""


@dataclass(frozen=True)
class Progress:
    """The plan of a session and its attempts so far."""

    title: str
    schedule: Schedule
    rows: Sequence[TrialRow]
    judged: Dict[str, Judgement] = field(default_factory=dict)

    @cached_property
    def last(self) -> Optional[Dict[str, Any]]:
        """The verdict given last, as it counts now, None before the first."""
        rows = [row for row in self.rows if row.id in self.judged]
        if not rows:
            return None
        row = max(rows, key=lambda one: one.ended_s or 0.0)
        now = self.judged[row.id]
        return {"id": row.id, "number": row.number, "success": now.success, **now.rubric.to_json()}

    @property
    def blind(self) -> bool:
        """Whether who judges must not learn which policy acts: only some of them tell a value."""
        return isinstance(self.schedule, Study)

    def at(self, number: int) -> Tuple[Plan, Trial]:
        """The plan and the trial of a number."""
        return self.schedule.at(number)

    @cached_property
    def trials(self) -> List[Dict[str, Any]]:
        """Each planned trial: number, start pose, label of its policy, state of its last attempt, attempts."""
        found: List[Dict[str, Any]] = []
        attempts: Dict[int, List[TrialRow]] = {}
        for row in self.rows:
            attempts.setdefault(row.number, []).append(row)
        for trial in self.schedule.trials:
            own = attempts.get(trial.number, [])
            found.append(
                {
                    "number": trial.number,
                    "start_pose": trial.start_pose,
                    "policy": trial.label(),
                    "state": _how(own[-1]) if own else "planned",
                    "attempts": max(1, sum(row.state != "planned" for row in own)),
                }
            )
        return found

    def trial(self, number: int, folder: Path) -> Optional[Dict[str, Any]]:
        """What is shown of the trial of a number: what goes where, how success is told, a picture of that start."""
        if not 1 <= number <= len(self.schedule.trials):
            return None
        plan, trial = self.schedule.at(number)
        attempts = [row for row in self.rows if row.number == number and row.state != "planned"]
        return {
            "number": number,
            "attempt": max(1, len(attempts)),
            "policy": trial.label(),
            "task": plan.task,
            "success": plan.success,
            "instructions": instructions(plan, trial),
            "reference": self.reference(number, folder),
        }

    def reference(self, number: int, folder: Path) -> str:
        """The newest picture of an attempt that began from the same start, empty where there is none."""
        wanted = self._starts[number - 1]
        for row in reversed(self.rows):
            name = row.result.get("start", "")
            if name and self._starts[row.number - 1] == wanted and (folder / name).is_file():
                return str(name)
        return ""

    @cached_property
    def _starts(self) -> List[Any]:
        """What trials of the same start have in common, of each trial."""
        return [_start(self.schedule, trial.number) for trial in self.schedule.trials]


def read_progress(path: Path) -> Progress:
    """Read a session file as it is now; raises StoreError, or PlanError where its plan is of another version."""
    store = Store(path, read_only=True)
    try:
        session = store.session()
        schedule = schedule_from_json(session.plan)
        return Progress(f"{path.parent.name}: {schedule.title()}", schedule, store.trials(), judgements(store))
    finally:
        store.close()


def _how(row: TrialRow) -> str:
    if row.state == "committed":
        return "success" if row.success else "failure"
    return row.state


def _start(schedule: Schedule, number: int) -> Any:
    plan, trial = schedule.at(number)
    return plan.task, plan.scenario, trial.start_pose, trial.placement, trial.target, trial.container, trial.distractors
