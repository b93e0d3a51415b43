"""What the console shows and passes on, whatever stands behind it: a running session or a finished one."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Protocol, Tuple

from pydantic import BaseModel, ConfigDict, Field

WORDS = ("start", "success", "failure", "abort", "redo", "continue")
"""What an operator can say; ``answers`` of the state lists those that mean something now."""
TEXT = 500
"""Characters of a remark at most."""


class Answer(BaseModel):
    """One thing the operator says, an answer to one question: a late click does not hit the next trial."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    word: str = Field(pattern="^(start|success|failure|abort|redo|continue)$")
    question: int = Field(ge=0, le=2**31)
    milestones: List[str] = Field(default_factory=list, max_length=8)
    failure: str = Field(default="", max_length=60)
    note: str = Field(default="", max_length=TEXT)


class Desk(Protocol):
    """The console's other side; its methods are called from many threads and answer at once.

    ``live``: whether a session may run there; past trials are all there is to see of one that is over.
    """

    live: bool

    def state(self) -> Dict[str, Any]:
        """What to show, as plain data."""

    def picture(self) -> Tuple[int, bytes]:
        """The newest camera picture as JPEG, and its number; (0, b"") where there is none."""

    def folder(self) -> Optional[Path]:
        """The session's folder, None where there is no session yet."""

    def answer(self, answer: Answer, operator: str) -> None:
        """Pass on what the operator says; raises Refused."""

    def stop(self, who: str) -> str:
        """Stop the robot; returns what it said, raises RuntimeError where it could not be told."""
