"""The training loop: learns, resumes exactly, chooses, and stops on what is not finite."""

import json
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
from demonstrations import make_cache
from safetensors.torch import load_file
from train_tiny import run

from robot_bridge.interface import Observation
from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.data.demonstrations import Transitions, select
from vptr_policy.options import TrainOptions
from vptr_policy.policy import load_policy
from vptr_policy.train import Trainer, TrainingDiverged, git_sha


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def transitions(tmp_path_factory: pytest.TempPathFactory) -> Transitions:
    return select(make_cache(tmp_path_factory.mktemp("cache"), count=4, steps=5))


def _options(out: Path, **changes: Any) -> TrainOptions:
    defaults: Dict[str, Any] = {"steps": 6, "batch": 4, "warm_up": 2, "log_every": 2, "threads": 1, "width": 8}
    return TrainOptions(Path("data"), out, **{**defaults, **changes})


def _metrics(out: Path) -> List[Dict[str, float]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_memorises_twenty_transitions(transitions: Transitions, tmp_path: Path) -> None:
    options = _options(
        tmp_path, steps=150, batch=20, warm_up=10, learning_rate=3e-3, averaging=0.9, shift=0, colour=0.0, log_every=10
    )
    policy = load_policy(Trainer(options, transitions).run())
    lines = _metrics(tmp_path)
    assert lines[-1]["loss"] < 0.15 * lines[0]["loss"]
    cache, errors, grips = transitions.cache, [], []
    for row in transitions.index:
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
    command = [sys.executable, str(Path(__file__).with_name("train_tiny.py")), str(killed), str(steps), "0.1"]
    process = subprocess.Popen(
        command, stderr=subprocess.DEVNULL, env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    )
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
        whole, resumed = load_file(str(tmp_path / "whole" / name)), load_file(str(killed / name))
        assert whole.keys() == resumed.keys()
        assert all(torch.equal(whole[key], resumed[key]) for key in whole), name
    assert [line["step"] for line in _metrics(killed)] == list(range(1, steps + 1))
    losses = [[line["loss"] for line in _metrics(tmp_path / name)] for name in ("whole", "killed")]
    assert losses[0] == losses[1]


def test_a_finished_run_is_left_as_it_is(transitions: Transitions, tmp_path: Path) -> None:
    chosen = Trainer(_options(tmp_path), transitions).run()
    before = load_file(str(chosen / "actor.safetensors"))
    Trainer(_options(tmp_path), transitions).run()
    after = load_file(str(chosen / "actor.safetensors"))
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(ValueError, match=r"holds a run of other options \(batch was 4, is 5\)"):
        Trainer(_options(tmp_path, batch=5), transitions).run()


def test_the_card_says_how_it_was_made(transitions: Transitions, tmp_path: Path) -> None:
    options = _options(tmp_path / "run", loss="likelihood", seed=3)
    actor, card = load_checkpoint(Trainer(options, transitions, {"folder": "data"}).run())
    assert card.algorithm == {"name": "bc", "loss": "likelihood"} and card.tasks == transitions.cache.tasks
    expected = f"vptr train bc --data data --out {tmp_path / 'run'} --steps 6 --batch 4 --warm-up 2 --loss likelihood"
    assert card.training["command"].startswith(expected)
    assert card.training["git_sha"] == git_sha() and len(git_sha().split("+")[0]) in (40, len("unknown"))
    assert card.training["steps"] == 6 and card.data["transitions"] == 20 and card.data["folder"] == "data"
    assert np.allclose(actor.state_mean.numpy(), transitions.state_statistics()[0], atol=1e-6)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["seed"] == 3
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_the_best_evaluation_chooses_not_the_last_one(transitions: Transitions, tmp_path: Path) -> None:
    judged: List[str] = []

    def evaluate(folder: Path) -> Dict[str, float]:
        judged.append(folder.name)
        load_policy(folder)
        return {"success": {2: 0.4, 4: 0.8, 6: 0.6}[int(folder.name.split("-")[1])]}

    chosen = Trainer(_options(tmp_path, evaluate_every=2), transitions, evaluate=evaluate).run()
    assert judged == ["step-000002", "step-000004", "step-000006"]
    _, card = load_checkpoint(chosen)
    assert card.metrics == {"step": 4, "selection": {"success": 0.8}}
    best = load_file(str(tmp_path / "checkpoints" / "step-000004" / "actor.safetensors"))
    found = load_file(str(chosen / "actor.safetensors"))
    assert all(torch.equal(best[name], found[name]) for name in best)
    assert [line["success"] for line in _metrics(tmp_path) if "success" in line] == [0.4, 0.8, 0.6]


def test_a_loss_that_is_not_finite_stops_and_keeps_the_batch(transitions: Transitions, tmp_path: Path) -> None:
    targets = transitions.targets.copy()
    targets[transitions.index[7]] = np.nan
    trainer = Trainer(_options(tmp_path), Transitions(transitions.cache, transitions.index, targets))
    with pytest.raises(TrainingDiverged, match=r"the loss is nan at step \d+: stopped before the update"):
        trainer.run()
    (path,) = tmp_path.glob("diverged-step-*.safetensors")
    assert bool(load_file(str(path))["actions"].isnan().any())
    assert all(bool(parameter.isfinite().all()) for parameter in trainer.state.actor.parameters())


def test_time_can_end_it_and_the_rate_follows(transitions: Transitions, tmp_path: Path) -> None:
    trainer = Trainer(_options(tmp_path, steps=100000, hours=2.0 / 3600), transitions)
    began = time.monotonic()
    trainer.run()
    assert time.monotonic() - began < 20 and 0 < trainer.state.step < 100000
    assert trainer.learning_rate() == pytest.approx(1e-5, rel=0.2)


def test_the_rate_warms_up_and_falls_like_a_cosine(transitions: Transitions, tmp_path: Path) -> None:
    trainer = Trainer(_options(tmp_path, steps=1000, warm_up=100), transitions)
    rates = []
    for step in (0, 50, 101, 500, 1000):
        trainer.state.step = step
        rates.append(trainer.learning_rate())
    cosine = [0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * step / 1000)) for step in (0, 50, 101, 500, 1000)]
    warm = [1 / 101, 51 / 101, 1.0, 1.0, 1.0]
    assert np.allclose(rates, 1e-3 * np.array(cosine) * warm)


def test_the_average_follows_the_weights(transitions: Transitions, tmp_path: Path) -> None:
    state = Trainer(_options(tmp_path), transitions).state
    with torch.no_grad():
        for parameter in state.actor.parameters():
            parameter.add_(1.0)
    state.step = 100000
    before = [parameter.clone() for parameter in state.average.parameters()]
    state.update_average(0.999)
    for old, new in zip(before, state.average.parameters()):
        assert torch.allclose(new - old, torch.full_like(old, 0.001), atol=1e-6)
