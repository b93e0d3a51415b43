"""One evaluation session in one SQLite file: each trial is logged the moment it is known, never lost, never doubled.

The file is in WAL mode with synchronous FULL, and every change is one transaction. Two rules are the database's own:
a partial unique index allows one verdict a trial of the plan, and triggers refuse to change or delete a verdict.
A session that was killed leaves its trial ``running``; ``interrupted`` turns it into an abort and plans a repeat.

What is said of a trial afterwards (a correction of its label, a second rater's label) is a row of its own, never a
change: the first verdict stays, with who said what and when. So is the opening of the seal of a blind study.
"""

import fcntl
import json
import sqlite3
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Dict, Iterator, List, Optional, Tuple

from eval_protocol.schema import ADDED, SCHEMA, SCHEMA_VERSION, statements

INTERRUPTED = "interrupted"


class StoreError(RuntimeError):
    """The session file cannot be used as asked; the message says what to do."""


@dataclass(frozen=True)
class SessionRow:
    """What a session was set up with."""

    id: str
    created_s: float
    plan: Dict[str, Any]
    plan_hash: str
    provenance: Dict[str, Any]


@dataclass(frozen=True)
class TrialRow:
    """One attempt at one trial of the plan; times are Unix seconds."""

    id: str
    number: int
    attempt: int
    state: str
    started_s: Optional[float] = None
    ended_s: Optional[float] = None
    success: Optional[bool] = None
    reason: str = ""
    result: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EventRow:
    """Something that happened in a session; ``trial`` is the attempt's UUID where it belongs to one."""

    stamp_s: float
    kind: str
    detail: str
    trial: Optional[str] = None


@dataclass(frozen=True)
class LabelRow:
    """A label that was given after the verdict: a correction, or a second rater's; ``trial`` is the attempt's UUID."""

    trial: str
    stamp_s: float
    rater: str
    role: str
    success: bool
    rubric: Dict[str, Any]
    reason: str = ""


@dataclass(frozen=True)
class UnsealingRow:
    """When and by whom the names of a blind study were opened, and how many trials had been judged by then."""

    stamp_s: float
    who: str
    key: Dict[str, Any]
    judged: int
    planned: int
    reason: str = ""


