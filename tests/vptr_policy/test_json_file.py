"""Damaged files of JSON are named, with what was expected and what to do."""

import re
from pathlib import Path

import pytest

from vptr_policy.json_file import read_object


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'{"steps": 3,',
            r"config\.json is not JSON \(Expecting property name.*\): expected an object {...}; try again",
        ),
        (b'{"steps": "\xff"}', r"config\.json is not JSON \(.*utf-8"),
        (b"[" * 100_000, r"config\.json is not JSON \("),
        (b"[3]", r"config\.json is of the type list: expected an object {...}; try again"),
        (b'{"steps": 3}', r"config\.json lacks preset: expected an object with preset, steps; try again"),
    ],
)
def test_what_is_damaged_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="^" + re.escape(str(tmp_path)) + "/" + message):
        read_object(path, ("preset", "steps"), "try again")


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"steps": 3}')
    assert read_object(tmp_path / "config.json", ("steps",), "try again") == {"steps": 3}
