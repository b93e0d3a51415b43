"""Collecting demonstrations: what can be asked for now, by words or by the controller's buttons, and what is told."""

import time
from typing import Any, Callable, Dict, Optional, Protocol, Tuple

from robot_bridge.recording.episode_writer import RecordingError
from robot_bridge.recording.inbox import FRESH_S
from robot_bridge.recording.recorder import Recorder, Review
from robot_bridge.recording.store import Unfinished
from robot_bridge.recording.variety import Hint
from robot_bridge.recording.words import (
    BUTTONS,
    DISCARD,
    FAILURE,
    PREPARE,
    PREPARING,
    RECORDING,
    RECOVERING,
    REVIEWING,
    START,
    STOP,
    SUCCESS,
    WAITING,
)

PROBLEM_S = 15.0
"""For so long a problem is told while nothing else happens: then it may be put right."""
SETTLE_S = 0.5
"""A button does not count so shortly after a stage began: it was pressed for the one before."""


class Surroundings(Protocol):
    """The robot that is recorded, and how it gets ready for the next demonstration."""

    def obstacle(self) -> str:
        """Why no demonstration can be given now, in words; empty where one can."""

    def prepare(self, hint: Hint) -> None:
        """Begin to get ready for the demonstration that is hinted at, where that is wanted; returns at once."""

    def preparing(self) -> bool:
        """Whether that is still under way."""

    def problem(self) -> str:
        """What went wrong with it, in words."""

    def about(self) -> Dict[str, Any]:
        """What episode.json is to say of the surroundings."""


