"""What roslaunch was told, as seen by a command that it runs: it passes over arguments that no file declares."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import List, Optional, Tuple
from xml.etree import ElementTree

from robot_bridge.share import share_path

GENERATIONS = 4
"""How far up roslaunch is looked for: it runs commands through a shell."""


def unknown_words() -> List[str]:
    """A line for each NAME:=VALUE of the roslaunch that runs this process whose launch file has no such argument."""
    told, file = _roslaunch()
    if file is None:
        return []
    try:
        known = [str(one.get("name")) for one in ElementTree.parse(str(file)).getroot().findall("arg")]
    except (OSError, ElementTree.ParseError):
        return []  # roslaunch says so itself
    lines = []
    for word in told:
        name, is_argument, _ = word.partition(":=")
        if is_argument and name[:1].isalpha() and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}:=?" if near else f"it takes {', '.join(known)}"
            lines.append(f"{word}: {file.name} has no such argument; {hint}")
    return lines


def _roslaunch() -> Tuple[List[str], Optional[Path]]:
    """The words of the nearest ancestor that was given a launch file, and that file."""
    process = os.getppid()
    for _ in range(GENERATIONS):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
            parent = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            break
        files = [word for word in words if word.endswith(".launch") and " " not in word]
        if files:
            path = Path(files[0])
            return words, path if path.is_file() else share_path(f"launch/{path.name}")
        process = parent
    return [], None
