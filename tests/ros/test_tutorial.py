"""The whole loop at a small size: an emulated person's demonstrations, a policy, trials over real ROS, a report."""

import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

from eval_protocol.store import Store
from eval_protocol.summary import summarise

pytestmark = pytest.mark.timeout(240)
TASK = "sweet_potato_on_plate"
PROTOCOL = """
time_limit_s: 3.0
poses:
  left_rear: {x: 0.325, y: 0.09, z: 0.20, roll: 0.0, pitch: 0.0, yaw: 0.0, gripper: 1.0}
containers:
  left_rear: {x: 0.26, y: -0.11}
table: {x_min: 0.19, x_max: 0.375, y_min: -0.155, y_max: 0.155}
surroundings: {x_min: 0.17, x_max: 0.42, y_min: -0.23, y_max: 0.23}
shift: {min: 0.030, max: 0.050}
shifted: 0
clearance: 0.10
container_clearance: 0.155
"""


def tutorial(out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    words: List[str] = [sys.executable, "-m", "vptr_cli", "tutorial", "--out", str(out), "--task", TASK, *more]
    return subprocess.run(words, capture_output=True, text=True, timeout=220, env=os.environ)


def test_from_demonstrations_to_a_report(tmp_path: Path) -> None:
    protocol = tmp_path / "lab.yaml"
    protocol.write_text(PROTOCOL)
    size = ("--goal", "2", "--steps", "4", "--protocol", str(protocol), "--speed", "2")
    done = tutorial(tmp_path / "tutorial", *size)
    assert done.returncode == 0, done.stdout + done.stderr
    report = tmp_path / "tutorial" / "session" / "report.html"
    assert str(report) in done.stdout and TASK in report.read_text()
    store = Store(tmp_path / "tutorial" / "session" / "session.sqlite", read_only=True)
    try:
        summary = summarise(store)
    finally:
        store.close()
    assert summary["complete"] and summary["trials"] == 1
    listed = tutorial(tmp_path / "tutorial", *size, "--list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["collect", "check", "trim", "import", "train", "evaluate"]
    assert [line.split()[1] for line in listed if line.startswith(("import", "train"))] == ["done", "done"]
