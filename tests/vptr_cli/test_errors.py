"""The operating system's refusals, caused for real, in sentences."""

import errno
from pathlib import Path
from typing import List

import pytest

from vptr_cli.errors import one_line, sentence
from vptr_cli.main import main


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("taken", "taken is there already and is no folder, expected a folder: give another path"),
        ("taken/below", "taken/below goes through a file as if it were a folder: give another path"),
    ],
)
@pytest.mark.parametrize(
    "command", [["sim", "videos", "--clips", "1"], ["sim", "generate", "--task", "knife_in_pot", "--episodes", "1"]]
)
def test_a_file_where_a_folder_goes_is_told_and_left_alone(
    command: List[str], out: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "taken").write_text("mine")
    assert main([*command, "--out", str(tmp_path / out)]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"vptr: {tmp_path}/{told}"
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "wb", buffering=0) as file, pytest.raises(OSError) as caught:
        file.write(b"x")
    assert one_line(caught.value).startswith("the disk is full: free some space")


def test_errors_without_a_path_or_a_sentence_stay_as_they_are() -> None:
    assert sentence(FileExistsError(errno.EEXIST, "File exists")) is None
    assert one_line(ValueError("expected\n a number")) == "expected a number"
    assert one_line(KeyError()) == "KeyError"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["sim", "videos", "--clips", "0"], "got 0 clips, 50 a shard, 128 px"),
        (["sim", "generate", "--episodes", "0"], "got 4 tasks, 0 episodes of 60, 24 a shard"),
    ],
)
def test_numbers_that_are_too_small_are_named(
    command: List[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main([*command, "--out", str(tmp_path / "out")]) == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
