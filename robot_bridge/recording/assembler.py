"""Makes steps of 0.2 s of what arrives by itself: commands of any length, reports on them, pictures, measurements."""

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Deque, Dict, List, Optional, Set, Tuple

import numpy as np

from robot_bridge import kinematics
from robot_bridge.interface import STEP_S
from robot_bridge.recording.episode_writer import EpisodeWriter, RecordingError
from robot_bridge.recording.inbox import Hand, Inbox, Picture
from robot_bridge.recording.step import Done, Seen
from robot_bridge.report import motion_between

_log = logging.getLogger(__name__)

LOST_AFTER_S = 3.0
"""A step is not recorded where the report on one of its commands has not come by then."""
EARLY = 0.5
"""A command that comes this share of its duration too early for the next step still begins it: senders jitter."""
YOUNG_S = 0.5 * STEP_S
"""A step without a command that is younger than this when one comes is taken back: the step before lasts longer."""
CLOCK_BACK_S, AHEAD_S = 0.5, 1.0
"""A clock that goes back by more ends the episode; a command stamped further ahead counts as given now."""
LATE_S = 0.25 * STEP_S
"""Where no command comes after its own, a step ends this much late."""


@dataclass(eq=False)
class _Begun:
    """A step under way, or one that waits for the reports on its commands."""

    seen: Seen
    begun_s: float
    hand: Hand
    awaited: Set[int] = field(default_factory=set)
    done: List[Done] = field(default_factory=list)
    over: bool = False

    @property
    def idle(self) -> bool:
        """Whether it had no command so far."""
        return not (self.awaited or self.done)

    @property
    def longest_s(self) -> float:
        """Where no command ends it."""
        return STEP_S if self.idle else STEP_S + LATE_S


class StepAssembler:
    """Writes the steps of one episode as they become whole.

    A step begins with a command and takes in all that begin within 0.2 s: one of a policy, or several short ones of a
    teleoperator, whose motions are composed. Where no command comes, steps without motion fill the gap, so that the log
    has no holes: they are idle, and idle steps are masked later. The command that ends a gap begins a step at once:
    what a 5 Hz operator decides is then one step, as in Bridge's data. All stamps are of the robot's clock. One thread.

    Args:
        writer: of the episode.
        inbox: where pictures and measurements are looked up.
        every_picture: write all pictures, not only those that steps begin with.
    """

    def __init__(self, writer: EpisodeWriter, inbox: Inbox, every_picture: bool = False) -> None:
        self._writer, self._inbox, self._every_picture = writer, inbox, every_picture
        self._written: Dict[Tuple[int, float], str] = {}
        self._waiting: Deque[_Begun] = deque()
        self._told: Optional[_Begun] = None
        self._early: Dict[int, Tuple[float, Done]] = {}
        self._now_s = float("-inf")
        self.lost_steps = 0

    def picture(self, camera: int, picture: Picture) -> None:
        """A picture came; the inbox has it already."""
        if self._every_picture:
            self._name(camera, picture)

    def command(self, sequence: int, stamp_s: float, duration_s: float = STEP_S) -> None:
        """A command was given, computed at ``stamp_s``; raises RecordingError where that is of another clock."""
        if stamp_s > self._now_s + AHEAD_S > float("-inf"):
            stamp_s = self._now_s
        if self._waiting and stamp_s < self._waiting[0].begun_s - LOST_AFTER_S:
            raise _another_clock(self._waiting[0].begun_s - stamp_s)
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last.idle and stamp_s - last.begun_s < YOUNG_S:
            self._waiting.pop()
        if last is None or last.idle or stamp_s - last.begun_s >= STEP_S - EARLY * duration_s:
            self._begin(stamp_s)
        early = self._early.pop(sequence, None)
        if early is not None:
            self._waiting[-1].done.append(early[1])
            return
        self._waiting[-1].awaited.add(sequence)

    def report(self, sequence: int, done: Done) -> None:
        """A command ended: ``done`` is what became of it.

        Commands and reports come from two processes: a report that is here before its command waits for it. Those on
        commands from before the episode are forgotten in time.
        """
        awaiting = [step for step in self._waiting if sequence in step.awaited]
        if not awaiting:
            self._early[sequence] = (self._now_s, done)
        for step in awaiting:
            step.awaited.remove(sequence)
            step.done.append(done)
        self._write_whole()

    def advance(self, now_s: float) -> None:
        """Time went on to ``now_s``: give up lost reports, fill gaps. Raises RecordingError where it went back."""
        if now_s < self._now_s - CLOCK_BACK_S:
            raise _another_clock(self._now_s - now_s)
        self._now_s = now_s
        self._early = {number: early for number, early in self._early.items() if now_s - early[0] < LOST_AFTER_S}
        if not self._waiting or now_s - self._waiting[-1].begun_s >= self._waiting[-1].longest_s - 1e-6:
            self._begin(now_s)
        while self._waiting[0].over and now_s - self._waiting[0].begun_s > LOST_AFTER_S:
            self._lose(self._waiting[0])
            self._write_whole()

    def end(self, now_s: float) -> Seen:
        """Write what is whole, give up the rest; what the step in flight began with, or what is seen now."""
        for step in list(self._waiting)[:-1]:
            if step.awaited:
                self._lose(step)
        self._write_whole()
        return self._waiting[0].seen if self._waiting else self.seen(now_s)

    def seen(self, stamp_s: float) -> Seen:
        """What had been seen by ``stamp_s``; raises RecordingError where there is nothing yet."""
        measured, pictures = self._inbox.at(stamp_s)
        return Seen(
            images=tuple(self._name(camera, picture) for camera, picture in enumerate(pictures)),
            image_stamps_s=tuple(picture.stamp_s for picture in pictures),
            **vars(measured),
        )

    def _lose(self, step: _Begun) -> None:
        self._waiting.remove(step)
        self.lost_steps += 1
        missing = ", ".join(map(str, sorted(step.awaited)))
        _log.warning("the step at %.2f s is left out: nobody told what became of command %s", step.begun_s, missing)

    def _name(self, camera: int, picture: Picture) -> str:
        """The picture's path in the episode; it is written where it has not been yet."""
        place = (camera, picture.stamp_s)
        if place not in self._written:
            self._written = {known: name for known, name in self._written.items() if known[1] > picture.stamp_s - 5.0}
            self._written[place] = self._writer.add_picture(camera, picture.jpeg, picture.stamp_s)
        return self._written[place]

    def _begin(self, stamp_s: float) -> None:
        if self._waiting:
            self._waiting[-1].over = True
        self._waiting.append(_Begun(self.seen(stamp_s), stamp_s, self._inbox.hand))
        self._write_whole()

    def _write_whole(self) -> None:
        """Write the steps that are over and wait for no report; the next is the one in flight."""
        while self._waiting and self._waiting[0].over and not self._waiting[0].awaited:
            self._tell()
            self._writer.end_step(_whole(self._waiting.popleft()))
        self._tell()

    def _tell(self) -> None:
        """The writer knows one step in flight: the first of those that wait."""
        if self._waiting and self._told is not self._waiting[0]:
            self._told = self._waiting[0]
            self._writer.begin_step(self._told.seen)


