"""Files and folders that are written whole: a kill leaves the older one, and what it leaves beside is cleared later."""

import contextlib
import ctypes
import os
import re
import shutil
from pathlib import Path
from typing import Iterator, Optional

from safetensors import SafetensorError

LEFT = re.compile(r"\.(?P<name>.+)\.(?P<kind>partial|replaced)-(?P<process>\d+)")
HERE = -100
"""AT_FDCWD: paths are relative to the working directory."""
EXCHANGE = 2
"""RENAME_EXCHANGE: both names stay, what they name is swapped at once."""


def partial_name(path: Path) -> Path:
    """Where this process writes what becomes ``path``."""
    return path.parent / f".{path.name}.partial-{os.getpid()}"


@contextlib.contextmanager
def writing(path: Path, *partial: Path) -> Iterator[None]:
    """Around what writes ``path``: a failure becomes an OSError that names it, and what was half written is removed."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        for left in partial:
            if left.is_dir():
                shutil.rmtree(str(left), ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        raise OSError(
            f"{path} cannot be written ({error}): make room on the disk, then start again to go on"
        ) from error


def replace_folder(new: Path, folder: Path) -> None:
    """Move a folder to its name; one that stood there is removed, and never is there none."""
    if not folder.exists():
        os.rename(str(new), str(folder))
    elif exchange(new, folder):
        shutil.rmtree(str(new))
    else:  # a file system that cannot swap: between the two lines ``recover`` is what helps
        retired = folder.parent / f".{folder.name}.replaced-{os.getpid()}"
        os.rename(str(folder), str(retired))
        os.rename(str(new), str(folder))
        shutil.rmtree(str(retired))


def exchange(one: Path, other: Path) -> bool:
    """Swap two folders at once; False where this system or file system cannot."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(HERE, os.fsencode(str(one)), HERE, os.fsencode(str(other)), EXCHANGE) == 0)


def flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, before anything else is done."""
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def recover(parent: Path, name: Optional[str] = None) -> None:
    """Bring back what killed processes had moved away in a folder, and remove what they had half written.

    Args:
        parent: the folder.
        name: of what they wrote; None for all.
    """
    for left in sorted(parent.iterdir()) if parent.is_dir() else []:
        found = LEFT.fullmatch(left.name)
        if found is None or name not in (None, found["name"]) or is_running(int(found["process"])):
            continue
        if found["kind"] == "replaced" and not (parent / found["name"]).exists():
            os.rename(str(left), str(parent / found["name"]))
        elif left.is_dir():
            shutil.rmtree(str(left))
        else:
            left.unlink()


def is_running(process: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True
