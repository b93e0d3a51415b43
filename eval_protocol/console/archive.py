"""A session that is over, on the console's desk: its trials, videos and labels, and no robot."""

from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from eval_protocol.console.control import Refused
from eval_protocol.console.desk import Answer
from eval_protocol.console.progress import read_progress
from eval_protocol.rubric import FAILURES, MILESTONES

OVER = "this session is not running here: nothing can be answered or stopped"


class Archive:
    """A desk without a robot; raises StoreError where ``folder`` holds no session."""

    live = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        read_progress(folder / "session.sqlite")

    def state(self) -> Dict[str, Any]:
        """The trials as the session file has them now."""
        progress = read_progress(self._folder / "session.sqlite")
        return {
            "stage": "finished",
            "says": "This session is not running here",
            "todo": "Past trials shows its videos and labels",
            "answers": [],
            "question": 0,
            "session": progress.title,
            "problem": "",
            "silent_s": 0.0,
            "clock": None,
            "robot": None,
            "trial": None,
            "progress": progress.trials,
            "trace": None,
            "milestones": list(MILESTONES),
            "failures": list(FAILURES),
        }

    def picture(self) -> Tuple[int, bytes]:
        """There is no camera."""
        return 0, b""

    def folder(self) -> Optional[Path]:
        """Where the session is."""
        return self._folder

    def answer(self, answer: Answer, operator: str) -> None:
        """Refused."""
        del answer, operator
        raise Refused(OVER)

    def stop(self, who: str) -> str:
        """There is nothing to stop; raises RuntimeError."""
        del who
        raise RuntimeError(OVER)
