"""The `vptr` dispatcher, by real subprocesses."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def vptr(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **variables}
    command = [sys.executable, str(REPOSITORY / "scripts" / "vptr"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_overview_lists_the_groups() -> None:
    done = vptr("--help")
    assert done.returncode == 0
    assert {"sim", "train", "policy", "eval"} <= {line.split()[0] for line in done.stdout.splitlines() if line.strip()}


def test_wrong_group_is_answered_with_the_nearest_right_one() -> None:
    done = vptr("polici")
    assert done.returncode == 2
    assert "Did you mean 'policy'?" in done.stderr
