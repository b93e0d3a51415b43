"""What a recorder left behind, read back: the lines of its log, and the numbers that episode.json keeps of them."""

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np

from robot_bridge.interface import STEP_S
from robot_bridge.recording import format as names


def read_about(folder: Path) -> Dict[str, Any]:
    """The episode.json of an episode; raises ValueError where it is none."""
    try:
        about = json.loads((folder / names.ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{folder / names.ABOUT} cannot be read as JSON ({error})") from error
    if not isinstance(about, dict) or about.get("format") != names.FORMAT:
        raise ValueError(f"{folder / names.ABOUT} is not of the format {names.FORMAT}")
    return about


def read_lines(path: Path) -> List[Dict[str, Any]]:
    """The lines that were written whole; empty where there is no file. Raises ValueError where one is no object."""
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1]):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number + 1} of {path} is not JSON ({error})") from error
        if not isinstance(row, dict):
            raise ValueError(f"line {number + 1} of {path} is not an object")
        rows.append(row)
    return rows


def column(lines: List[Dict[str, Any]], name: str) -> Optional[np.ndarray]:
    """The values of a name in all lines, one row each; None where a line lacks it or they differ in size."""
    values = [line.get(name) for line in lines]
    if not values or any(value is None for value in values):
        return None
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def acted(lines: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The lines of whole steps: those with an action after which something was seen."""
    return [line for line in lines[:-1] if names.ACTION in line]


def summary(lines: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Steps, duration and ranges, so that an overview needs nothing but episode.json."""
    steps = acted(lines)
    found: Dict[str, Any] = {"steps": len(steps), "duration_s": duration_s(lines)}
    for name, rows in ((names.STATE, lines), (names.ACTION, steps), (names.EXECUTED, steps)):
        values = column(rows, name)
        if values is not None and values.ndim == 2:
            found[name] = [values.min(0).tolist(), values.max(0).tolist()]
    return found


def duration_s(lines: List[Dict[str, Any]]) -> float:
    """From the first to the last observation [s]; by the number of steps where there are no stamps."""
    stamps = column(lines, names.STAMP)
    return float(stamps[-1] - stamps[0]) if stamps is not None else STEP_S * max(len(lines) - 1, 0)
