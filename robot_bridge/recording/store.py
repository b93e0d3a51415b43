"""The episodes of a folder: new ones, those that a killed recorder left, and how many there are of a task."""

import fcntl
import json
import logging
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Tuple, Type

from robot_bridge.recording import format as names
from robot_bridge.recording.acceptance import figures
from robot_bridge.recording.episode_writer import AppendOnly, RecordingError, write_whole
from robot_bridge.recording.log import acted, read_about, read_lines, summary

_log = logging.getLogger(__name__)
COUNTED = ("task", "finished", "success", "discarded", "asked", "began_at")
"""What is remembered of each episode."""
LEAST_FREE_BYTES = 500 * 2**20
"""An episode of a minute with pictures at 30 Hz takes about 150 MB."""


@dataclass(frozen=True)
class Unfinished:
    """An episode that its recorder did not end, as it was killed or the disk was full; or that nobody judged."""

    folder: Path
    task: str
    steps: int
    """whole ones, which ``keep`` keeps"""

    def words(self) -> str:
        """For the operator."""
        return f"{self.folder.name} ({self.task}): {self.steps} whole steps were recorded; keep or discard it"


@dataclass
class Tally:
    """The episodes of a task; ``covered`` counts successes by where the arm began and the region that was asked for."""

    successes: int = 0
    failures: int = 0
    discarded: int = 0
    unjudged: int = 0
    unfinished: int = 0
    covered: Dict[Tuple[str, str], int] = field(default_factory=dict)

    @property
    def recorded(self) -> int:
        """All of them."""
        return self.successes + self.failures + self.discarded + self.unjudged + self.unfinished


class EpisodeStore:
    """The folder ROOT of all episodes, ROOT/TASK/episode-000000; one recorder at a time writes there.

    Use it in a ``with`` block to hold the folder. Nothing in it is ever deleted: what is discarded is marked so.
    """

    def __init__(self, root: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> None:
        self.root = root
        self._least_free_bytes = least_free_bytes
        self._lock: Optional[int] = None
        self._read: Dict[Path, Tuple[int, Dict[str, Any]]] = {}

    def __enter__(self) -> "EpisodeStore":
        self.root.mkdir(parents=True, exist_ok=True)
        lock = os.open(str(self.root / names.LOCK), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise RecordingError(
                f"{self.root}: another recorder writes there; end it, or name another folder"
            ) from None
        self._lock = lock
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check_room(self) -> None:
        """Raise RecordingError where the disk is all but full."""
        free = shutil.disk_usage(str(self.root)).free
        if free < self._least_free_bytes:
            raise RecordingError(
                f"{self.root}: {free / 2**20:.0f} MB are free, expected {self._least_free_bytes / 2**20:.0f}; make room"
            )

    def new_folder(self, task: str) -> Path:
        """Make the empty folder of the next episode; raises RecordingError where the disk is all but full."""
        self.check_room()
        home = self.root / folder_name(task)
        home.mkdir(exist_ok=True)
        taken = [int(path.name[8:]) for path in home.glob("episode-*") if path.name[8:].isdigit()]
        folder = home / f"episode-{max(taken, default=-1) + 1:06d}"
        folder.mkdir()
        return folder

    def episodes(self) -> List[Path]:
        """The folders of all episodes."""
        return sorted(path.parent for path in self.root.glob(f"*/episode-*/{names.ABOUT}"))

    def unfinished(self) -> List[Unfinished]:
        """What killed recorders left behind and nobody has decided about."""
        found = []
        for folder in self.episodes():
            about = self._about(folder)
            open_ended = not about.get("finished", True) or about.get("success") is None
            if open_ended and not about.get("discarded"):
                found.append(Unfinished(folder, str(about.get("task", "")), len(acted(whole_lines(folder)))))
        return found

    def keep(self, folder: Path, success: Optional[bool]) -> Dict[str, Any]:
        """End an unfinished episode with what was seen last; returns its episode.json."""
        lines = whole_lines(folder)
        if not acted(lines):
            raise RecordingError(f"{folder}: no whole step was recorded, there is nothing to keep: discard it")
        written = len(read_lines(folder / names.STEPS))
        _drop_torn_line(folder / names.STEPS)
        if len(lines) > written:
            log = AppendOnly(folder / names.STEPS, True)
            log.add(lines[-1])
            log.close()
        numbers = {"summary": summary(lines), "figures": figures(lines).row()}
        return self._amend(folder, {**numbers, "success": success, "finished": True, "recovered": True})

    def discard(self, folder: Path, reason: str) -> None:
        """Mark an episode as no data; its files stay."""
        self._amend(folder, {"discarded": True, "discarded_because": reason})

    def judge(self, folder: Path, success: bool) -> None:
        """Change the verdict of an episode; one that was discarded is data again."""
        self._amend(folder, {"success": success, "discarded": False})

    def _amend(self, folder: Path, changes: Dict[str, Any]) -> Dict[str, Any]:
        about = {**read_about(folder), **changes}
        write_whole(folder / names.ABOUT, about, True)
        return about

    def _about(self, folder: Path) -> Dict[str, Any]:
        """The episode.json of an episode; read again where it has changed: there may be thousands at each verdict."""
        changed_ns = (folder / names.ABOUT).stat().st_mtime_ns
        known = self._read.get(folder)
        if known is None or known[0] != changed_ns:
            try:
                about = read_about(folder)
            except ValueError as error:
                _log.warning("%s: this episode is passed over", error)
                about = {"discarded": True, "finished": True}
            known = self._read[folder] = (changed_ns, {key: about[key] for key in COUNTED if key in about})
        return known[1]

    def tally(self, task: str) -> Tally:
        """Count the episodes of a task."""
        found = Tally()
        for folder in self.episodes():
            about = self._about(folder)
            if about.get("task") == task:
                _count(found, about)
        return found


def whole_lines(folder: Path) -> List[Dict[str, Any]]:
    """The log of an unfinished episode, with what was seen before the step in flight as its last line."""
    lines = read_lines(folder / names.STEPS)
    if lines and names.ACTION not in lines[-1]:
        return lines
    pending = _pending(folder)
    return [*lines, pending] if pending is not None and pending.get("step") == len(lines) else lines


def _pending(folder: Path) -> Optional[Dict[str, Any]]:
    """What was seen before the step in flight; None where there was none."""
    path = folder / names.PENDING
    if not path.exists():
        return None
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None  # it is replaced whole: another program wrote this one
    return row if isinstance(row, dict) else None


def _drop_torn_line(path: Path) -> None:
    """Cut off the half of a line that a killed recorder may have left at the end."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(str(path), whole)


def _count(found: Tally, about: Dict[str, Any]) -> None:
    if about.get("discarded"):
        found.discarded += 1
    elif not about.get("finished", True):
        found.unfinished += 1
    elif about.get("success") is True:
        found.successes += 1
        asked = about.get("asked") or {}
        place = (str(about.get("began_at", asked.get("start", ""))), str(asked.get("region", "")))
        found.covered[place] = found.covered.get(place, 0) + 1
    elif about.get("success") is False:
        found.failures += 1
    else:
        found.unjudged += 1


def folder_name(task: str) -> str:
    """The task as the name of one folder; raises ValueError where nothing of it can be."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", task).strip("_")
    if not name:
        raise ValueError(
            f"{task!r} is no name of a task: expected some of the letters a to z, digits, _ and -; what it is in words "
            "goes into the instruction"
        )
    return name[:60]
