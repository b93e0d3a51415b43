"""Lets the tests of this folder import what they share; keeps the threads of a run out of other tests."""

import sys
from pathlib import Path
from typing import Iterator

import pytest
import torch

from vptr_policy.training.robot import RobotData

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RobotData:
    """Two source tasks with a failure each, and a target."""
    from runs import mixed_data  # of this folder

    return mixed_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def restored_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
