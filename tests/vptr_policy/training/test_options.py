"""Options and the command line that gives them."""

import shlex
from pathlib import Path
from typing import Any, Dict

import pytest
import tyro

from vptr_policy.training.robot_options import BCOptions


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": 7, "hours": 0.5, "failures": True, "bfloat16": False},
        {"hidden": (64, 32, 16), "out": Path("a folder/run"), "colour": 0.0},
        {"data": (Path("one"), Path("two"))},
    ],
)
def test_the_command_gives_the_same_options_again(changes: Dict[str, Any]) -> None:
    options = BCOptions(**{"data": (Path("data"),), "out": Path("run"), **changes})
    words = shlex.split(options.command())
    assert words[:3] == ["vptr", "train", "bc"]
    assert tyro.cli(BCOptions, args=words[3:]) == options


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "--steps is 0, expected at least 1"),
        ({"save_every": 0}, "--save-every is 0"),
        ({"averaging": 1.0}, "--averaging is 1.0"),
        ({"hours": -1.0}, "--hours is -1.0"),
        ({"schedule": "linear"}, "--schedule is linear, expected constant or cosine"),
    ],
)
def test_what_cannot_be_is_refused(changes: Dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BCOptions((Path("data"),), Path("run"), **changes)
