"""Servers as real processes, and clients as others write them."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import json_numpy
import numpy as np
import requests

REPO = Path(__file__).resolve().parents[3]
POLICY_SERVER = str(Path(__file__).with_name("policy_server.py"))
IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
STATE = np.array([0.25, 0.0, 0.1, 0.0, 0.0, 0.2, 1.0], dtype=np.float32)


class Server:
    """A process that prints ``serving on URL`` when it is ready."""

    def __init__(self, log: Path, *command: str, **variables: str) -> None:
        self.log = log
        environment = {**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1", **variables}
        with log.open("wb") as output:
            words = [sys.executable, *command]
            self.process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, env=environment)

    def wait(self, timeout_s: float = 120.0) -> "Server":
        deadline = time.monotonic() + timeout_s
        while "serving on" not in self.output():
            assert self.process.poll() is None and time.monotonic() < deadline, self.output()
            time.sleep(0.05)
        return self

    @property
    def url(self) -> str:
        found = re.search(r"serving on (http://\S+)", self.output())
        assert found is not None, self.output()
        return found.group(1)

    @property
    def address(self) -> Tuple[str, int]:
        host, port = self.url[len("http://") :].rsplit(":", 1)
        return host, int(port)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def end(self, sig: int = signal.SIGTERM) -> int:
        self.process.send_signal(sig)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=60)


class Restartable:
    """A server that can be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = "0"
        self.start()

    def start(self, *checkpoint: str) -> None:
        log = self._folder / f"log-{time.monotonic_ns()}"
        self.running = Server(log, POLICY_SERVER, "", self.port, *checkpoint).wait()
        self.port = str(self.running.address[1])

    @property
    def url(self) -> str:
        return self.running.url

    def kill(self) -> None:
        self.running.kill()


def post(server: Server, path: str, content: Any, **options: Any) -> requests.Response:
    """As a client with json_numpy.patch() posts: arrays in JSON."""
    body = content if isinstance(content, bytes) else json_numpy.dumps(content).encode()
    headers = {"Content-Type": "application/json", **options.pop("headers", {})}
    return requests.post(server.url + path, data=body, headers=headers, timeout=30, **options)


def observation(**changes: Any) -> Dict[str, Any]:
    """A good message of an AutoEval client, with changes; None leaves a key out."""
    message = {"image": IMAGE, "instruction": "knife_in_pot", "proprio": STATE, **changes}
    return {name: value for name, value in message.items() if value is not None}


def vptr(*words: str) -> List[str]:
    """The command line tool."""
    return [str(REPO / "scripts" / "vptr"), *words]


def detail(answer: requests.Response) -> str:
    """What the server says was wrong."""
    told: Optional[str] = answer.json()["detail"]
    assert told and "Traceback" not in told and "\n" not in told
    return told
