"""The package lerobot itself, where it is installed: an interpreter of its own, as it pins what ours must not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def read(folder: Path, expression: str) -> Any:
    """An expression of ``data``, the folder as LeRobot loads it; skips the test where the package is not installed.

    VPTR_LEROBOT_PYTHON names the interpreter that has it, otherwise it is this one.
    """
    python = os.environ.get("VPTR_LEROBOT_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import lerobot"], capture_output=True).returncode:
        pytest.skip("the package lerobot is not installed (VPTR_LEROBOT_PYTHON may name an interpreter that has it)")
    script = (
        "import sys, json; from lerobot.datasets.lerobot_dataset import LeRobotDataset\n"
        "data = LeRobotDataset('local/x', root=sys.argv[1], video_backend='pyav')\n"
        f"print(json.dumps({expression}))\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    words = [python, "-W", "ignore", "-c", script, str(folder)]
    said = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout.splitlines()[-1])
