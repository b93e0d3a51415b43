"""The clients that docs/policy_server.md shows work as they are printed there."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Iterator

import pytest
from running import REPO, Server

PAGE = (REPO / "docs" / "policy_server.md").read_text(encoding="utf-8")
CLIENTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("served") / "log"
    server = Server(log, "-m", "vptr_cli", "serve", "--port", "0", "--backend", "eager").wait()
    yield server.url
    server.kill()


@pytest.mark.parametrize("client", CLIENTS, ids=["json_numpy", "openpi", "ours"])
def test_a_client_that_is_shown_works(address: str, client: str, tmp_path: Path) -> None:
    if "openpi_client" in client and find_spec("openpi_client") is None:
        pytest.skip("openpi-client is not installed")
    host, port = address[len("http://") :].split(":")
    program = client.replace("127.0.0.1:8000", f"{host}:{port}").replace("8000", port)
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    numbers = re.findall(r"-?\d+\.\d*(?:e-?\d+)?", done.stdout)
    assert len(numbers) >= 7, done.stdout