class Store:
    """The session file at ``path``.

    Who runs the session holds a lock that ends with its process. Others may add labels meanwhile, ``exclusive`` false:
    the database lets one of them write at a time.
    """

    def __init__(self, path: Path, read_only: bool = False, exclusive: bool = True) -> None:
        self.path = Path(path)
        self._lock: Optional[IO[str]] = None
        if (read_only or not exclusive) and not self.path.is_file():
            raise StoreError(f"no session file at {path}: give the session's folder or its session.sqlite")
        if not read_only and exclusive:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self.path.with_suffix(".lock"))
        try:
            self._db = _connect(self.path, read_only)
            if not read_only:
                self._upgrade()
        except StoreError:
            if self._lock is not None:
                self._lock.close()
            raise

    def close(self) -> None:
        """Close the file and give up the lock."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()

    def create(self, plan: Dict[str, Any], plan_hash: str, provenance: Dict[str, Any], trials: int) -> SessionRow:
        """Write the session and its planned trials in one transaction."""
        if self.session_or_none() is not None:
            raise StoreError(f"{self.path} already holds a session: resume it, or choose another folder")
        row = SessionRow(str(uuid.uuid4()), time.time(), plan, plan_hash, provenance)
        with self._transaction() as db:
            for statement in statements(SCHEMA + ADDED):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")
            db.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?)",
                (row.id, row.created_s, _dump(plan), plan_hash, _dump(provenance)),
            )
            for number in range(1, trials + 1):
                _plan_attempt(db, row.id, number, 1)
        return row

    def session_or_none(self) -> Optional[SessionRow]:
        """The session of this file, or None where the file is empty (killed before its first transaction)."""
        version = self._rows("PRAGMA user_version")[0][0]
        if version == 0:
            return None
        if version not in (1, SCHEMA_VERSION):
            raise StoreError(
                f"{self.path} has schema version {version}, this program reads {SCHEMA_VERSION}: "
                "use the program that wrote it"
            )
        rows = self._rows("SELECT id, created_s, plan, plan_hash, provenance FROM session")
        if not rows:
            raise StoreError(f"{self.path} is damaged: its session is missing; restore a copy")
        identity, created_s, plan, plan_hash, facts = rows[0]
        return SessionRow(identity, created_s, self._parsed(plan), plan_hash, self._parsed(facts))

    def session(self) -> SessionRow:
        """The session of this file; raises StoreError where there is none."""
        row = self.session_or_none()
        if row is None:
            raise StoreError(f"{self.path} holds no session")
        return row

    def trials(self) -> List[TrialRow]:
        """Every attempt, by trial number and attempt."""
        rows = self._rows(
            "SELECT id, number, attempt, state, started_s, ended_s, success, reason, result FROM trial "
            "ORDER BY number, attempt"
        )
        return [_trial(row, self._parsed(row[-1])) for row in rows]

    def events(self) -> List[EventRow]:
        """Every event, oldest first."""
        rows = self._rows("SELECT stamp_s, kind, detail, trial FROM event ORDER BY id")
        return [EventRow(*row) for row in rows]

    def next_trial(self) -> Optional[TrialRow]:
        """The first attempt that is still planned, or None when all trials are judged."""
        return next((trial for trial in self.trials() if trial.state == "planned"), None)

    def start(self, trial: TrialRow) -> None:
        """Log that the attempt begins."""
        with self._transaction() as db:
            _change(db, trial, "planned", "state = 'running', started_s = ?", (time.time(),))

    def commit(self, trial: TrialRow, success: bool, reason: str, result: Dict[str, Any]) -> None:
        """Log the verdict on the running attempt; it is final."""
        with self._transaction() as db:
            _change(
                db,
                trial,
                "running",
                "state = 'committed', ended_s = ?, success = ?, reason = ?, result = ?",
                (time.time(), int(success), reason, _dump(result)),
            )

    def abort(self, trial: TrialRow, reason: str, result: Optional[Dict[str, Any]] = None) -> None:
        """Log why the running attempt was aborted and plan its repeat."""
        if not reason:
            raise ValueError("an abort needs a reason")
        with self._transaction() as db:
            _change(
                db,
                trial,
                "running",
                "state = 'aborted', ended_s = ?, reason = ?, result = ?",
                (time.time(), reason, _dump(result or {})),
            )
            _plan_attempt(db, self.session().id, trial.number, trial.attempt + 1)

    def interrupted(self) -> List[TrialRow]:
        """Abort the attempts that a killed session left running; returns them."""
        left = [trial for trial in self.trials() if trial.state == "running"]
        for trial in left:
            self.abort(trial, INTERRUPTED + ": the session ended during this trial")
        return left

    def log(self, kind: str, detail: str, trial: Optional[TrialRow] = None) -> None:
        """Log an event."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO event (session, trial, stamp_s, kind, detail) VALUES (?, ?, ?, ?, ?)",
                (self.session().id, trial.id if trial else None, time.time(), kind, detail),
            )

    def label(
        self, trial: TrialRow, rater: str, role: str, success: bool, rubric: Dict[str, Any], reason: str = ""
    ) -> None:
        """Log what somebody says of a judged trial: role ``correction`` (with a reason) or ``second``."""
        if trial.state != "committed":
            raise StoreError(
                f"trial {trial.number} attempt {trial.attempt} is {trial.state}: only verdicts have labels"
            )
        with self._transaction() as db:
            db.execute(
                "INSERT INTO label (trial, stamp_s, rater, role, success, rubric, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (trial.id, time.time(), rater, role, int(success), _dump(rubric), reason),
            )

    def labels(self) -> List[LabelRow]:
        """Every label that was given after a verdict, oldest first."""
        if not self._has("label"):
            return []
        rows = self._rows("SELECT trial, stamp_s, rater, role, success, rubric, reason FROM label ORDER BY id")
        return [
            LabelRow(t, at, who, role, bool(yes), self._parsed(more), why) for t, at, who, role, yes, more, why in rows
        ]

    def unseal(self, who: str, key: Dict[str, Any], judged: int, planned: int, reason: str = "") -> None:
        """Log that the names of a blind study are known from now on."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO unsealing (id, stamp_s, who, key, judged, planned, reason) VALUES (1, ?, ?, ?, ?, ?, ?)",
                (time.time(), who, _dump(key), judged, planned, reason),
            )

    def unsealing(self) -> Optional[UnsealingRow]:
        """The opening of the seal, None while it is closed."""
        rows = (
            self._rows("SELECT stamp_s, who, key, judged, planned, reason FROM unsealing")
            if self._has("unsealing")
            else []
        )
        for stamp_s, who, key, judged, planned, reason in rows:
            return UnsealingRow(stamp_s, who, self._parsed(key), judged, planned, reason)
        return None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read within is of one moment, whatever others write meanwhile."""
        self._rows("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    def _has(self, table: str) -> bool:
        return bool(self._rows(f"SELECT 1 FROM sqlite_master WHERE name = '{table}'"))

    def _upgrade(self) -> None:
        """Give a file of version 1 the tables of version 2."""
        if self._rows("PRAGMA user_version")[0][0] == 1:
            with self._transaction() as db:
                for statement in statements(ADDED):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction, made whole or not at all; raises StoreError where the file cannot be written."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot write {self.path}: {error}; see that its disk is sound and has space, then resume the session"
            ) from error
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        """Undo a transaction that was not committed."""
        if self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise StoreError(
                    f"cannot undo a write to {self.path}: {error}; see to its disk, then resume"
                ) from error

    def _rows(self, query: str) -> List[Tuple[Any, ...]]:
        try:
            return self._db.execute(query).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise StoreError(f"cannot read {self.path}: {error}; restore a copy where it is damaged") from error

    def _parsed(self, text: str) -> Dict[str, Any]:
        try:
            value = json.loads(text)
        except (TypeError, ValueError) as error:
            raise StoreError(f"{self.path} is damaged: {error}; restore a copy") from error
        if not isinstance(value, dict):
            raise StoreError(f"{self.path} is damaged: expected a JSON object, found {text[:40]!r}; restore a copy")
        return value


