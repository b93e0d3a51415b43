"""The training loop: learns, chooses, and stops on what is not finite; test_chain.py kills and splits it."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import torch
from disk import full_disk
from runs import bc_run, metrics, tiny_cache
from safetensors.torch import load_file

from robot_bridge.interface import Observation
from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.data.demonstrations import Cache
from vptr_policy.policy import load_policy
from vptr_policy.training.loop import TrainingDiverged
from vptr_policy.training.schedule import factor


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return tiny_cache(tmp_path_factory.mktemp("cache"))


def _same(one: Path, other: Path) -> bool:
    first, second = load_file(str(one)), load_file(str(other))
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_memorises_twenty_transitions(cache: Cache, tmp_path: Path) -> None:
    changes = {"warm_up": 10, "learning_rate": 3e-3, "averaging": 0.9, "shift": 0, "colour": 0.0, "log_every": 10}
    training = bc_run(tmp_path, cache, steps=150, batch=20, **changes)
    policy = load_policy(training.run())
    lines = metrics(tmp_path)
    assert lines[-1]["loss"] < 0.15 * lines[0]["loss"]
    errors, grips = [], []
    for row in np.flatnonzero(cache.rows["valid"]):
        policy.reset(cache.tasks[cache.rows["task"][row]])
        action = policy.act(Observation(cache.frames[row], cache.rows["state"][row], 0.0, 0.0)).vector
        errors.append(np.abs(action[:2] - cache.rows["label"][row, :2]).mean())
        grips.append(action[6] == cache.rows["label"][row, 6])
    assert np.mean(errors) < 0.006, "of labels within +-0.04 m"
    assert all(grips)


def test_a_finished_run_is_left_as_it_is(cache: Cache, tmp_path: Path) -> None:
    chosen = bc_run(tmp_path, cache).run()
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in chosen.iterdir()}
    bc_run(tmp_path, cache, log_every=3).run()
    after = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in chosen.iterdir()}
    assert before == after and "card.json" in before, "and where it was made is told as it was"
    with pytest.raises(ValueError, match=r"holds a run of other options \(batch was 4, is 5\)"):
        bc_run(tmp_path, cache, batch=5).run()


def test_a_run_that_was_killed_before_its_checkpoint_writes_it(cache: Cache, tmp_path: Path) -> None:
    chosen = bc_run(tmp_path / "whole", cache).run()
    killed = bc_run(tmp_path / "killed", cache)
    killed.loop._write_checkpoint = kill
    with pytest.raises(Killed):
        killed.run()
    again = bc_run(tmp_path / "killed", cache).run()
    assert _same(again / "actor.safetensors", chosen / "actor.safetensors")


class Killed(Exception):
    """In the place of a kill."""


def kill(*_: Any) -> None:
    raise Killed


def test_the_best_evaluation_chooses_not_the_last_one(cache: Cache, tmp_path: Path) -> None:
    judged: List[str] = []

    def evaluate(folder: Path) -> Dict[str, float]:
        judged.append(folder.name)
        load_policy(folder)
        return {"success": {2: 0.4, 4: 0.8, 6: 0.6}[int(folder.name.split("-")[1])]}

    chosen = bc_run(tmp_path, cache, evaluate, evaluate_every=2).run()
    assert judged == ["step-000002", "step-000004", "step-000006"]
    _, card = load_checkpoint(chosen)
    assert card.metrics == {"step": 4, "selection": {"success": 0.8}}
    assert _same(tmp_path / "checkpoints" / "step-000004" / "actor.safetensors", chosen / "actor.safetensors")
    assert [line["success"] for line in metrics(tmp_path) if "success" in line] == [0.4, 0.8, 0.6]


def test_the_last_state_is_judged_too_and_the_later_of_equals_is_chosen(cache: Cache, tmp_path: Path) -> None:
    judged: List[str] = []

    def evaluate(folder: Path) -> Dict[str, float]:
        judged.append(folder.name)
        return {"success": 0.5}

    chosen = bc_run(tmp_path, cache, evaluate, evaluate_every=4).run()
    assert judged == ["step-000004", "step-000006"]
    assert load_checkpoint(chosen)[1].metrics == {"step": 6, "selection": {"success": 0.5}}


def test_an_evaluation_that_is_interrupted_is_made_when_the_run_goes_on(
    cache: Cache, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    judged: List[str] = []

    def evaluate(folder: Path) -> Dict[str, float]:
        judged.append(folder.name)
        if judged == ["step-000002", "step-000004"]:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        return {"success": 0.5}

    with pytest.raises(KeyboardInterrupt):
        bc_run(tmp_path, cache, evaluate, evaluate_every=2).run()
    assert f"{tmp_path}: interrupted at step 4, whose state is kept" in capfd.readouterr().err
    bc_run(tmp_path, cache, evaluate, evaluate_every=2).run()
    assert judged == ["step-000002", "step-000004", "step-000004", "step-000006"], "with no update before it"
    assert [line["step"] for line in metrics(tmp_path) if "success" in line] == [2, 4, 6]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_damaged_card_of_the_chosen_checkpoint_is_named_and_can_be_made_anew(cache: Cache, tmp_path: Path) -> None:
    chosen = bc_run(tmp_path, cache).run()
    (chosen / "card.json").write_text('{"metrics": {"st')
    with pytest.raises(ValueError, match=rf"checkpoint/card\.json is not JSON .*; remove {chosen}: the same command"):
        bc_run(tmp_path, cache).run()
    shutil.rmtree(str(chosen))
    assert load_checkpoint(bc_run(tmp_path, cache).run())[1].metrics == {"step": 6}


def test_a_loss_that_is_not_finite_stops_and_keeps_the_batch(cache: Cache, tmp_path: Path) -> None:
    training = bc_run(tmp_path, cache)
    training.transitions.actions[7] = np.nan
    with pytest.raises(TrainingDiverged, match=r"the loss is nan .* at step \d+: stopped before the update"):
        training.run()
    (path,) = tmp_path.glob("diverged-step-*.safetensors")
    assert bool(load_file(str(path))["actions"].isnan().any())
    assert all(bool(parameter.isfinite().all()) for parameter in training.learner.parameters())


@pytest.mark.parametrize("where", ["state", "checkpoint"])
def test_a_full_disk_is_told_with_the_file_and_what_to_do(cache: Cache, where: str, tmp_path: Path) -> None:
    def again() -> Any:
        if where == "state":
            return bc_run(tmp_path, cache, save_every=2)
        return bc_run(tmp_path, cache, lambda folder: {"success": 0.0}, evaluate_every=6)  # judged before it is saved

    training = again()
    name = "state.safetensors" if where == "state" else "step-000006"
    with full_disk(100_000), pytest.raises(OSError, match=f"{name} cannot be written .*: make room on the disk"):
        training.run()
    left = [path.name for path in tmp_path.rglob("*") if "partial" in path.name or path.name == name]
    assert left == []
    assert again().run().is_dir(), "with room it goes on"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_who_may_read_what_is_written_follows_the_mask(cache: Cache, mask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        bc_run(tmp_path, cache).run()
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()}
    assert {"state.safetensors", "actor.safetensors", "card.json"} <= set(modes)
    assert set(modes.values()) == {mode}


def test_a_diverged_batch_that_cannot_be_kept_is_told(cache: Cache, tmp_path: Path) -> None:
    training = bc_run(tmp_path, cache)
    training.transitions.actions[:] = np.nan
    message = r"the loss is nan .* but the batch is lost: .*diverged-step-000000\.safetensors cannot be written"
    with full_disk(50_000), pytest.raises(TrainingDiverged, match=message):
        training.run()
    assert not list(tmp_path.glob("diverged*"))


def test_time_can_end_it_and_the_rate_follows(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = bc_run(tmp_path, cache, steps=100000, hours=2.0 / 3600)
    state, rates = training.loop.state, []

    def note(_step: int) -> None:
        rates.append((state.optimizer.param_groups[0]["lr"], state.elapsed_s / 2.0))

    monkeypatch.setattr(state.learner, "after_step", note)
    began = time.monotonic()
    training.run()
    assert time.monotonic() - began < 20 and 0 < state.step < 100000
    assert rates[0][1] == 0.0 and rates[-1][1] < 1.0 <= state.elapsed_s / 2.0
    due = [1e-3 * factor("cosine", done, step, warm_up=2) for step, (_rate, done) in enumerate(rates)]
    np.testing.assert_allclose([rate for rate, _done in rates], due, rtol=1e-6)
    told = metrics(tmp_path)[-1]
    assert told["learning_rate"] == pytest.approx(rates[int(told["step"]) - 1][0], rel=1e-6)


def test_time_that_was_spent_before_a_resume_counts(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again() -> Any:
        return bc_run(tmp_path, cache, steps=100000, hours=1.0)

    first = again()
    monkeypatch.setattr(first.loop.state.learner, "after_step", lambda _step: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        first.run()
    first.loop.state.elapsed_s = 3599.5
    first.loop.state.save(tmp_path)
    resumed, began = again(), time.monotonic()
    monkeypatch.setattr(resumed.loop.state.learner, "after_step", lambda _: time.monotonic() - began < 30 or kill())
    resumed.run()
    assert 3600.0 <= resumed.loop.state.elapsed_s < 3630.0
    last = [line["step"] for line in metrics(tmp_path)][-1]
    assert last == resumed.loop.state.step, "the last update is logged wherever it ends"


def test_a_run_shorter_than_the_log_interval_tells_its_last_update_once(cache: Cache, tmp_path: Path) -> None:
    for _ in range(2):
        bc_run(tmp_path, cache, steps=5, log_every=50).run()
        (line,) = metrics(tmp_path)
        assert line["step"] == 5 and line["loss"] > 0


def test_what_it_waits_for_data_and_its_pace_are_logged(cache: Cache, tmp_path: Path) -> None:
    training = bc_run(tmp_path, cache)

    class Slow:
        def __getitem__(self, step: int) -> Any:
            time.sleep(0.25)
            return source[step]

    source, training.source = training.source, Slow()  # type: ignore[assignment]
    training.run()
    lines = metrics(tmp_path)
    assert all(line["data_wait_share"] > 0.4 and line["steps_per_s"] < 4.5 for line in lines)
