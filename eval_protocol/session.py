"""The course of an evaluation session, independent of what moves the robot.

``Session`` walks through the plan: prepare, check, run the policy, judge, log. What can go wrong in a trial is an
``Aborted`` with a reason; the attempt is logged and repeated, never dropped. The same state machine runs over ROS
(eval_protocol/nodes/session.py) and in process.
"""

import time
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

from eval_protocol.plan import Plan, Trial
from eval_protocol.rubric import Rubric
from eval_protocol.store import INTERRUPTED, Store, StoreError, TrialRow
from eval_protocol.study import Schedule, schedule_from_json
from vptr_policy.counting import counted

MAX_ATTEMPTS = 5
STARTS = "starts"
"""Folder of the pictures of starts, in a session's folder."""
ENDED = "ended_by_rule"
"""Kind of the event that says why trials end before all are run."""
COMMIT_TRIES, COMMIT_PAUSE_S = 5, 2.5


class Aborted(RuntimeError):
    """This attempt cannot go on; the message is the reason, ``episode`` what had been run by then."""

    def __init__(self, reason: str, episode: Optional["Episode"] = None) -> None:
        super().__init__(reason)
        self.episode = episode


class TooSlow(Aborted):
    """The machine did not keep up and has been given less to do: repeating is progress, not one more failure."""


class Stopped(RuntimeError):
    """The session cannot or shall not go on; the message says why and what to do."""

    episode: Optional["Episode"] = None


@dataclass
class Episode:
    """One run of the policy, in seconds on the robot's clock.

    ``latencies_s`` from image capture to command, ``intervals_s`` between commands, ``limits`` how many commands each
    limit touched, ``ended`` why it ended, ``video`` and ``start`` (a picture of the scene as it was set) relative to
    the session's folder, ``checkpoint`` the hash of the checkpoint that acted.

    ``limited``: commands that any limit touched; ``moved_m``: how far the measured gripper came in each command [m].
    """

    duration_s: float = 0.0
    steps: int = 0
    ended: str = ""
    latencies_s: List[float] = field(default_factory=list)
    intervals_s: List[float] = field(default_factory=list)
    limits: Dict[str, int] = field(default_factory=dict)
    limited: int = 0
    moved_m: List[float] = field(default_factory=list)
    refused: int = 0
    milestones: List[str] = field(default_factory=list)
    video: str = ""
    start: str = ""
    checkpoint: str = ""

    def to_json(self) -> Dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Verdict:
    """Success or failure, and why; ``rubric`` where a person noted more."""

    success: bool
    reason: str = ""
    rubric: Optional[Rubric] = None


class Robot(Protocol):
    """What a session needs of the robot and its surroundings; each method raises Aborted with a reason."""

    def prepare(self, plan: Plan, trial: Trial) -> None:
        """Bring the gripper to the start pose and the scene into the planned state."""

    def check_ready(self, plan: Plan, trial: Trial) -> None:
        """Check camera, arm and scene right before the policy starts."""

    def run_policy(self, plan: Plan, trial: Trial, attempt: TrialRow) -> Episode:
        """Run the policy until success, the time limit, or a fault; its episode has the id of the attempt."""

    def verdict(self, plan: Plan, trial: Trial, episode: Episode) -> Verdict:
        """Judge the episode that was just run."""

    def recover(self, reason: str) -> None:
        """Wait until the robot can be used again after an abort; raises Stopped when it does not come back."""


