"""A folder that one process at a time writes."""

import contextlib
import fcntl
from pathlib import Path
from typing import Iterator, Type

LOCK = ".lock"
"""Of a folder of shards, whoever fills it, and of the folder of a run."""


@contextlib.contextmanager
def held(folder: Path, refusal: str, kind: Type[ValueError] = ValueError) -> Iterator[None]:
    """Keep a folder that is there for this process alone; raises ``kind`` with the refusal where another has it."""
    with open(str(folder / LOCK), "a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise kind(f"{folder}: {refusal}") from error
        yield
