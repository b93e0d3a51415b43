"""The operator's answers at a terminal: is the scene set, was it a success."""

import os
import select
import sys
import termios
from typing import Callable, List, Optional, TextIO

from eval_protocol.session import Aborted, Stopped, Verdict

QUESTION = "s = success, f = failure, a REASON = abort and repeat: "
CONFIRM = "Enter when the scene is set (a REASON = abort and repeat): "
ANSWERS = ("s", "f", "a")
POLL_S = 0.1


class Prompt:
    """Reads answers line by line from the file descriptor ``source`` (a terminal).

    ``check`` is called several times a second while it waits; it may raise to end the waiting.
    """

    def __init__(
        self, source: Optional[int] = None, sink: Optional[TextIO] = None, check: Callable[[], None] = lambda: None
    ) -> None:
        self._source = sys.stdin.fileno() if source is None else source
        self._sink = sink or sys.stdout
        self._check = check
        self._pending = b""

    def confirm_scene(self, lines: List[str]) -> None:
        """Say what to place where and wait until the operator has done it."""
        for line in lines:
            self.say("  " + line + "\n")
        answer = self._ask(CONFIRM)
        while answer:
            if answer.lower().split()[0] == "a":
                raise Aborted(_reason(answer))
            answer = self._ask(f"{answer!r} is no answer to this. {CONFIRM}")

    def verdict(self, answer: str = "") -> Verdict:
        """The operator's verdict; asks until there is one, unless ``answer`` already is one."""
        while True:
            word, _, reason = answer.strip().partition(" ")
            if word.lower() in ("s", "f"):
                return Verdict(word.lower() == "s", "operator: " + (reason.strip() or "no remark"))
            if word.lower() == "a":
                raise Aborted(_reason(answer))
            answer = self._ask(QUESTION)

    def wait(self, text: str) -> None:
        """Say something and wait for Enter alone."""
        while self._ask(text):
            pass

    def typed(self) -> str:
        """A line that the operator has typed meanwhile, empty where there is none; never blocks."""
        return self._line(0.0) or ""

    def discard(self) -> None:
        """Forget what was typed before now: it answers nothing that is asked later."""
        self._pending = b""
        if os.isatty(self._source):
            termios.tcflush(self._source, termios.TCIFLUSH)

    def _ask(self, text: str) -> str:
        self.discard()
        self.say(text)
        line = self._line(POLL_S)
        while line is None:
            self._check()
            line = self._line(POLL_S)
        return line

    def _line(self, timeout_s: float) -> Optional[str]:
        """The next line without its end, or None while there is none; raises Stopped at the end of the input."""
        if b"\n" not in self._pending and select.select([self._source], [], [], timeout_s)[0]:
            data = os.read(self._source, 4096)
            if not data:
                raise Stopped(
                    "there is no terminal for the operator's answers: start the session in one, "
                    "e.g. evaluate.launch terminal:='xterm -e'"
                )
            self._pending += data
        line, end, rest = self._pending.partition(b"\n")
        if not end:
            return None
        self._pending = rest
        return line.decode("utf-8", "replace").strip()

    def say(self, text: str) -> None:
        """Write to the terminal."""
        self._sink.write(text)
        self._sink.flush()


def is_answer(line: str) -> bool:
    """Whether a typed line is a verdict or an abort."""
    return line.lower().split(" ")[0] in ANSWERS


def _reason(answer: str) -> str:
    reason = answer.strip()[1:].strip()
    return "operator: " + (reason or "no reason given")
