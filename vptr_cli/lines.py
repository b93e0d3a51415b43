"""Files of one JSON value a line that are appended to, and may have been left with half a line by a kill."""

from pathlib import Path
from typing import Any, Dict, List, Sequence

from vptr_policy.json_file import parse_object


def whole_lines(path: Path) -> List[bytes]:
    """The lines that were written to their end, none where there is no file; half a line at the end is cut off."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end != len(data):
        with open(str(path), "r+b") as file:
            file.truncate(end)
    return data[:end].splitlines()


def whole_rows(path: Path, keys: Sequence[str], remedy: str) -> List[Dict[str, Any]]:
    """The objects in those lines, each with ``keys``; raises ValueError with the remedy where one is not so."""
    lines = enumerate(whole_lines(path), 1)
    return [parse_object(line, f"{path}, line {number},", keys, remedy) for number, line in lines]
