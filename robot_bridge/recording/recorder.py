"""Records demonstrations one after the other: start, record, look, accept or reject; no ROS in here."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

import numpy as np

from robot_bridge.interface import STEP_S
from robot_bridge.recording import format as names
from robot_bridge.recording.acceptance import Figures, figures
from robot_bridge.recording.assembler import StepAssembler
from robot_bridge.recording.episode_writer import EpisodeWriter, RecordingError
from robot_bridge.recording.inbox import SILENT_S, Hand, Inbox, Measured, Picture, fit_jpeg
from robot_bridge.recording.log import read_lines, summary
from robot_bridge.recording.preview import PREVIEW, write_preview
from robot_bridge.recording.step import Done
from robot_bridge.recording.store import EpisodeStore, Unfinished
from robot_bridge.recording.variety import Hint, Variety
from robot_bridge.recording.words import DISCARD, RECORDING, REVIEWING, SUCCESS, VERDICTS, WAITING

NEAR_M = 0.04
"""An episode that began this close to a start pose began there."""
_log = logging.getLogger(__name__)


def film_of(folder: Path) -> Optional[Path]:
    """Write the film of an episode; None where that fails: the episode itself is written by then."""
    path = folder / PREVIEW
    try:
        write_preview(folder, path)
    except (OSError, ValueError) as error:
        _log.warning("no preview of %s: %s", folder, error)
        return None
    return path


@dataclass(frozen=True)
class Review:
    """What is looked at before a demonstration is accepted."""

    folder: Path
    figures: Figures
    preview: Optional[Path]
    """three seconds of film"""


class Recorder:
    """One recorder of a store, for as long as demonstrations are collected. One thread.

    ``stage`` is ``waiting`` (``start`` leads on), ``recording`` (``stop``) or ``reviewing`` (``judge``). An episode
    that cannot be written any more is left as it is, to be kept or discarded as an unfinished one.

    Args:
        store: held by its ``with`` block.
        cameras: whose pictures are recorded.
        every_picture: record at the rate at which the cameras take pictures; otherwise one picture a step, at 5 Hz.
        variety: what is to be covered, and the goal.
        about: what every episode.json says, such as who collects.
        sync: have the disk keep each step before going on, against power failures.
        film: makes the film of an episode for its review.
        poses: start poses, Bridge states by name: where an episode really began counts, not where it was asked to.
        film: makes the film of an episode that ended.
    """

    def __init__(
        self,
        store: EpisodeStore,
        cameras: int = 1,
        every_picture: bool = False,
        variety: Optional[Variety] = None,
        about: Optional[Dict[str, Any]] = None,
        sync: bool = True,
        film: Callable[[Path], Optional[Path]] = film_of,
        poses: Optional[Mapping[str, Sequence[float]]] = None,
    ) -> None:
        self._store, self._variety = store, variety or Variety()
        self._every_picture, self._about, self._sync = every_picture, about or {}, sync
        self._film, self._poses = film, poses or {}
        self._inbox = Inbox(cameras)
        self._assembler: Optional[StepAssembler] = None
        self._writer: Optional[EpisodeWriter] = None
        self._reviewed: Optional[Path] = None

    @property
    def stage(self) -> str:
        """waiting, recording or reviewing."""
        if self._writer is not None:
            return RECORDING
        return REVIEWING if self._reviewed is not None else WAITING

    @property
    def driven(self) -> bool:
        """Whether a hand drives the arm, as the teleoperator last told."""
        return self._inbox.hand.clutch

    def unfinished(self) -> Sequence[Unfinished]:
        """What killed recorders left: each is to be kept or discarded before collecting goes on."""
        current = self._reviewed if self._writer is None else self._writer.folder
        return [left for left in self._store.unfinished() if left.folder != current]

    def silent(self, now_s: float, most_s: float = SILENT_S) -> str:
        """Which camera, or the arm, has said nothing for ``most_s``, in words; empty where none has."""
        return self._inbox.silent(now_s, most_s)

    def keep(self, folder: Path, success: bool) -> None:
        """Keep an unfinished episode as it is."""
        self._store.keep(folder, success)

    def discard(self, folder: Path) -> None:
        """Discard an unfinished episode."""
        self._store.discard(folder, "after it was left unfinished")

    def hint(self, task: str) -> Hint:
        """How many successes there are of a task, and what to vary next."""
        return self._variety.hint(self._store.tally(task).covered)

    def start(
        self, task: str, language: str, asked: Optional[Hint] = None, more: Optional[Dict[str, Any]] = None
    ) -> Path:
        """Begin an episode of which episode.json says ``more``; returns its folder.

        Raises RecordingError where something is missing or another runs.
        """
        if self.stage != WAITING:
            raise RecordingError(f"the recorder is {self.stage}: end that first")
        if self._inbox.missing():
            raise RecordingError(self._inbox.missing())
        about: Dict[str, Any] = {"task": task, "language": language, "recorded": time.strftime("%Y-%m-%d_%H-%M-%S")}
        if asked is not None:
            about["asked"] = {"start": asked.start, "region": asked.region}
        if self._poses:
            state = self._inbox.at(float("inf"))[0].state
            near = [
                name for name, pose in self._poses.items() if np.linalg.norm(state[:3] - np.asarray(pose[:3])) < NEAR_M
            ]
            about["began_at"] = near[0] if near else ""
        self._writer = EpisodeWriter(self._store.new_folder(task), {**about, **self._about, **(more or {})}, self._sync)
        self._assembler = StepAssembler(self._writer, self._inbox, self._every_picture)
        return self._writer.folder

    def picture(self, camera: int, file: bytes, stamp_s: float) -> None:
        """A picture file came, JPEG or PNG of any size, captured at ``stamp_s``."""
        picture = Picture(fit_jpeg(file), stamp_s)
        self._inbox.add_picture(camera, picture)
        if self._assembler is not None:
            self._guarded(lambda assembler: assembler.picture(camera, picture))

    def measured(self, measured: Measured) -> None:
        """The arm was measured."""
        self._inbox.add_measured(measured)

    def hand(self, hand: Hand) -> None:
        """The teleoperator told of its hand."""
        self._inbox.hand = hand

    def command(self, sequence: int, stamp_s: float, duration_s: float = STEP_S) -> None:
        """A command was given, computed at ``stamp_s``."""
        self._guarded(lambda assembler: assembler.command(sequence, stamp_s, duration_s))

    def report(self, sequence: int, done: Done) -> None:
        """A command ended."""
        self._guarded(lambda assembler: assembler.report(sequence, done))

    def advance(self, now_s: float) -> None:
        """Time went on, to ``now_s`` of the robot's clock."""
        self._guarded(lambda assembler: assembler.advance(now_s))

    def stop(self, now_s: float) -> Review:
        """End the episode under way, which then waits for its verdict; a step whose report has not come never was."""
        if self._writer is None or self._assembler is None:
            raise RecordingError("nothing is being recorded")
        writer, assembler = self._writer, self._assembler
        seen = self._guarded(lambda assembler: assembler.end(now_s))
        lines = [*read_lines(writer.folder / names.STEPS), seen.line(writer.steps)]
        found = figures(lines)
        numbers = {"summary": summary(lines), "figures": found.row(), "lost_steps": assembler.lost_steps}
        self._guarded(lambda _: writer.finish(seen, numbers))
        self._writer = self._assembler = None
        self._reviewed = writer.folder
        return Review(writer.folder, found, self._film(writer.folder))

    def judge(self, verdict: str) -> Path:
        """Accept the episode under review as a success or a failure, or discard it; returns its folder."""
        if verdict not in VERDICTS:
            raise ValueError("{!r} is no verdict, expected one of {}".format(verdict, ", ".join(VERDICTS)))
        if self._reviewed is None:
            raise RecordingError("no episode waits for its verdict")
        folder, self._reviewed = self._reviewed, None
        if verdict == DISCARD:
            self._store.discard(folder, "by the operator")
        else:
            self._store.judge(folder, verdict == SUCCESS)
        return folder

    def _guarded(self, write: Callable[[StepAssembler], Any]) -> Any:
        """Write to the episode under way; where that fails it is left unfinished, and the error goes on."""
        if self._assembler is None:
            return None
        try:
            return write(self._assembler)
        except RecordingError:
            if self._writer is not None:
                self._writer.close()
            self._writer = self._assembler = None
            raise
