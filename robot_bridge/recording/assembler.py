"""Makes steps of what arrives by itself: a step begins with a command and ends with the report on it."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Deque, Dict, Optional, Tuple

import numpy as np

from robot_bridge.interface import STEP_S
from robot_bridge.recording.episode_writer import EpisodeWriter
from robot_bridge.recording.inbox import Hand, Inbox, Picture
from robot_bridge.recording.step import Done, Seen

LOST_AFTER_S = 1.0
"""A command whose report has not come by then is not recorded."""


@dataclass(frozen=True)
class _Begun:
    seen: Seen
    hand: Hand
    sequence: Optional[int]
    """of the command; None where there was none and the arm was held"""


class StepAssembler:
    """Writes the steps of one episode as they become whole.

    Where no command comes for a step's time, still steps fill the gap, so that the log has no holes: they are idle, and
    idle steps are masked later. All stamps are of the robot's clock. One thread.

    Args:
        writer: of the episode.
        inbox: where pictures and measurements are looked up.
        every_picture: write all pictures, not only those that steps begin with.
    """

    def __init__(self, writer: EpisodeWriter, inbox: Inbox, every_picture: bool = False) -> None:
        self._writer, self._inbox, self._every_picture = writer, inbox, every_picture
        self._written: Dict[Tuple[int, float], str] = {}
        self._waiting: Deque[_Begun] = deque()
        self._last_begun_s: Optional[float] = None
        self._open = False
        self.lost_reports = 0

    def picture(self, camera: int, picture: Picture) -> None:
        """A picture came; the inbox has it already."""
        if self._every_picture:
            self._name(camera, picture)

    def command(self, sequence: int, stamp_s: float) -> None:
        """A command was given, computed at ``stamp_s``: a step begins."""
        if self._waiting and self._waiting[0].sequence is None:
            self._end_still_step()
        self._begin(stamp_s, sequence)

    def report(self, sequence: int, done: Done) -> None:
        """A command ended: ``done`` is what became of it; what the hand did is added here."""
        if not any(begun.sequence == sequence for begun in self._waiting):
            return  # it was given before the episode began
        while self._waiting[0].sequence != sequence:
            self._lose()
        hand = self._waiting[0].hand
        latencies = {**hand.latencies_s, **done.latencies_s}
        self._end(replace(done, clutch=hand.clutch, tracked=hand.tracked, latencies_s=latencies))

    def advance(self, now_s: float) -> None:
        """Time went on to ``now_s``: give up lost reports, fill gaps with still steps."""
        while self._waiting and self._waiting[0].sequence is not None and self._age(now_s) > LOST_AFTER_S:
            self._lose()
        if not self._waiting:
            if self._last_begun_s is None or now_s - self._last_begun_s >= 1.5 * STEP_S:
                self._begin(now_s, None)
        elif self._waiting[0].sequence is None and self._age(now_s) >= STEP_S - 1e-6:
            self._end_still_step()
            self._begin(now_s, None)

    def seen(self, stamp_s: float) -> Seen:
        """What had been seen by ``stamp_s``; raises RecordingError where there is nothing yet."""
        measured, pictures = self._inbox.at(stamp_s)
        return Seen(
            images=tuple(self._name(camera, picture) for camera, picture in enumerate(pictures)),
            image_stamps_s=tuple(picture.stamp_s for picture in pictures),
            **vars(measured),
        )

    def last_seen(self, now_s: float) -> Seen:
        """What came of the last whole step: the observation that the step in flight began with, or that of now."""
        return self._waiting[0].seen if self._waiting else self.seen(now_s)

    def _name(self, camera: int, picture: Picture) -> str:
        """The picture's path in the episode; it is written where it has not been yet."""
        place = (camera, picture.stamp_s)
        if place not in self._written:
            self._written = {known: name for known, name in self._written.items() if known[1] > picture.stamp_s - 5.0}
            self._written[place] = self._writer.add_picture(camera, picture.jpeg, picture.stamp_s)
        return self._written[place]

    def _age(self, now_s: float) -> float:
        return now_s - self._waiting[0].seen.stamp_s

    def _begin(self, stamp_s: float, sequence: Optional[int]) -> None:
        self._last_begun_s = stamp_s
        self._waiting.append(_Begun(self.seen(stamp_s), self._inbox.hand, sequence))
        self._tell_first()

    def _tell_first(self) -> None:
        """The writer knows one step in flight: the first of those that wait."""
        if self._waiting and not self._open:
            self._writer.begin_step(self._waiting[0].seen)
            self._open = True

    def _end(self, done: Done) -> None:
        self._waiting.popleft()
        self._writer.end_step(done)
        self._open = False
        self._tell_first()

    def _end_still_step(self) -> None:
        begun = self._waiting[0]
        target = begun.seen.state if begun.seen.target is None else begun.seen.target
        still = np.append(np.zeros(6), target[6])
        self._end(Done(still, still, clutch=begun.hand.clutch, tracked=begun.hand.tracked))

    def _lose(self) -> None:
        """Give up a step whose report never came."""
        self._waiting.popleft()
        self._open = False
        self.lost_reports += 1
        self._tell_first()
