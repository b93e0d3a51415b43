"""`vptr serve` as a process: what it prints, what it refuses, how it ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List

import numpy as np
import pytest

from robot_bridge.interface import Observation
from vptr_policy.client import RemotePolicy
from vptr_policy.policy import load_policy
from vptr_policy.runtime import PolicyLost

REPO = Path(__file__).resolve().parents[2]
SHIPPED = REPO / "models" / "v-ptr-sim"


def _serve(*words: str, **variables: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1", **variables}
    command = [sys.executable, "-m", "vptr_cli", "serve", "--port", "0", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def _until_ready(server: "subprocess.Popen[str]") -> List[str]:
    assert server.stdout is not None
    lines = []
    for line in server.stdout:
        lines.append(line.strip())
        if line.startswith("serving on "):
            return lines
    raise AssertionError(f"it ended: {lines} {server.communicate()}")


@pytest.fixture
def servers() -> Iterator[List["subprocess.Popen[str]"]]:
    started: List[subprocess.Popen[str]] = []
    yield started
    for server in started:
        server.kill()
        server.communicate(timeout=30)


def test_the_shipped_policy_acts_as_it_does_in_process(servers: List["subprocess.Popen[str]"]) -> None:
    servers.append(_serve())
    told = _until_ready(servers[0])
    assert told[0].startswith("tasks: ") and "croissant_out_of_colander, " in told[0] and " ms, p99 " in told[1]
    remote, local = RemotePolicy(told[-1].split()[-1]), load_policy(SHIPPED)
    picture = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    seen = Observation(picture, np.array([0.3, 0.0, 0.15, 0.0, 0.0, 0.0, 1.0]), 0.0, 0.0)
    for policy in (remote, local):
        policy.reset("knife_in_pot")
    assert remote.checkpoint == local.checkpoint
    assert np.allclose(remote.act(seen).vector, local.act(seen).vector, atol=1e-5)
    remote.close()
    servers[0].send_signal(signal.SIGTERM)
    assert servers[0].communicate(timeout=30)[1] == "" and servers[0].returncode == 0


def test_beyond_this_machine_a_token_is_made_up_and_asked_for(servers: List["subprocess.Popen[str]"]) -> None:
    servers.append(_serve("--host", "0.0.0.0", "--backend", "eager"))
    told = _until_ready(servers[0])
    token = told[0].split()[1]
    address = told[-1].split()[-1].replace("0.0.0.0", "127.0.0.1")
    assert told[0].startswith("token: ") and len(token) >= 32 and told[2].startswith("backend: eager")
    with pytest.raises(PolicyLost, match="VPTR_TOKEN"):
        RemotePolicy(address, token="")
    RemotePolicy(address, token=token).close()


def test_every_loopback_address_answers(servers: List["subprocess.Popen[str]"]) -> None:
    servers.append(_serve("--host", "127.0.0.2", "--backend", "eager"))
    told = _until_ready(servers[0])
    assert told[-1].startswith("serving on http://127.0.0.2:")
    RemotePolicy(told[-1].split()[-1]).close()


def test_a_token_from_the_environment_may_have_blanks_around_it(servers: List["subprocess.Popen[str]"]) -> None:
    servers.append(_serve("--backend", "eager", VPTR_TOKEN=" some words \n"))
    address = _until_ready(servers[0])[-1].split()[-1]
    with pytest.raises(PolicyLost, match="VPTR_TOKEN"):
        RemotePolicy(address, token="")
    for token in ("some words", "\tsome words\n"):
        RemotePolicy(address, token=token).close()


def test_a_token_that_no_client_could_send_is_refused() -> None:
    server = _serve(VPTR_TOKEN="geheimnißvoll")
    _, error = server.communicate(timeout=120)
    assert server.returncode != 0 and "printable ASCII" in error and len(error.strip().splitlines()) == 1, error


def test_the_help_names_the_variable_before_the_option() -> None:
    server = _serve("--help")
    told, _ = server.communicate(timeout=120)
    assert "better put into the variable VPTR_TOKEN" in re.sub(r"[\s│]+", " ", told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--backend", "magic"], "no such backend; known: auto, eager, onnxruntime, int8"),
        (["--policy", "/nowhere"], "/nowhere"),
        (["--concurrency", "0"], "--concurrency is 0, expected at least 1"),
        (["--timeout", "nan"], "expected more than 0"),
        (["--token", ""], "--token is empty"),
        (["--token", "  "], "--token is empty"),
        (["--port", "99999"], "cannot listen on 127.0.0.1:99999"),
    ],
)
def test_wrong_options_are_one_line_and_a_status(words: List[str], told: str) -> None:
    server = _serve(*words)
    _, error = server.communicate(timeout=120)
    assert server.returncode != 0 and told in error and "Traceback" not in error
    assert len(error.strip().splitlines()) == 1, error
