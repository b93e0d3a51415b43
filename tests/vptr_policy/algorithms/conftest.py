"""Lets the tests of this folder import what they share, and build networks with an encoder that takes no time."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from tiny_networks import TinyEncoder

from vptr_policy.networks.encoders import ENCODERS


@pytest.fixture(autouse=True)
def tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENCODERS, "tiny", lambda _config: TinyEncoder())
