"""The person beside the arm, as a session sees them: at a terminal or at the console's page."""

from dataclasses import dataclass, field
from typing import List, Optional, Protocol

from eval_protocol.plan import Plan, Trial, instructions
from eval_protocol.prompt import QUESTION, Prompt, is_answer
from eval_protocol.rubric import Rubric
from eval_protocol.session import Verdict

STAGES = ("waiting", "moving", "setup", "running", "judging", "recovering", "finished")


@dataclass(frozen=True)
class News:
    """What the session is doing: ``says`` in words, ``todo`` what the person must do next."""

    stage: str
    says: str
    todo: str = ""
    answers: List[str] = field(default_factory=list)


class Operator(Protocol):
    """Sets the scene and judges; each question raises Aborted with a reason when the person wants that."""

    def tell(self, news: News) -> None:
        """Say what happens now."""

    def confirm_scene(self, plan: Plan, trial: Trial) -> None:
        """Wait until the scene of a trial is set."""

    def begin(self, plan: Plan, trial: Trial) -> None:
        """The policy acts from now on."""

    def enough(self) -> bool:
        """Whether the person has judged, or wants an abort, before the time is over; never blocks.

        Raises Aborted where there is nobody any more who could stop the robot.
        """

    def verdict(self, plan: Plan, trial: Trial) -> Verdict:
        """The person's verdict: the one given meanwhile, else wait for it."""

    def wait(self, reason: str) -> None:
        """After an abort: wait until the robot may move again."""


class TerminalOperator:
    """An operator at a terminal."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._typed = ""

    def tell(self, news: News) -> None:
        """The session's own lines are in the same terminal."""

    def confirm_scene(self, plan: Plan, trial: Trial) -> None:
        """Say what goes where and wait for Enter."""
        place = f"{trial.start_pose}, {trial.placement_words()}"
        self._prompt.say(f"trial {trial.number}/{len(plan.trials)}: {place}. Success: {plan.success}.\n")
        self._prompt.confirm_scene(instructions(plan, trial))

    def begin(self, plan: Plan, trial: Trial) -> None:
        """Say how to end it; what was typed before answers nothing."""
        del trial
        self._typed = ""
        self._prompt.discard()
        self._prompt.say(f"the policy runs for up to {plan.time_limit_s:g} s; end it early with {QUESTION}\n")

    def enough(self) -> bool:
        """Whether a verdict or an abort was typed."""
        line: Optional[str] = self._prompt.typed()
        if line and is_answer(line):
            self._typed = line
        return is_answer(self._typed)

    def verdict(self, plan: Plan, trial: Trial) -> Verdict:
        """The typed one, or the answer to the question."""
        del plan, trial
        return self._prompt.verdict(self._typed)

    def wait(self, reason: str) -> None:
        """Until Enter is pressed."""
        self._prompt.wait(f"aborted: {reason}. Enter when the robot may move again: ")


def judged(success: bool, operator: str, rubric: Rubric) -> Verdict:
    """A verdict with what was noted beside it."""
    return Verdict(success, f"{operator}: {rubric.note or 'no remark'}", rubric)