class Collection:
    """Collects demonstrations of one task by a recorder. One thread.

    Args:
        recorder: of a store that is held.
        task: name of the task.
        language: the task in words.
        surroundings: of the robot.
        clock: monotonic [s].
    """

    def __init__(
        self,
        recorder: Recorder,
        task: str,
        language: str,
        surroundings: Surroundings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.recorder, self.task, self.language = recorder, task, language
        self._surroundings, self._clock = surroundings, clock
        self._review: Optional[Review] = None
        self._folder, self._began_s = "", 0.0
        self._problem, self._problem_s = "", clock()
        self._entered: Tuple[str, float] = ("", 0.0)
        self._left: Optional[Unfinished] = None
        self._due = False
        self.hint: Hint = recorder.hint(task)
        self._look()

    @property
    def stage(self) -> str:
        """waiting, preparing, recording, reviewing or recovering."""
        if self.recorder.stage != WAITING:
            return self.recorder.stage
        if self._left is not None:
            return RECOVERING
        return PREPARING if self._surroundings.preparing() else WAITING

    @property
    def folder(self) -> str:
        """Of the episode under way, under review or left over; empty where there is none."""
        if self.recorder.stage == WAITING:
            return "" if self._left is None else str(self._left.folder)
        return self._folder

    def duration_s(self, now_s: float) -> float:
        """Of the demonstration under way or under review."""
        if self.stage == RECORDING:
            return max(0.0, now_s - self._began_s)
        return self._review.figures.duration_s if self.stage == REVIEWING and self._review is not None else 0.0

    def answers(self) -> Tuple[str, ...]:
        """The words that ``answer`` takes now."""
        if self.stage == REVIEWING and self._review is not None:
            return (SUCCESS, FAILURE, DISCARD) if self._review.figures.steps else (DISCARD,)
        if self._left is not None and self.stage == RECOVERING:
            return (SUCCESS, FAILURE, DISCARD) if self._left.steps else (DISCARD,)
        return {WAITING: (START, PREPARE), RECORDING: (STOP, DISCARD)}.get(self.stage, ())

    def says(self) -> str:
        """For the operator: what is wrong, or else what the stage is about."""
        old = self.stage == WAITING and self._clock() - self._problem_s > PROBLEM_S
        problem = "" if old else self._problem
        if self.stage == WAITING:
            problem = problem or self._surroundings.problem()
        return problem or self._about_stage()

    def answer(self, word: str, now_s: float) -> str:
        """Do what is asked for at ``now_s`` of the robot's clock, and say what was done; raises RecordingError."""
        if word not in self.answers():
            expected = " or ".join(self.answers()) or "nothing"
            raise RecordingError(f"{word} is not asked for while {self.stage}: {expected} is")
        self._problem = ""
        try:
            done = self._do(word, now_s)
        except (RecordingError, ValueError) as error:
            self.fail(error)
            raise RecordingError(str(error)) from error
        return done

    def press(self, event: str, now_s: float) -> str:
        """A button of the controller was pressed; returns what was done, empty where it means nothing now."""
        word = BUTTONS.get(self.stage, {}).get(event)
        if word is None or word not in self.answers() or self._clock() - self._since_s() < SETTLE_S:
            return ""
        return self.answer(word, now_s)

    def watch(self, now_s: float) -> None:
        """Look whether the demonstration under way can go on, and end it where not: it then waits for its verdict.

        After a verdict the robot gets ready, as soon as no hand drives it.
        """
        self._since_s()
        if self._due and self.stage == WAITING and not self.recorder.driven:
            self._due = False
            self._surroundings.prepare(self.hint)
        if self.stage != RECORDING:
            return
        problem = self.recorder.silent(now_s) or self._surroundings.obstacle()
        if problem:
            self.answer(STOP, now_s)
            self._tell(f"the demonstration was ended: {problem}")

    def fail(self, error: Exception) -> None:
        """Something could not be written: tell the operator, and offer what is left."""
        self._tell(str(error))
        try:
            self._look()
        except ValueError as damage:  # an episode that somebody else damaged: what was known stays so
            self._tell(f"{error}; {damage}" if str(damage) != str(error) else str(error))

    def _do(self, word: str, now_s: float) -> str:
        if word == START:
            return self._start(now_s)
        if word == PREPARE:
            if self.recorder.driven:
                raise RecordingError("a hand drives the arm: release the grip first")
            self._surroundings.prepare(self.hint)
            return "getting ready"
        if self.stage == RECOVERING:
            return self._decide(word)
        if self.stage == RECORDING:
            self._review = self.recorder.stop(now_s)
        if word == STOP:
            return "stopped: " + self._about_stage()
        folder = self.recorder.judge(word)
        self._look()
        self._due = True
        return f"{folder.name}: {word}"

    def _start(self, now_s: float) -> str:
        problem = self._surroundings.obstacle() or self.recorder.silent(now_s, FRESH_S)
        if problem:
            raise RecordingError(f"not now: {problem}")
        folder = self.recorder.start(self.task, self.language, self.hint, self._surroundings.about())
        self._folder, self._began_s, self._due = str(folder), now_s, False
        return f"recording {folder.name}"

    def _decide(self, word: str) -> str:
        """Keep or discard what a killed recorder left."""
        assert self._left is not None
        folder = self._left.folder
        if word == DISCARD:
            self.recorder.discard(folder)
        else:
            self.recorder.keep(folder, word == SUCCESS)
        self._look()
        return f"{folder.name}: {word}"

    def _tell(self, problem: str) -> None:
        self._problem, self._problem_s = problem, self._clock()

    def _look(self) -> None:
        """Read from the store what is left, and how many there are."""
        self._left = next(iter(self.recorder.unfinished()), None)
        self.hint = self.recorder.hint(self.task)

    def _since_s(self) -> float:
        """When the stage began; called often enough to see each."""
        stage = self.stage
        if stage != self._entered[0]:
            self._entered = (stage, self._clock())
        return self._entered[1]

    def _about_stage(self) -> str:
        if self.stage == RECOVERING and self._left is not None:
            return "left unfinished: " + self._left.words()
        if self.stage == REVIEWING and self._review is not None:
            return self._review.figures.words()
        if self.stage == RECORDING:
            return f"start at {self.hint.start}, object {self.hint.region}"
        told = self.hint.words()
        return f"release the grip, the robot then gets ready; {told}" if self._due and self.recorder.driven else told
