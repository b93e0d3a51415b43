"""The operator's answers at a terminal: is the scene set, was it a success."""

import select
import sys
from typing import List, Optional, TextIO

from eval_protocol.session import Aborted, Stopped, Verdict

QUESTION = "s = success, f = failure, a REASON = abort and repeat: "


class Prompt:
    """Reads answers line by line from ``source`` (a terminal), without blocking where that matters."""

    def __init__(self, source: Optional[TextIO] = None, sink: Optional[TextIO] = None) -> None:
        self._source, self._sink = source or sys.stdin, sink or sys.stdout

    def confirm_scene(self, lines: List[str]) -> None:
        """Say what to place where and wait until the operator has done it."""
        for line in lines:
            self._say("  " + line)
        answer = self._ask("Enter when the scene is set (a REASON = abort and repeat): ")
        if answer.lower().split(" ")[0] == "a":
            raise Aborted(_reason(answer))

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
        """Say something and wait for Enter."""
        self._ask(text)

    def typed(self) -> str:
        """What the operator has typed meanwhile, empty where nothing; never blocks."""
        readable, _, _ = select.select([self._source], [], [], 0.0)
        return self._source.readline().strip() if readable else ""

    def _ask(self, text: str) -> str:
        self._sink.write(text)
        self._sink.flush()
        line = self._source.readline()
        if not line:
            raise Stopped(
                "there is no terminal for the operator's answers: start the session in one, "
                "e.g. evaluate.launch terminal:='xterm -e'"
            )
        return line.strip()

    def _say(self, text: str) -> None:
        self._sink.write(text + "\n")
        self._sink.flush()


def _reason(answer: str) -> str:
    reason = answer.strip()[1:].strip()
    return "operator: " + (reason or "no reason given")
