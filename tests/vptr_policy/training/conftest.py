"""Lets the tests of this folder import what they share; keeps the threads of a run out of other tests."""

import sys
from pathlib import Path
from typing import Iterator

import pytest
import torch

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def restored_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
