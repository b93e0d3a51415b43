"""The parameters of the recorder, checked."""

from pathlib import Path
from typing import Any, Dict

import pytest
import yaml

from robot_bridge.recording.options import options_from

PROTOCOL = Path(__file__).resolve().parents[3] / "config" / "protocol" / "v_ptr.yaml"


def test_what_launch_files_give() -> None:
    protocol = yaml.safe_load(PROTOCOL.read_text())
    raw = {"task": "knife_in_pot", "out": "/data", "goal": 3, "every_picture": True, "protocol": protocol}
    options = options_from(raw)
    assert options.words() == "put the knife in the pot" and options.goal == 3 and options.every_picture
    assert options.poses()["left_rear"] == [0.325, 0.09, 0.20, 0.0, 0.0, 0.0, 1.0]
    assert options.starts() == ("left_front", "right_front", "left_rear", "right_rear")
    bare = options_from({"task": "lid_on_pan", "out": "~/data"})
    assert bare.words() == "lid on pan" and bare.poses() == {} and len(bare.starts()) == 4
    assert options_from({"task": "lid_on_pan", "out": "/data", "instruction": "close it"}).words() == "close it"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "recorder parameter task: Field required"),
        ({"task": "//"}, "'//' is no name of a task: expected some of the letters"),
        ({"task": "\u628a\u5200"}, "is no name of a task: .* what it is in words goes into the instruction"),
        ({"task": "t", "out": "data"}, "expected a whole path"),
        ({"task": "t", "goal": 0}, "recorder parameter goal"),
        ({"task": "t", "between": "away"}, "between is 'away', expected one of start, home, stay"),
        ({"task": "t", "cameras": " , "}, "no camera is named"),
        ({"task": "t", "protocol": {"poses": {"here": {"x": 1}}}}, "start pose here: expected numbers x, y"),
        ({"task": "t", "taks": 1}, "recorder parameter taks"),
    ],
)
def test_what_is_wrong_is_said(raw: Dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        options_from({"out": "/data", **raw})
