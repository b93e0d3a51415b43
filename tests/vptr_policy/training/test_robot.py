"""Runs of policies on robot data, and what their checkpoints say of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from runs import bc_run, tiny_cache

from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.data.demonstrations import Cache
from vptr_policy.training.provenance import git_sha


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return tiny_cache(tmp_path_factory.mktemp("cache"))


def test_the_card_says_how_it_was_made(cache: Cache, tmp_path: Path) -> None:
    run = bc_run(tmp_path / "run", cache, provenance={"folder": "data"}, loss="likelihood", seed=3)
    actor, card = load_checkpoint(run.run())
    settings = {"loss": "likelihood", "learning_rate": 1e-3, "averaging": 0.999}
    assert card.algorithm == {"name": "bc", **settings} and card.tasks == cache.tasks
    expected = f"vptr train bc --data data --out {tmp_path / 'run'} --steps 6 --batch 4 --warm-up 2"
    assert card.training["command"].startswith(expected)
    assert card.training["git_sha"] == git_sha() and len(git_sha().split("+")[0]) in (40, len("unknown"))
    assert card.training["steps"] == 6 and card.data["transitions"] == 20 and card.data["folder"] == "data"
    assert np.allclose(actor.state_mean.numpy(), run.transitions.state_statistics()[0], atol=1e-6)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["seed"] == 3
    assert list((tmp_path / "run" / "tensorboard").iterdir())