def _another_clock(back_s: float) -> RecordingError:
    return RecordingError(
        f"the robot's clock went back by {back_s:.1f} s: what comes now belongs to no step; what was recorded before "
        "is whole, keep or discard it"
    )


def _whole(step: _Begun) -> Done:
    """What was done in a step: its commands' motions one after the other; none is a step without motion."""
    hand = step.hand
    if not step.done:
        target = step.seen.state if step.seen.target is None else step.seen.target
        still = np.append(np.zeros(6), target[6])
        return Done(still, still, clutch=hand.clutch, tracked=hand.tracked, latencies_s=hand.latencies_s)
    latencies: Dict[str, float] = dict(hand.latencies_s)
    for done in step.done:
        latencies.update(done.latencies_s)
    achieved = [done.achieved for done in step.done if done.achieved is not None]
    labels = [done.action if done.label is None else done.label for done in step.done]
    return Done(
        composed([done.action for done in step.done]),
        composed([done.executed for done in step.done]),
        composed(achieved) if len(achieved) == len(step.done) else None,
        composed(labels) if any(done.label is not None for done in step.done) else None,
        hand.clutch,
        hand.tracked,
        tuple(dict.fromkeys(name for done in step.done for name in done.clamps)),
        latencies,
    )


def composed(actions: List[np.ndarray]) -> np.ndarray:
    """The Bridge action (7,) that does what several do one after the other; the gripper is the middle one's.

    It is what the gripper was told for most of the step. Operators at 5 Hz tell it one thing in a step.
    """
    if len(actions) == 1:
        return np.asarray(actions[0])
    pose = np.eye(4)
    for action in actions:
        pose = kinematics.integrate(pose, np.asarray(action, dtype=np.float64)[:6])
    return np.append(motion_between(np.eye(4), pose), actions[len(actions) // 2][6])
