"""A roslaunch of ours as a child process: on a master of its own, ended cleanly, no process left."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Dict, Iterator, List

SIGINT_S, SIGTERM_S = 2, 1
PATIENCE_S = 4.5


class Launch:
    """Runs ``roslaunch vptr_widowx FILE`` on a free port of the loopback interface.

    The master is the launch's own, so that a robot whose master runs on this machine is not touched. Nodes log into
    ``log_folder``. Use as a context: on leaving it everything is ended, within five seconds.
    """

    def __init__(self, file: str, arguments: Dict[str, str], log_folder: Path) -> None:
        port = _free_port()
        log_folder.mkdir(parents=True, exist_ok=True)
        self.master = f"http://127.0.0.1:{port}"
        environment = dict(
            os.environ,
            ROS_MASTER_URI=self.master,
            ROS_IP="127.0.0.1",
            ROS_LOG_DIR=str(log_folder.resolve()),
            PYTHONUNBUFFERED="1",
        )
        environment.pop("ROS_HOSTNAME", None)
        limits = [f"--sigint-timeout={SIGINT_S}", f"--sigterm-timeout={SIGTERM_S}"]
        command = ["roslaunch", "-p", str(port), *limits, "vptr_widowx", file]
        command += [f"{name}:={value}" for name, value in arguments.items()]
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def __enter__(self) -> "Launch":
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def lines(self) -> Iterator[str]:
        """What the launch prints, line by line, until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line.rstrip("\n")

    def end(self) -> None:
        """Interrupt roslaunch, wait, and kill whatever of its session is left."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        deadline = time.monotonic() + 1.0
        while members(self._process.pid) and time.monotonic() < deadline:
            for process in members(self._process.pid):
                _kill(process)
            time.sleep(0.02)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def members(session: int) -> List[int]:
    """The living processes of a session (Linux)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
