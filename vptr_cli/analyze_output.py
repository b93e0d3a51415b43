"""What the commands of `vptr analyze` have in common on the terminal."""

import os
import sys
from typing import Any, Dict


def prepare() -> None:
    """Say before torch and MuJoCo load that idle threads leave the cores to others, and that there is no screen."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("MUJOCO_GL", "osmesa")


def bar(text: str, total: int, unit: str) -> Any:
    """A progress bar on stderr; in a log file a line every ten seconds."""
    from tqdm import tqdm

    interval_s = 0.3 if sys.stderr.isatty() else 10.0
    return tqdm(total=total, desc=text, unit=unit, mininterval=interval_s, dynamic_ncols=True)


def expect(option: str, value: int, least: int) -> None:
    """Raise ValueError naming the option where its value is too small."""
    if value < least:
        raise ValueError(f"--{option} is {value}, expected at least {least}")


def interval(estimate: Dict[str, Any]) -> str:
    """An estimate's JSON values in words."""
    if estimate["low"] is None:
        return "{value:.2f}".format(**estimate)
    return "{value:.2f} [{low:.2f}, {high:.2f}]".format(**estimate)
