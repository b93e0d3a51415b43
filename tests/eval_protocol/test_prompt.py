import contextlib
import io
import os
import pty
import threading
import time

import pytest

from eval_protocol.prompt import Prompt, is_answer
from eval_protocol.session import Aborted, Stopped, Verdict


class Operator(io.StringIO):
    """A sink that answers each question, which ends in a colon and a space, with its next line."""

    def __init__(self, writer, answers):
        super().__init__()
        self.writer, self.answers = writer, answers

    def write(self, text):
        if text.endswith(": ") and self.answers:
            os.write(self.writer, self.answers.pop(0).encode())
        elif text.endswith(": "):
            os.close(self.writer)
        return super().write(text)


@pytest.fixture
def prompt():
    """Makes prompts that are answered by the lines of the given text, then by the end of the input."""
    descriptors = []

    def make(text, **more):
        reader, writer = os.pipe()
        descriptors.extend((reader, writer))
        sink = Operator(writer, text.splitlines(keepends=True))
        return Prompt(reader, sink, **more), sink

    yield make
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


@pytest.fixture
def terminal():
    """A prompt on a pseudo-terminal, its output, and the operator's end of it."""
    master, slave = pty.openpty()
    sink = io.StringIO()
    yield Prompt(slave, sink), sink, master
    os.close(master)
    os.close(slave)


def test_what_was_typed_before_a_question_answers_nothing(terminal):
    asked, sink, keyboard = terminal
    os.write(keyboard, b"s typed long before\nf and this\n")
    time.sleep(0.1)

    def answer():
        while "s = success" not in sink.getvalue():
            time.sleep(0.01)
        os.write(keyboard, b"f missed it\n")

    typist = threading.Thread(target=answer)
    typist.start()
    assert asked.verdict() == Verdict(False, "operator: missed it")
    typist.join()


def test_what_was_typed_before_an_episode_does_not_end_it(terminal):
    asked, _, keyboard = terminal
    os.write(keyboard, b"s too early\nf half a li")
    time.sleep(0.1)
    assert asked.typed() == "s too early"  # the rest of the same read lies in the buffer
    os.write(keyboard, b"ne\ns again\n")
    time.sleep(0.1)
    asked.discard()
    assert asked.typed() == ""
    os.write(keyboard, b"s now\n")
    time.sleep(0.1)
    assert asked.typed() == "s now"


@pytest.mark.parametrize("odd", ["s", "f", "yes", "s good"])
def test_only_enter_or_an_abort_answers_whether_the_scene_is_set(prompt, odd):
    asked, sink = prompt(f"{odd}\n\n")
    asked.confirm_scene(["Place it."])
    assert sink.getvalue().count("Enter when the scene is set") == 2
    assert "is no answer to this" in sink.getvalue()
    with pytest.raises(Aborted, match="cable"):
        prompt(f"{odd}\na cable\n")[0].confirm_scene(["Place it."])


def test_the_arm_moves_on_only_at_enter_alone(prompt):
    asked, sink = prompt("s\n\n")
    asked.wait("Enter when the robot may move: ")
    assert sink.getvalue().count("may move") == 2


@pytest.mark.parametrize(
    ("line", "known"), [("s", True), ("F late", True), ("a", True), ("", False), ("sorry", False), ("x", False)]
)
def test_a_slip_of_the_finger_ends_no_episode(line, known):
    assert is_answer(line) == known


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ("s\n", Verdict(True, "operator: no remark")),
        ("F dropped it\n", Verdict(False, "operator: dropped it")),
        ("\nyes\nmaybe\ns at last\n", Verdict(True, "operator: at last")),
    ],
)
def test_it_asks_until_there_is_a_verdict(prompt, answers, verdict):
    asked, sink = prompt(answers)
    assert asked.verdict() == verdict
    assert sink.getvalue().count("s = success") == answers.count("\n")


def test_what_was_typed_during_the_run_is_the_verdict(prompt):
    asked, sink = prompt("")
    assert asked.verdict("f too slow") == Verdict(False, "operator: too slow")
    assert sink.getvalue() == ""


@pytest.mark.parametrize(("answer", "reason"), [("a cable loose\n", "operator: cable loose"), ("a\n", "no reason")])
def test_an_abort_carries_the_operators_reason(prompt, answer, reason):
    with pytest.raises(Aborted, match=reason):
        prompt(answer)[0].verdict()
    with pytest.raises(Aborted, match=reason):
        prompt(answer)[0].confirm_scene(["Place it."])


def test_the_operator_is_told_what_to_place(prompt):
    asked, sink = prompt("\n")
    asked.confirm_scene(["Place the knife.", "Stand the pot."])
    assert "Place the knife.\n  Stand the pot.\n" in sink.getvalue()


def test_no_terminal_stops_the_session_with_what_to_do(prompt):
    with pytest.raises(Stopped, match="start the session in one"):
        prompt("")[0].verdict()


def test_waiting_ends_when_the_check_says_so():
    reader, writer = os.pipe()
    checked = []

    def check():
        checked.append(1)
        if len(checked) == 2:
            raise Stopped("shut down")

    with pytest.raises(Stopped, match="shut down"):
        Prompt(reader, io.StringIO(), check).wait("Enter: ")
    os.close(reader)
    os.close(writer)


def test_typing_is_noticed_without_blocking():
    reader, writer = os.pipe()
    asked = Prompt(reader, io.StringIO())
    assert asked.typed() == ""
    os.write(writer, b"s go")
    assert asked.typed() == ""
    os.write(writer, b"od\nf later\n")
    assert [asked.typed(), asked.typed(), asked.typed()] == ["s good", "f later", ""]
    os.close(reader)
    os.close(writer)
