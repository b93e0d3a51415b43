"""A policy by its name: a folder or an address."""

import shutil
from pathlib import Path

import pytest

from vptr_policy.checkpoint_folder import CheckpointError
from vptr_policy.policy import TrainedPolicy
from vptr_policy.runtime import PolicyLost
from vptr_policy.source import open_policy

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "v-ptr-sim"


def test_the_folder_of_a_run_is_loaded(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "run" / "checkpoint")
    assert open_policy(tmp_path / "run").checkpoint == open_policy(SHIPPED).checkpoint


def test_a_folder_is_loaded_and_an_address_is_called(tmp_path: Path) -> None:
    assert isinstance(open_policy(SHIPPED), TrainedPolicy)
    with pytest.raises(CheckpointError):
        open_policy(tmp_path)
    with pytest.raises(PolicyLost, match=r"no policy server at http://127\.0\.0\.1:9"):
        open_policy("http://127.0.0.1:9")
