"""Files of one JSON value a line that are appended to, and may have been left with half a line by a kill."""

from pathlib import Path
from typing import List


def whole_lines(path: Path) -> List[str]:
    """The lines that were written to their end, none where there is no file; half a line at the end is cut off."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end != len(data):
        with open(str(path), "r+b") as file:
            file.truncate(end)
    return data[:end].decode("utf-8").splitlines()
