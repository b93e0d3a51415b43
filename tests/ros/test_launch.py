"""robot.launch: wrong arguments end it before anything starts; a node that crashes is started again."""

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import List

import pytest

from tests.ros.conftest import REPO, free_port, wait_for
from vptr_cli.launch import Launch
from vptr_cli.running import alive


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("file", "arguments", "line"),
    [
        (
            "robot.launch",
            ["policy:=none", "camera:=eye", "limits:=/nope"],
            r"vptr check: limits:=/nope: .*YAML.*copy config/limits",
        ),
        ("collect.launch", ["task:=knife_in_pot", "between:=away"], r"vptr check: out:=.*between is 'away'"),
        (
            "evaluate.launch",
            ["policy:=none", "sesion_dir:=/s"],
            r"vptr check: sesion_dir:=/s: evaluate.launch has no .* did you mean session_dir:=",
        ),
        (
            "evaluate.launch",
            ["policy:=none", "task:=knife_in_pan"],
            r"vptr check: task:=knife_in_pan: .*Did you mean 'knife_in_pot'",
        ),
    ],
)
def test_wrong_arguments_end_the_launch_with_a_line_and_a_status(
    tmp_path: Path, file: str, arguments: List[str], line: str
) -> None:
    command = ["roslaunch", "-p", str(free_port()), str(REPO / "launch" / file), *arguments]
    environment = {**os.environ, "ROS_LOG_DIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 1
    assert re.search(line, done.stderr)
    assert "process[" not in done.stdout, "nothing is to be started"


@pytest.mark.timeout(120)
def test_a_node_that_crashes_is_started_again_and_a_second_launch_leaves_it_alone(tmp_path: Path) -> None:
    started = re.compile(r"\[bridge-\d+\]: started with pid \[(\d+)\]")
    with Launch("robot.launch", {"policy": "none"}, tmp_path) as launch:
        pids = (int(match[1]) for match in map(started.search, launch.lines()) if match)
        first = next(pids)
        wait_for(Path(f"/proc/{first}").exists, 10.0, "the bridge")
        os.kill(first, signal.SIGKILL)
        second = next(pids)
        assert second != first and Path(f"/proc/{second}").exists()
        wait_for(lambda: len(alive(launch.master, ("/bridge", "/camera"))) == 2, 20.0, "the bridge's second life")
        again = ["roslaunch", str(REPO / "launch" / "robot.launch"), "policy:=none"]
        environment = {**os.environ, "ROS_MASTER_URI": launch.master, "ROS_LOG_DIR": str(tmp_path)}
        done = subprocess.run(again, env=environment, capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == 1 and f"/bridge, /camera at the ROS master {launch.master}" in done.stderr
        assert "process[" not in done.stdout and alive(launch.master, ("/bridge",)) and Path(f"/proc/{second}").exists()
    assert alive(launch.master, ("/bridge",)) == []


@pytest.mark.timeout(120)
def test_a_collection_starts_with_its_recorder(tmp_path: Path) -> None:
    arguments = {"task": "knife_in_pot", "out": str(tmp_path / "episodes"), "rosbag": "true", "port": "0", "goal": "7"}
    waited = {"recorder: knife_in_pot goes to ": "0 of 7; next: start at ", "teleop: http": "/pair#", "process[bag": ""}
    with Launch("collect.launch", arguments, tmp_path) as launch:
        for line in launch.lines():
            assert "process has died" not in line
            for begin in [begin for begin, rest in waited.items() if begin in line and rest in line]:
                del waited[begin]
            if not waited:
                return
    raise AssertionError(f"the launch ended without {waited}")
