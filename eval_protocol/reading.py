"""All that a report is made from, read from a session file at one moment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional

from eval_protocol.agreement import Agreement
from eval_protocol.blinding import BROKEN, Names, names_of
from eval_protocol.labels import Judgement, agreements, judgements
from eval_protocol.plan import canonical_hash
from eval_protocol.session import finished
from eval_protocol.store import EventRow, LabelRow, SessionRow, Store, StoreError, TrialRow, UnsealingRow, session_file
from eval_protocol.study import Schedule, Study, schedule_from_json


@dataclass(frozen=True)
class Policy:
    """A policy of a session: its ``label`` in the plan (empty where it is the only one), name and checkpoint's hash.

    While the names are sealed, ``name`` is ``policy A`` and ``checkpoint`` is empty.
    """

    label: str
    name: str
    checkpoint: str


@dataclass(frozen=True)
class Reading:
    """A session file: what was planned, what was done, what was said of it; ``folder`` is where its videos are."""

    session: SessionRow
    schedule: Schedule
    names: Names
    rows: List[TrialRow]
    events: List[EventRow]
    judgements: Dict[str, Judgement]
    labels: List[LabelRow]
    agreements: Dict[str, Agreement]
    unsealing: Optional[UnsealingRow]
    folder: Path

    @property
    def study(self) -> Optional[Study]:
        """The schedule where it is of several policies."""
        return self.schedule if isinstance(self.schedule, Study) else None

    @property
    def sealed(self) -> bool:
        """Whether names stand behind labels that nobody has opened yet."""
        return self.study is not None and self.names.key is None

    def policies(self) -> List[Policy]:
        """The session's policies: by label while sealed, then the primary ones first, the others by name."""
        if self.study is None:
            facts = self.session.provenance
            return [Policy("", Path(str(facts.get("policy") or "policy")).name, str(facts.get("checkpoint", "")))]
        key = self.names.key
        found = [
            Policy(label, self.names.of(label), key.policies[label].checkpoint if key else "")
            for label in self.study.policies
        ]
        first = list(self.study.question.primary)
        return sorted(found, key=lambda one: (first.index(one.name) if one.name in first else len(first), one.name))

    def complete(self) -> bool:
        """Whether no trial is left to be run."""
        return finished(self.rows, self.schedule)

    def plan_intact(self) -> bool:
        """Whether the plan in the file is the one whose hash was taken before the first trial."""
        return canonical_hash(self.session.plan) == self.session.plan_hash

    def breaks(self) -> List[EventRow]:
        """Each time that somebody learned, or may have learned, who is who before all was judged."""
        return [event for event in self.events if event.kind == BROKEN]


def read(store: Store) -> Reading:
    """Read an open session file; raises StoreError, or PlanError and SealError where plan or key are damaged."""
    with store.snapshot():
        session, rows = store.session(), store.trials()
        schedule = schedule_from_json(session.plan)
        outside = [row.number for row in rows if not 1 <= row.number <= len(schedule.trials)]
        if outside:
            raise StoreError(
                f"{store.path} is damaged: it has trial {outside[0]}, its plan has 1 to {len(schedule.trials)}; "
                "restore a copy"
            )
        return Reading(
            session=session,
            schedule=schedule,
            names=names_of(store, schedule) if isinstance(schedule, Study) else Names(None),
            rows=rows,
            events=store.events(),
            judgements=judgements(store),
            labels=store.labels(),
            agreements=agreements(store),
            unsealing=store.unsealing(),
            folder=store.path.parent,
        )


def read_session(path: Path) -> Reading:
    """Read the session at ``path``, a folder or its session.sqlite."""
    store = Store(session_file(path), read_only=True)
    try:
        return read(store)
    finally:
        store.close()
