"""The operator's page in Chromium over the real graph: bridge, camera, policy, session, console and STOP."""

import os
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

from eval_protocol.store import Store
from tests.ros.conftest import Master, Node, Nodes, free_port, wait_for
from tests.ros.test_session_node import CHECKPOINT, WEIGHTS, StandingPolicy, start_bridge, start_camera

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (./run test sets it up)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium (./run test sets it up)")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PROTOCOL = """
time_limit_s: 30.0
poses:
  near: {x: 0.25, y: 0.09, z: 0.20, roll: 0, pitch: 0, yaw: 0, gripper: 1.0}
containers:
  near: {x: 0.33, y: -0.09}
"""
PLACEMENTS = 3


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def graph(private_master: Master, tmp_path: Path) -> Iterator[Tuple[Nodes, Dict[str, Node]]]:
    """All nodes of a session whose operator is at the page; the policy stands still."""
    private_master.use_sim_time()
    nodes, policy = Nodes(private_master, tmp_path), StandingPolicy(private_master)
    port = free_port()
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "policy.safetensors").write_bytes(WEIGHTS)
    started = {
        "bridge": start_bridge(nodes, speed=1.0),
        "camera": start_camera(nodes, rate=15),
        "stop": nodes.start("stop_node", name_="stop", port=port, token="for this test"),
        "console": nodes.start(
            "console_node", name_="console", calibration="sim", stop_port=port, stop_token="for this test"
        ),
    }
    yield nodes, started
    nodes.kill_all()
    policy.kill()


def settings(tmp_path: Path) -> Dict[str, Any]:
    return {
        "task": "sweet_potato_on_plate",
        "protocol": _protocol(tmp_path),
        "policy": tmp_path / "checkpoint",
        "speed": 1.0,
        "session_dir": tmp_path / "session",
        "operator": "test",
        "judge": "console",
    }
