"""The training loop: learns, resumes exactly, chooses, splits over processes, and stops on what is not finite."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import torch
from runs import bc_run, metrics, tiny_cache
from safetensors.torch import load_file
from train_tiny import run

from robot_bridge.interface import Observation
from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.data.demonstrations import Cache
from vptr_policy.policy import load_policy
from vptr_policy.training.loop import TrainingDiverged

TRAIN_TINY = Path(__file__).with_name("train_tiny.py")
ENVIRONMENT = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), OMP_NUM_THREADS="1")


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


def test_killed_at_any_moment_it_resumes_to_the_very_same_weights(tmp_path: Path) -> None:
    steps = 14
    run(tmp_path / "whole", steps)
    killed = tmp_path / "killed"
    command = [sys.executable, str(TRAIN_TINY), str(killed), str(steps), "0.1"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    deadline = time.monotonic() + 60
    lines = killed / "metrics.jsonl"
    while not (lines.is_file() and len(lines.read_text().splitlines()) >= 8) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "checkpoint").exists() and (killed / "state.safetensors").is_file()
    with lines.open("a") as stream:
        stream.write('{"step": 9, "lo')  # as a line that was being written
    run(killed, steps)
    for name in ("state.safetensors", "checkpoint/actor.safetensors"):
        assert _same(tmp_path / "whole" / name, killed / name), name
    assert [line["step"] for line in metrics(killed)] == list(range(1, steps + 1))
    losses = [[line["loss"] for line in metrics(tmp_path / name)] for name in ("whole", "killed")]
    assert losses[0] == losses[1]


def test_two_processes_of_torchrun_learn_the_same_from_halves_of_each_batch(tmp_path: Path) -> None:
    steps = 5
    run(tmp_path / "one", steps)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(TRAIN_TINY), str(tmp_path / "two"), str(steps)], capture_output=True, env=ENVIRONMENT, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    losses = [[line["loss"] for line in metrics(tmp_path / name)] for name in ("one", "two")]
    assert len(losses[1]) == steps and np.allclose(losses[0], losses[1], rtol=1e-4)
    one, two = (load_checkpoint(tmp_path / name / "checkpoint")[0].state_dict() for name in ("one", "two"))
    close = torch.cat([(one[name] - two[name]).abs().flatten() < 1e-5 for name in one])
    assert close.float().mean() > 0.99, "Adam's first updates are signs: rounding turns some where the gradient is zero"


def test_a_finished_run_is_left_as_it_is(cache: Cache, tmp_path: Path) -> None:
    chosen = bc_run(tmp_path, cache).run()
    before = load_file(str(chosen / "actor.safetensors"))
    bc_run(tmp_path, cache, log_every=3).run()
    after = load_file(str(chosen / "actor.safetensors"))
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(ValueError, match=r"holds a run of other options \(batch was 4, is 5\)"):
        bc_run(tmp_path, cache, batch=5).run()


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


def test_a_loss_that_is_not_finite_stops_and_keeps_the_batch(cache: Cache, tmp_path: Path) -> None:
    training = bc_run(tmp_path, cache)
    training.transitions.actions[7] = np.nan
    with pytest.raises(TrainingDiverged, match=r"the loss is nan .* at step \d+: stopped before the update"):
        training.run()
    (path,) = tmp_path.glob("diverged-step-*.safetensors")
    assert bool(load_file(str(path))["actions"].isnan().any())
    assert all(bool(parameter.isfinite().all()) for parameter in training.learner.parameters())


def test_time_can_end_it_and_the_rate_follows(cache: Cache, tmp_path: Path) -> None:
    training = bc_run(tmp_path, cache, steps=100000, hours=2.0 / 3600)
    began = time.monotonic()
    training.run()
    assert time.monotonic() - began < 20 and 0 < training.loop.state.step < 100000
    assert metrics(tmp_path)[-1]["learning_rate"] == pytest.approx(1e-5, rel=0.3)


def test_what_it_waits_for_data_and_its_pace_are_logged(cache: Cache, tmp_path: Path) -> None:
    training = bc_run(tmp_path, cache)

    class Slow:
        def __getitem__(self, step: int) -> Any:
            time.sleep(0.1)
            return source[step]

    source, training.source = training.source, Slow()  # type: ignore[assignment]
    training.run()
    lines = metrics(tmp_path)
    assert all(line["data_wait_share"] > 0.4 and line["steps_per_s"] < 10 for line in lines)
