"""What in a data folder is ours, told by names that we alone give: nothing else in it is ever removed."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Pattern

SHARD_PARTIAL = re.compile(r"clips-\d{5,}\.tar\.partial")
"""In the data folder: a shard that was not finished."""
LOCK = "lock"
"""The first file in the folder of an import's progress."""
PROGRESS_FILE = re.compile(LOCK + r"|(import|\d{5,})\.json(\.partial)?")
SKIP_KEYS = ("kind", "name", "why")
"""In each line of the list of what was left out."""
INDEX_FILE = re.compile(r"(clips|frames)\.npy|shards\.json")


def is_progress(folder: Path) -> bool:
    """Whether an import keeps its progress there, or was killed before it could: then the folder is empty."""
    if not _is_folder(folder):
        return False
    names = [path.name for path in folder.iterdir()]
    return not names or (LOCK in names and not _foreign(folder, PROGRESS_FILE))


def check_progress(folder: Path) -> None:
    """Raise ValueError where the name of an import's progress is taken by something else."""
    if _is_taken(folder) and not is_progress(folder):
        raise _taken(folder, _held(folder, PROGRESS_FILE), "an import keeps its progress")


def check_index(folder: Path) -> None:
    """Raise ValueError where the name of an index is taken by something else."""
    if _is_taken(folder) and (not _is_folder(folder) or _foreign(folder, INDEX_FILE)):
        raise _taken(folder, _held(folder, INDEX_FILE), "the index of the clips is kept")


def check_skipped(path: Path) -> None:
    """Raise ValueError where the name of the list of what was left out is taken by something else."""
    if not _is_taken(path):
        return
    with suppress(OSError, ValueError, RecursionError):
        with open(path, encoding="utf-8") as file:
            first = file.readline()
        skip = json.loads(first or "{}")
        if not first or (isinstance(skip, dict) and all(key in skip for key in SKIP_KEYS)):
            return
    raise _taken(path, "", "an import lists what it left out")


def remove_files(folder: Path, ours: Pattern[str]) -> None:
    """Remove the files of such names from a folder."""
    for path in sorted(folder.iterdir()):  # of a progress the lock goes last: a kill leaves what is known as ours
        if ours.fullmatch(path.name) and not path.is_dir():
            path.unlink()


def remove_progress(folder: Path) -> None:
    """Remove the progress of an import; what else is in its folder stays."""
    if is_progress(folder):
        remove_files(folder, PROGRESS_FILE)
        folder.rmdir()


def _is_taken(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _foreign(folder: Path, ours: Pattern[str]) -> str:
    """The first thing in a folder that is not ours, or nothing."""
    names = sorted(path.name for path in folder.iterdir() if not ours.fullmatch(path.name) or path.is_dir())
    return names[0] if names else ""


def _held(folder: Path, ours: Pattern[str]) -> str:
    """The same where it is a folder."""
    return _foreign(folder, ours) if _is_folder(folder) else ""


def _taken(path: Path, held: str, use: str) -> ValueError:
    found = f"holds {held}, which is not ours" if held else "is there already and is not ours"
    return ValueError(
        f"{path} {found}, but {use} under this name: move it away, or name another folder (nothing was changed)"
    )
