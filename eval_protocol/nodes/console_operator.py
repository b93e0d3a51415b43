"""The operator at the console's page, over ROS: /session/state says what is asked, /session/answer takes the answer."""

import threading
import time
from pathlib import Path
from typing import Any, Callable, List, Optional

import rospy
from pydantic import ValidationError
from std_msgs.msg import String
from vptr_widowx.msg import SessionState
from vptr_widowx.srv import SessionAnswer, SessionAnswerResponse

from eval_protocol.operator import News, judged
from eval_protocol.plan import Plan, Trial
from eval_protocol.rubric import Rubric
from eval_protocol.session import Aborted, Verdict
from robot_bridge.nodes.leaving import ends_quietly

STATE_S = 0.4
"""Between two messages that say the same: the page knows by them that the session lives."""
POLL_S = 0.05
SILENT_S = 3.0
"""Without a sign of life of the controlling page for so long [wall s] an episode is ended: nobody watches the arm."""
RUNNING = ["success", "failure", "abort"]
JUDGING = ["success", "failure", "redo"]


class ConsoleOperator:
    """Asks one question at a time; an answer to another question, or a second one, is refused with a reason.

    ``check`` is called several times a second while it waits; it may raise to end the waiting.
    """

    def __init__(self, folder: Path, check: Callable[[], None]) -> None:
        self._folder, self._check = folder, check
        self._lock = threading.Lock()
        self._news = News("waiting", "the session begins")
        self._question = self._trial = 0
        self._limit_s = 0.0
        self._began = rospy.Time(0)
        self._answer: Optional[Any] = None
        self._alive_s = time.monotonic()
        self._publisher = rospy.Publisher("/session/state", SessionState, queue_size=1, latch=True)
        rospy.Subscriber("/session/operator", String, self._hear_alive, queue_size=1)
        rospy.Service("/session/answer", SessionAnswer, self._take)
        threading.Thread(target=self._repeat, name="session state", daemon=True).start()

    def tell(self, news: News) -> None:
        """Show it."""
        with self._lock:
            self._news = news
        self._publish()

    def confirm_scene(self, plan: Plan, trial: Trial) -> None:
        """Ask a new question: is the scene set?"""
        where = trial.start_pose.replace("_", " ")
        todo = f"Place the {trial.target.words()} {trial.placement_words()}, then press Start"
        with self._lock:
            self._trial, self._limit_s, self._began = trial.number, plan.time_limit_s, rospy.Time(0)
        answer = self._ask(News("setup", f"The arm waits over {where}", todo, ["start", "abort"]), anew=True)
        if answer.word == "abort":
            raise Aborted(_reason(answer))
        self.tell(News("moving", "Checking camera and arm"))

    def begin(self, plan: Plan, trial: Trial) -> None:
        """From now on the page may judge."""
        del plan, trial
        with self._lock:
            self._answer, self._began, self._alive_s = None, rospy.Time.now(), time.monotonic()
            self._news = News("running", "The policy acts", "Watch; press Success as soon as it holds", RUNNING)
        self._publish()

    def enough(self) -> bool:
        """Whether the page has answered; raises Aborted when no page has the controls any more."""
        silent_s = time.monotonic() - self._alive_s
        if silent_s > SILENT_S:
            raise Aborted(f"no page with the controls for {silent_s:.0f} s: nobody could have stopped the robot")
        return self._answer is not None

    def verdict(self, plan: Plan, trial: Trial) -> Verdict:
        """The answer given while the policy acted, else ask for one."""
        del plan, trial
        answer = self._answer or self._ask(News("judging", "The time is over", "Was it a success?", JUDGING))
        self.tell(News("moving", "The trial is being logged"))
        if answer.word not in ("success", "failure"):
            raise Aborted(_reason(answer))
        return judged(answer.word == "success", answer.operator or "operator", _rubric(answer))

    def wait(self, reason: str) -> None:
        """Until somebody says that the robot may move again."""
        todo = "See to it, then press Go on: the arm will move"
        self._ask(News("recovering", f"Aborted: {reason}", todo, ["continue"]), anew=True)
        self.tell(News("moving", "Getting ready again"))

    def _ask(self, news: News, anew: bool = False) -> Any:
        """Wait for the answer; to what is asked ``anew`` only one that came after it, and no older answer fits."""
        with self._lock:
            if anew:
                self._question, self._answer = self._question + 1, None
            if self._answer is None:
                self._news = news
        self._publish()
        while self._answer is None:
            self._check()
            time.sleep(POLL_S)
        return self._answer

    def _take(self, request: Any) -> SessionAnswerResponse:
        with self._lock:
            refusal = "this was answered already" if self._answer is not None else self._refusal(request)
            if refusal:
                return SessionAnswerResponse(success=False, message=refusal)
            self._answer = request
            self._news = News(self._news.stage, self._news.says)
        self._publish()
        return SessionAnswerResponse(success=True)

    def _refusal(self, request: Any) -> str:
        """Why an answer is not taken, empty when it is."""
        if request.question != self._question:
            return "that was about another attempt: look at what is asked now"
        if request.word not in self._news.answers:
            return f"{request.word!r} is no answer now: " + (" or ".join(self._news.answers) or "nothing is asked")
        if request.word == "redo" and not request.note.strip():
            return "a trial is repeated for a reason only: write it as the remark"
        try:
            _rubric(request)
        except ValidationError as error:
            return "; ".join(str(fault["msg"]) for fault in error.errors())
        return ""

    def _hear_alive(self, _: Any) -> None:
        self._alive_s = time.monotonic()

    def _repeat(self) -> None:
        while not rospy.is_shutdown():
            time.sleep(STATE_S)
            self._publish()

    def _publish(self) -> None:
        with self._lock:
            message = SessionState(
                folder=str(self._folder),
                stage=self._news.stage,
                says=self._news.says,
                todo=self._news.todo,
                answers=list(self._news.answers),
                question=self._question,
                trial=self._trial,
                began=self._began,
                limit_s=self._limit_s,
            )
        message.header.stamp = rospy.Time.from_sec(time.time())
        with ends_quietly():
            self._publisher.publish(message)


def _rubric(answer: Any) -> Rubric:
    names: List[str] = list(answer.milestones)
    failure = answer.failure if answer.word == "failure" else ""
    return Rubric(milestones=names, failure=failure, note=answer.note.strip())


def _reason(answer: Any) -> str:
    return f"{answer.operator or 'operator'}: {answer.note.strip() or 'no reason given'}"
