"""One server for the tests of this folder: starting it takes seconds."""

import sys
from pathlib import Path
from typing import Any, Iterator

import pytest

sys.path.append(str(Path(__file__).parent))

from running import POLICY_SERVER, Server


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server") / "log", POLICY_SERVER, "").wait()
    yield started
    started.kill()


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One that asks for a token."""
    started = Server(tmp_path_factory.mktemp("guarded") / "log", POLICY_SERVER, "a secret token").wait()
    yield started
    started.kill()