class Session:
    """Runs the trials of a stored plan that are not judged yet, logging each the moment it is known."""

    def __init__(
        self, store: Store, robot: Robot, say: Callable[[str], None] = print, max_attempts: int = MAX_ATTEMPTS
    ) -> None:
        self._store, self._robot, self._say, self._max_attempts = store, robot, say, max_attempts
        self._schedule = schedule_from_json(store.session().plan)

    def run(self) -> None:
        """Run until all are judged, or a declared rule ends them; raises Stopped when a trial keeps being aborted."""
        for left in self._store.interrupted():
            self._say(self._line(left, "interrupted, will be repeated"))
        aborts = 0
        row = self._next()
        while row is not None:
            abort = self._attempt(row)
            if not isinstance(abort, TooSlow):
                aborts = aborts + 1 if abort else 0
            if abort and aborts >= self._max_attempts:
                raise Stopped(self._give_up(row, aborts, str(abort)))
            if abort:
                self._robot.recover(str(abort))
            row = self._next()

    def _next(self) -> Optional[TrialRow]:
        """The next trial, None where all are judged or the schedule's rule says that they are enough."""
        row = self._store.next_trial()
        rule = self._schedule.ended(verdicts(self._store.trials(), len(self._schedule.trials))) if row else ""
        if rule and not any(event.kind == ENDED for event in self._store.events()):
            self._store.log(ENDED, rule)
            self._say(rule)
        return None if rule else row

    def _attempt(self, row: TrialRow) -> Optional[Aborted]:
        """Run one attempt; returns its abort, None when it was judged."""
        self._store.start(row)
        plan, trial = self._schedule.at(row.number)
        try:
            episode, verdict = self._judged(row, plan, trial)
        except Aborted as abort:
            self._abort(row, str(abort), abort.episode)
            return abort
        except (Stopped, KeyboardInterrupt) as stop:
            ran = getattr(stop, "episode", None)
            self._abort(row, "session stopped: {}".format(stop or "interrupted from the keyboard"), ran)
            raise
        except Exception as error:
            self._abort(row, f"error in the session: {error!r}", None)
            raise
        self._commit(row, verdict, episode)
        word = "success" if verdict.success else "failure"
        self._say(self._line(row, f"{word} {episode.duration_s:5.1f} s  {self._tally()}"))
        return None

    def _judged(self, row: TrialRow, plan: Plan, trial: Trial) -> Tuple[Episode, Verdict]:
        self._robot.prepare(plan, trial)
        self._robot.check_ready(plan, trial)
        self._store.log("ready", "the scene is ready, the policy starts", row)
        episode = self._robot.run_policy(plan, trial, row)
        self._store.log("ended", f"the policy ended: {episode.ended}", row)
        try:
            return episode, self._robot.verdict(plan, trial, episode)
        except (Aborted, Stopped) as ended:
            ended.episode = episode
            raise

    def _commit(self, row: TrialRow, verdict: Verdict, episode: Episode) -> None:
        """Log a verdict; it is known and must not be lost to a passing fault of the disk, so try for a while."""
        result = episode.to_json()
        if verdict.rubric is not None:
            result["rubric"] = verdict.rubric.to_json()
        for left in range(COMMIT_TRIES - 1, -1, -1):
            try:
                self._store.commit(row, verdict.success, verdict.reason, result)
                return
            except StoreError as error:
                if left == 0:
                    raise
                word = "success" if verdict.success else "failure"
                self._say(self._line(row, f"{word} is not logged yet: {error}; trying {left} times more"))
                time.sleep(COMMIT_PAUSE_S)

    def _abort(self, row: TrialRow, reason: str, episode: Optional[Episode]) -> None:
        self._store.abort(row, reason, episode.to_json() if episode else None)
        self._say(self._line(row, f"aborted, will be repeated: {reason}"))

    def _tally(self) -> str:
        judged = [trial for trial in self._store.trials() if trial.state == "committed"]
        return f"{sum(bool(trial.success) for trial in judged)}/{len(judged)}"

    def _line(self, row: TrialRow, result: str) -> str:
        plan, trial = self._schedule.at(row.number)
        again = f" (attempt {row.attempt})" if row.attempt > 1 else ""
        place = trial.placement_words(short=True)
        who = f"policy {trial.label()}  " if trial.label() else ""
        return f"trial {row.number:2d}/{len(plan.trials)}  {who}{trial.start_pose:11s}  {place:28s}  {result}{again}"

    def _give_up(self, row: TrialRow, aborts: int, reason: str) -> str:
        return (
            f"trial {row.number} was aborted {counted(aborts, 'time')} in a row, last because: {reason}. "
            f"Nothing is lost: repair the cause, then resume the session in {self._store.path.parent}"
        )


def check_same_plan(store: Store, plan: Schedule) -> None:
    """Raise Stopped where a store's session has another plan."""
    stored = store.session_or_none()
    if stored is not None and stored.plan_hash != plan.hash():
        raise Stopped(
            f"the session in {store.path.parent} has another plan ({schedule_from_json(stored.plan).title()}): resume "
            "it with the arguments it was started with, or choose another folder"
        )


def open_session(store: Store, plan: Schedule, provenance: Dict[str, Any], resume: bool) -> None:
    """Create the session of a plan in an empty store, or check that the stored one may be resumed with it."""
    stored = store.session_or_none()
    if stored is None:
        store.create(plan.to_json(), plan.hash(), provenance, len(plan.trials))
        return
    if not resume:
        raise Stopped(f"{store.path.parent} holds a session already: resume it, or choose another folder")
    check_same_plan(store, plan)
    before, now = stored.provenance.get("checkpoint"), provenance.get("checkpoint")
    if before != now:
        raise Stopped(
            f"the session in {store.path.parent} was started with checkpoint {before}, now it would be {now}: "
            "one session judges one policy"
        )
    changed = sorted(key for key in provenance if provenance[key] != stored.provenance.get(key))
    store.log("resumed", "resumed" + ("; changed: " + ", ".join(changed) if changed else ""))


def video_name(trial: Trial, attempt: TrialRow) -> str:
    """The file of an attempt's video: ``trial-03-left_front-attempt-1.mp4``."""
    return _stem(trial, attempt) + ".mp4"


def start_name(trial: Trial, attempt: TrialRow) -> str:
    """The file of the picture of an attempt's start: ``trial-03-left_front-attempt-1.jpg``."""
    return _stem(trial, attempt) + ".jpg"


def _stem(trial: Trial, attempt: TrialRow) -> str:
    return f"trial-{attempt.number:02d}-{trial.start_pose}-attempt-{attempt.attempt}"


def verdicts(trials: List[TrialRow], planned: int) -> List[Optional[bool]]:
    """The verdict on each trial of the plan, as it was given first; None where there is none yet."""
    judged = {row.number: row.success for row in trials if row.state == "committed"}
    return [judged.get(number) for number in range(1, planned + 1)]


def finished(trials: List[TrialRow], plan: Schedule) -> bool:
    """Whether no trial is left to be run: all are judged, or the plan's own rule has ended them."""
    known = verdicts(trials, len(plan.trials))
    return None not in known or bool(plan.ended(known))


def accounted(trials: List[TrialRow]) -> Dict[str, int]:
    """How many attempts were committed, aborted, interrupted, or are running; those only planned are none yet."""
    interrupted = sum(t.state == "aborted" and t.reason.startswith(INTERRUPTED) for t in trials)
    return {
        "committed": sum(t.state == "committed" for t in trials),
        "aborted": sum(t.state == "aborted" for t in trials) - interrupted,
        "interrupted": interrupted,
        "running": sum(t.state == "running" for t in trials),
    }
