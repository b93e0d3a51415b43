"""Frozen encoders whose pictures are not varied: encoded once, and nothing is learned otherwise than from pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from disk import full_disk
from runs import mixed_data, preset_run

from vptr_policy.data.batches import RobotBatches
from vptr_policy.training.frozen_features import frozen_features
from vptr_policy.training.initial import find_initial
from vptr_policy.training.robot import RobotRun

STILL = {"frozen": True, "shift": 0, "colour": 0.0}


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned")
    return preset_run("bc", folder / "run", mixed_data(folder / "data"), steps=2).run()


def _run(preset: str, out: Path, learned: Path, **changes: Any) -> RobotRun:
    return preset_run(preset, out, mixed_data(out / "data"), find_initial(learned), **{**STILL, **changes})


@pytest.mark.parametrize(("preset", "more"), [("bc", {}), ("cql", {"bc_weight": 1.0, "critic_state": True})])
def test_the_policy_is_that_of_pictures_encoded_at_each_step(
    preset: str, more: Any, learned: Path, tmp_path: Path
) -> None:
    ours, theirs = (_run(preset, tmp_path / name / "run", learned, **more) for name in ("ours", "theirs"))
    theirs.source._features = None  # of pictures
    assert ours.source[0].images.shape == (4, 256) and theirs.source[0].images.shape == (4, 3, 128, 128)
    before = {name: tensor.clone() for name, tensor in ours.learner.actor.head.state_dict().items()}
    for run in (ours, theirs):
        run.run()
    for (name, first), second in zip(ours.learner.state_dict().items(), theirs.learner.state_dict().values()):
        assert torch.allclose(first, second, atol=1e-5), name
    after = ours.learner.actor.head.state_dict()
    assert not all(torch.equal(after[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize("changes", [{"frozen": False}, {"shift": 4}, {"colour": 0.2}])
def test_what_changes_from_update_to_update_is_encoded_anew(changes: Any, learned: Path, tmp_path: Path) -> None:
    run = _run("bc", tmp_path / "run", learned, **changes)
    assert run.source[0].images.shape == (4, 3, 128, 128)


def test_features_are_kept_for_an_encoder_and_its_data(learned: Path, tmp_path: Path) -> None:
    run = _run("bc", tmp_path / "run", learned)
    assert isinstance(run.source, RobotBatches)
    (kept,) = (tmp_path / "run").glob("features-*.npy")
    frames, encoder = run.transitions.frames, run.learner.actor.encoder
    with torch.no_grad():
        expected = encoder(torch.from_numpy(frames.take(np.arange(len(frames)))).permute(0, 3, 1, 2))
    assert np.allclose(np.load(str(kept)), expected.numpy(), atol=1e-5)
    np.save(str(kept), np.load(str(kept)) + 1.0)
    again = frozen_features(run.transitions, encoder, tmp_path / "run")
    assert np.allclose(again, expected.numpy() + 1.0, atol=1e-5), "what is there is not computed again"
    np.save(str(kept), np.zeros((3, 256), np.float32))
    with pytest.raises(ValueError, match=r"features of 3 of \d+ frames; delete it"):
        frozen_features(run.transitions, encoder, tmp_path / "run")


def test_a_full_disk_is_told_and_nothing_is_left(learned: Path, tmp_path: Path) -> None:
    run = _run("bc", tmp_path / "run", learned, shift=4)  # which needs no features yet
    with full_disk(4096), pytest.raises(OSError, match=r"features-.*cannot be written .*make room on the disk"):
        frozen_features(run.transitions, run.learner.actor.encoder, tmp_path / "features")
    assert not list((tmp_path / "features").iterdir())
