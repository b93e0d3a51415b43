"""Which code made a result."""

import platform
import subprocess
from pathlib import Path
from typing import Dict

import numpy as np
import torch


def git_sha() -> str:
    """The commit of this checkout, with ``+changes`` where files differ from it; ``unknown`` outside of git."""
    here = str(Path(__file__).resolve().parent)
    try:
        sha = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run(["git", "-C", here, "status", "--porcelain", "-uno"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return sha.stdout.strip() + ("+changes" if changes.stdout.strip() else "")


def versions() -> Dict[str, str]:
    """Of Python and the libraries that compute."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
