from typing import Dict, List

import pytest
from pydantic import Field, model_validator

from eval_protocol.yaml_source import PlanError, Strict, YamlSource

TEXT = """\
# a comment
name: ann
poses:
  left: {x: 0.1, y: 0.2}
  right:
    x: 0.3
    y: 9.0     # too far
marks: [1, 2,
  three]
"""


class Pose(Strict):
    x: float
    y: float = Field(le=1.0)


class Whole(Strict):
    name: str
    poses: Dict[str, Pose]
    marks: List[int]


@pytest.fixture
def source(tmp_path):
    def write(text):
        (tmp_path / "lab.yaml").write_text(text)
        return YamlSource(tmp_path / "lab.yaml")

    return write


def test_each_wrong_value_is_named_with_its_line_and_what_was_given(source, tmp_path):
    with pytest.raises(PlanError) as error:
        source(TEXT).validated(Whole)
    first, second = str(error.value).split("; ")
    assert first == f"{tmp_path / 'lab.yaml'}:7: poses.right.y: Input should be less than or equal to 1, got 9.0"
    assert second.startswith(f"{tmp_path / 'lab.yaml'}:9: marks.2: Input should be a valid integer")
    assert second.endswith("got 'three'")


def test_sound_files_are_read(source):
    text = TEXT.replace("9.0", "0.9").replace("three", "3")
    assert source(text).validated(Whole).marks == [1, 2, 3]
    assert source(text).validated(Pose, ["poses", "right"]).y == 0.9


@pytest.mark.parametrize(
    ("change", "line", "problem"),
    [
        (("  left: {x: 0.1, y: 0.2}", "  left: {x: 0.1}"), 4, "poses.left.y: is missing"),
        (("name: ann", "nam: ann"), 2, "nam: no such key; did you mean .name.?"),
        (("name: ann\n", ""), 1, "name: is missing"),
        (("    x: 0.3", "    x: {}"), 6, "poses.right.x: Input should be a valid number"),
    ],
)
def test_what_is_missing_or_too_much_has_the_line_of_what_holds_it(source, change, line, problem):
    with pytest.raises(PlanError, match=rf"lab.yaml:{line}: {problem}"):
        source(TEXT.replace(*change)).validated(Whole)


class Paired(Strict):
    """Two parts that have to agree."""

    left: List[int]
    right: List[int]

    @model_validator(mode="after")
    def _agree(self) -> "Paired":
        if len(self.left) != len(self.right):
            raise ValueError(f"right must be as long as left, got {len(self.right)}")
        return self


def test_a_rule_between_parts_has_the_line_of_the_first_that_it_names(source):
    with pytest.raises(PlanError, match=r"lab.yaml:3: right: right must be as long as left, got 2$"):
        source("left: [1]\n\nright: [1, 2]\n").validated(Paired)


def test_a_key_that_is_given_twice_is_not_taken_silently(source):
    with pytest.raises(PlanError, match=r"lab.yaml:6: poses.left: is there already, in line 4; give it once"):
        source(TEXT.replace("  right:\n", "    \n  left:\n"))


def test_the_value_of_an_alias_has_the_line_where_it_was_written(source):
    with pytest.raises(PlanError, match=r"lab.yaml:2: poses.b.y"):
        source("poses:\n  a: &far {x: 1, y: 5}\n  b: *far\nname: n\nmarks: []\n").validated(Whole)


@pytest.mark.parametrize(
    ("text", "problem"), [("a: [1\nb: 2", r"lab.yaml:2: is not YAML"), ("- 1\n", "must hold a mapping, got list")]
)
def test_files_that_hold_something_else_are_refused(source, text, problem):
    with pytest.raises(PlanError, match=problem):
        source(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PlanError, match="no file"):
        YamlSource(tmp_path / "none.yaml")


def test_a_complaint_of_ones_own_has_the_line_too(source):
    assert str(source(TEXT).error(["poses", "left"], "no such pose")).endswith("lab.yaml:4: poses.left: no such pose")
