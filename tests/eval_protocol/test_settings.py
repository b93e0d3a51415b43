import inspect
import re
from pathlib import Path

import pytest

from eval_protocol.settings import DEFAULT_TASK, DEFAULTS, session_folder, settings_from
from robot_bridge.share import share_path
from vptr_cli.demo import demo
from vptr_cli.eval import plan


def test_what_is_not_given_keeps_its_default():
    assert settings_from({}) == {**DEFAULTS, "judge": "predicate"}
    assert settings_from({"task": "knife_in_pot", "speed": 2})["speed"] == 2.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"speed": "fast"}, "~speed is 'fast', expected float"),
        ({"scenario": "one"}, "~scenario is 'one', expected int"),
        ({"sped": 2}, "unknown parameters ~sped; known: robot, task"),
        ({"robot": "real"}, "~robot is 'real', expected sim or interbotix"),
        ({"speed": -1}, "~speed is -1.0, expected 0"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        settings_from(given)


def test_a_session_is_stored_under_the_shells_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PWD", str(tmp_path))
    new = session_folder("")
    assert new.parent == tmp_path / "sessions"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-[0-9a-f]{6}", new.name)
    assert session_folder("a/b") == tmp_path / "a" / "b"
    assert session_folder("/x/y") == Path("/x/y")


def test_every_way_in_evaluates_the_same_task_by_default():
    launch = share_path("launch")
    given = {file.name: re.search(r'name="task" default="(\w+)"', file.read_text()) for file in launch.glob("*.launch")}
    assert {match[1] for match in given.values() if match} == {DEFAULT_TASK}
    assert sum(match is not None for match in given.values()) == 2
    for command, default in ((demo, DEFAULT_TASK), (plan, (DEFAULT_TASK,))):
        assert inspect.signature(command).parameters["task"].default == default
    assert DEFAULTS["task"] == DEFAULT_TASK


@pytest.mark.parametrize(
    ("robot", "judge", "found"),
    [("sim", "", "predicate"), ("sim", "console", "console"), ("interbotix", "", "terminal")],
)
def test_who_judges_follows_from_the_robot(robot, judge, found):
    assert settings_from({"robot": robot, "judge": judge})["judge"] == found


def test_nothing_but_a_person_judges_the_real_robot():
    with pytest.raises(ValueError, match="~judge is 'predicate', expected terminal or console"):
        settings_from({"robot": "interbotix", "judge": "predicate"})
