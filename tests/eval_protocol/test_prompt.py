import io
import os

import pytest

from eval_protocol.prompt import Prompt
from eval_protocol.session import Aborted, Stopped, Verdict


def prompt(text):
    sink = io.StringIO()
    return Prompt(io.StringIO(text), sink), sink


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ("s\n", Verdict(True, "operator: no remark")),
        ("F dropped it\n", Verdict(False, "operator: dropped it")),
        ("\nyes\nmaybe\ns at last\n", Verdict(True, "operator: at last")),
    ],
)
def test_it_asks_until_there_is_a_verdict(answers, verdict):
    asked, sink = prompt(answers)
    assert asked.verdict() == verdict
    assert sink.getvalue().count("s = success") == answers.count("\n")


def test_what_was_typed_during_the_run_is_the_verdict():
    asked, sink = prompt("")
    assert asked.verdict("f too slow") == Verdict(False, "operator: too slow")
    assert sink.getvalue() == ""


@pytest.mark.parametrize(("answer", "reason"), [("a cable loose\n", "operator: cable loose"), ("a\n", "no reason")])
def test_an_abort_carries_the_operators_reason(answer, reason):
    with pytest.raises(Aborted, match=reason):
        prompt(answer)[0].verdict()
    with pytest.raises(Aborted, match=reason):
        prompt(answer)[0].confirm_scene(["Place it."])


def test_the_operator_is_told_what_to_place():
    asked, sink = prompt("\n")
    asked.confirm_scene(["Place the knife.", "Stand the pot."])
    assert "Place the knife.\n  Stand the pot.\n" in sink.getvalue()


def test_no_terminal_stops_the_session_with_what_to_do():
    with pytest.raises(Stopped, match="start the session in one"):
        prompt("")[0].verdict()


def test_typing_is_noticed_without_blocking():
    reader, writer = os.pipe()
    with os.fdopen(reader) as source, os.fdopen(writer, "w") as keyboard:
        asked = Prompt(source, io.StringIO())
        assert asked.typed() == ""
        keyboard.write("s good\n")
        keyboard.flush()
        assert asked.typed() == "s good"
        assert asked.typed() == ""
