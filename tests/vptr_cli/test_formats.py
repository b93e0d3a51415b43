"""A command that hands over to the function of its format."""

from pathlib import Path
from typing import Dict, List

import pytest

from vptr_cli.formats import ByFormat, Format


def _apples(source: Path, out_dir: Path, peel: bool = False) -> int:
    """Apples.

    All of them.
    """
    return 1


def _pears(source: Path, ripe: bool, out_dir: Path) -> int:
    """Pears."""
    return 2


def _command(**formats: Format) -> ByFormat:
    fruit: Dict[str, Format] = {
        "apples": Format(_apples, lambda path: path.suffix == ".apple"),
        "pears": Format(_pears),
        **formats,
    }
    return ByFormat("Fruit.", fruit)


@pytest.mark.parametrize("named", [["--format", "pears"], ["--format=pears"]])
def test_a_format_that_is_named_is_taken(named: List[str]) -> None:
    words = ["src", *named, "--out-dir", "x"]
    assert _command().select(words) == (_pears, " --format pears", ["src", "--out-dir", "x"])


def test_a_format_is_recognised_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.apple").write_text("")
    words = [str(tmp_path / "a.apple"), "--out-dir", "x"]
    assert _command().select(words) == (_apples, " --format apples", words)


def test_a_source_of_no_format_or_of_two_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.apple").write_text("")
    with pytest.raises(ValueError, match=r"not recognised; say --format NAME \(apples, pears\)"):
        _command().select([str(tmp_path)])
    both = _command(plums=Format(_pears, lambda path: True))
    with pytest.raises(ValueError, match="could be apples or plums"):
        both.select([str(tmp_path / "a.apple")])
    with pytest.raises(FileNotFoundError, match="no such file"):
        _command().select(["nowhere"])


def test_a_wrong_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no format 'aple'. Did you mean 'apples'\? Known: apples, pears"):
        _command().select(["src", "--format", "aple"])
    with pytest.raises(ValueError, match="needs a name"):
        _command().select(["src", "--format"])
    with pytest.raises(ValueError, match="give the source first"):
        _command().select(["--out-dir", "x", "src"])


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_without_a_format_they_are_listed(words: List[str], capsys: pytest.CaptureFixture) -> None:
    run, suffix, rest = _command().select(words)
    run()
    text = capsys.readouterr().out
    assert text.startswith("Fruit.\n\nGive SOURCE --out-dir OUT_DIR [--format NAME] [OPTIONS]; formats:\n\n")
    assert "apples  Apples." in text and "Recognised without --format: apples." in text and not suffix and not rest
