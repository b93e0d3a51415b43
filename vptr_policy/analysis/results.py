"""Numbers as JSON files that come out the same each time."""

import json
import os
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

DIGITS = 6
"""Significant ones that are kept: what threads and machines change lies beyond."""


def write_results(path: Path, results: Any) -> None:
    """Write ``results`` (plain values, arrays and dataclasses) as JSON, whole or not at all; NaN becomes null."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(plain(results), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(partial, path)


def plain(value: Any) -> Any:
    """JSON values of ``value``."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value
