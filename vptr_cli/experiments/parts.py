"""An experiment as a list of parts, each a command line that resumes: run what is missing, in order."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from vptr_cli.lines import whole_rows
from vptr_policy.json_file import read_object
from vptr_policy.meant import meant

LOG = "parts.jsonl"
"""Beside the parts' folders: which part took how long, one line an attempt, failed and interrupted ones too."""


@dataclass(frozen=True)
class Part:
    """One command of `vptr`.

    ``done`` is the file that stands there once it is finished; None for a command that finds out by itself what is
    left to do, of which ``is_complete`` tells whether nothing is. ``needs`` are the names of the parts that must be
    finished before.
    """

    name: str
    words: Tuple[str, ...]
    done: Optional[Path] = None
    needs: Tuple[str, ...] = ()
    is_complete: Optional[Callable[[], bool]] = None

    @property
    def finished(self) -> bool:
        """Whether it need not be run again."""
        return self.done is not None and self.done.is_file() and not _is_incomplete(self.done)

    @property
    def command(self) -> str:
        """What a person would type."""
        return "vptr " + " ".join(self.words)


def generated(name: str, words: Sequence[str], folder: Path) -> Part:
    """The part that makes a data folder."""
    return Part(name, (*words, "--out", str(folder)), folder / "index.json")


def trained(preset: str, name: str, words: Sequence[str], run: Path, seed: int, needs: Sequence[str]) -> Part:
    """The part that trains a preset into a run folder."""
    words = ("train", preset, *words, "--out", str(run), "--seed", str(seed))
    return Part(name, words, run / "checkpoint" / "card.json", tuple(needs))


class PartFailed(RuntimeError):
    """A part ended with an error, which it has printed."""


def run_parts(parts: Sequence[Part], folder: Path, say: Callable[[str], None] = print) -> None:
    """Run the parts that are not finished; raises PartFailed at the first that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {row["part"]: row["recipe"] for row in _logged(folder)}
    for number, part in enumerate(parts, 1):
        recipe = part.command.replace(str(folder), "OUT")  # the same wherever the folder is
        if part.finished:
            _expect_same(part.name, recipe, made.get(part.name, recipe))
            say(f"{number}/{len(parts)} {part.name}: done before")
            continue
        say(f"{number}/{len(parts)} {part.name}: {part.command}")
        start = time.monotonic()
        try:
            _run(part)
        finally:
            seconds = time.monotonic() - start
            with open(str(folder / LOG), "a", encoding="utf-8") as log:
                log.write(json.dumps({"part": part.name, "seconds": round(seconds, 1), "recipe": recipe}) + "\n")
        say(f"{number}/{len(parts)} {part.name}: {seconds / 60:.1f} min")


def choose(parts: Sequence[Part], name: Optional[str]) -> List[Part]:
    """All parts, or the one of that name and what it needs, in order; raises ValueError naming the nearest."""
    if name is None:
        return list(parts)
    by_name = {part.name: part for part in parts}
    if name not in by_name:
        raise ValueError(f"no part {name!r}{meant(name, by_name) or ';'} --list shows them all")
    wanted = {name}
    for part in reversed(parts):  # what a part needs stands before it
        if part.name in wanted:
            wanted.update(part.needs)
    return [part for part in parts if part.name in wanted]


def describe(parts: Sequence[Part]) -> List[str]:
    """One line a part: its name, whether it is done, its command."""
    width = max(len(part.name) for part in parts)
    return [f"{part.name.ljust(width)}  {'done' if _is_done(part) else 'open'}  {part.command}" for part in parts]


def minutes(folder: Path) -> float:
    """How long all parts have taken so far."""
    return sum(row["seconds"] for row in _logged(folder)) / 60.0


def _logged(folder: Path) -> List[Dict[str, Any]]:
    return whole_rows(
        folder / LOG, ("part", "seconds", "recipe"), "remove the line, which only tells how long a part took"
    )


def _expect_same(name: str, recipe: str, made: str) -> None:
    """What is there must have been made by the command that would make it now."""
    if made != recipe:
        raise PartFailed(
            f"{name} was made by\n  {made}\nand would now be made by\n  {recipe}\n"
            "Name another --out, or remove what is there to make it again"
        )


def _run(part: Part) -> None:
    status = _status(part.words)
    if status != 0:
        raise PartFailed(f"{part.name} ended with status {status}; give the same command again to go on from there")
    if part.done is not None and not part.finished:
        raise PartFailed(f"{part.name} ended well but {part.done} is not there or not complete")


def _status(words: Sequence[str]) -> int:
    return subprocess.run([sys.executable, "-m", "vptr_cli", *words]).returncode


def _is_done(part: Part) -> bool:
    return part.finished or (part.is_complete is not None and part.is_complete())


def _is_incomplete(path: Path) -> bool:
    """Whether it is the index of a data folder that is still being made."""
    if path.name != "index.json":
        return False
    index = read_object(path, (), f"remove {path.parent} and give the same command again to make it anew")
    return not index.get("complete", True)
