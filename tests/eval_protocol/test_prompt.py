import io
import os

import pytest

from eval_protocol.prompt import Prompt
from eval_protocol.session import Aborted, Stopped, Verdict


@pytest.fixture
def prompt():
    """Makes prompts that read the given text, then the end of the input."""
    readers = []

    def make(text, **more):
        reader, writer = os.pipe()
        readers.append(reader)
        os.write(writer, text.encode())
        os.close(writer)
        sink = io.StringIO()
        return Prompt(reader, sink, **more), sink

    yield make
    for reader in readers:
        os.close(reader)


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