def session_file(path: Path) -> Path:
    """The session.sqlite of a session given by its folder or by the file itself."""
    path = Path(path)
    return path / "session.sqlite" if path.is_dir() else path


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    try:
        if read_only:
            left = path.with_name(path.name + "-journal").exists()  # killed as it was made: SQLite rolls that back
            uri = "{}?mode={}".format(path.resolve().as_uri(), "rw" if left else "ro")
            db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0)
        else:
            db = sqlite3.connect(str(path), isolation_level=None, timeout=10.0, check_same_thread=False)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} cannot be read as a session file: {error}") from error
    return db


def _lock(path: Path) -> IO[str]:
    lock = open(path, "a")  # noqa: SIM115 - held until close()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreError(f"another process is running the session in {path.parent}: stop it first") from error
    return lock


def _plan_attempt(db: sqlite3.Connection, session: str, number: int, attempt: int) -> None:
    db.execute(
        "INSERT INTO trial (id, session, number, attempt, state) VALUES (?, ?, ?, ?, 'planned')",
        (str(uuid.uuid4()), session, number, attempt),
    )


def _change(db: sqlite3.Connection, trial: TrialRow, state: str, assignment: str, values: Tuple[Any, ...]) -> None:
    cursor = db.execute(f"UPDATE trial SET {assignment} WHERE id = ? AND state = ?", (*values, trial.id, state))
    if cursor.rowcount != 1:
        raise StoreError(f"trial {trial.number} attempt {trial.attempt} is not {state}")


def _trial(row: Tuple[Any, ...], result: Dict[str, Any]) -> TrialRow:
    identity, number, attempt, state, started_s, ended_s, success, reason, _ = row
    verdict = None if success is None else bool(success)
    return TrialRow(identity, number, attempt, state, started_s, ended_s, verdict, reason, result)


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)
