"""How fast a step of multi-task CQL is, where its time goes, and whether steps wait for their data.

Baselines are the straightforward ways. Waits are those of multi-task CQL, whose frames lie decoded in a file, and of
value pre-training on video, where each sample of a batch is four JPEGs.
"""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, List, Tuple

import numpy as np
import torch

from benchmarks.measure import Measure
from benchmarks.video import synthetic_index
from vptr_policy.algorithms import cql
from vptr_policy.algorithms.cql_learner import CQLLearner
from vptr_policy.algorithms.cql_settings import CQLSettings
from vptr_policy.algorithms.learner import Learner
from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.batches import Batch, BatchOptions, RobotBatches
from vptr_policy.data.demonstrations import Cache
from vptr_policy.data.robot.conditioning import one_hot
from vptr_policy.data.robot.transitions import TransitionOptions, assemble
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.critic import Critic
from vptr_policy.training.device import prepare
from vptr_policy.training.optimizer import gradient_norm, make_optimizer
from vptr_policy.training.stream import Source, Stream
from vptr_policy.training.video import VideoRun
from vptr_policy.training.video_options import ICVFOptions

BATCH = 64
TRAJECTORIES, STEPS = 40, 40
CPU = torch.device("cpu")
BASELINE = "pictures encoded anew for each use, NCHW, three optimisers in a loop"
Step = Callable[[Any], None]


def training(rounds: int = 8) -> List[Measure]:
    """A step of CQL with the small encoder, and the share of its time, and of a step on video, that waits for data."""
    threads = torch.get_num_threads()
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            source = _source(Path(scratch))
            steps, straightforward = _cql(), _straightforward()
            ours, theirs = _interleaved([steps, straightforward], source, rounds)
            shares = [100 * _convolutions(step, source) for step in (steps, straightforward)]
            measures = [
                Measure("training", f"CQL step, batch {BATCH}, {cores} threads", "ms", ours, theirs, BASELINE),
                Measure("training", "share of its time in convolutions", "%", *shares, BASELINE, True),
                *_waits("CQL", source, _cql, rounds),
            ]
            synthetic_index(Path(scratch) / "clips", 1.0)
            options = ICVFOptions(video=(Path(scratch) / "clips",), out=Path(scratch) / "run", device="cpu")
            run = VideoRun(options)
            measures += _waits("ICVF", run.source, lambda: _step(run.learner), rounds)
    finally:
        torch.set_num_threads(threads)
    return measures


def _waits(name: str, source: Source, begin: Callable[[], Step], rounds: int) -> List[Measure]:
    """The share of the time of a run that its steps wait for batches, in the two ways of having them made."""
    alone, baseline = 100 * _share_in_the_loop(source, begin(), rounds), "batches made in the loop"
    ways = {0: f"{name} data wait share, a thread", 2: f"{name} data wait share, 2 worker processes"}
    return [
        Measure("training", way, "%", 100 * _share(source, begin(), workers, rounds), alone, baseline)
        for workers, way in ways.items()
    ]


def _source(folder: Path) -> RobotBatches:
    """Batches of demonstrations of noise, whose frames are mapped from a file like those of a real cache."""
    random = np.random.default_rng(0)
    count = TRAJECTORIES * (STEPS + 1)
    random.integers(0, 256, (count, 128, 128, 3), dtype=np.uint8).tofile(str(folder / "frames"))
    frames = np.memmap(str(folder / "frames"), np.uint8, "r", shape=(count, 128, 128, 3))
    remaining = np.tile(np.arange(STEPS, -1, -1), TRAJECTORIES)
    trajectory = np.repeat(np.arange(TRAJECTORIES), STEPS + 1)
    rows = {name: random.normal(0, 0.02, (count, 7)).astype(np.float32) for name in ("state", "action", "executed")}
    rows.update(label=rows["action"], valid=remaining > 0, success=np.ones(count, bool), remaining=remaining)
    rows.update(task=trajectory % 4, text=trajectory % 4, trajectory=trajectory)
    names = ("a", "b", "c", "d")
    transitions = assemble([Cache(frames, rows, names, "noise", names)], TransitionOptions("action"))
    options = BatchOptions(BATCH, 0, Augmentation(), rewards=True, successors=True)
    return RobotBatches(transitions, one_hot(transitions), options)


def _networks() -> Tuple[Actor, Critic]:
    torch.manual_seed(0)
    config = NetworkConfig(4)
    return Actor(config), Critic(config)


def _cql() -> Step:
    return _step(CQLLearner(*_networks(), CQLSettings()))


def _step(learner: Learner) -> Step:
    """An update as the training loop makes it."""
    prepare(learner, CPU, False)
    optimizer = make_optimizer(learner.parameter_groups())
    generator = torch.Generator()
    done = 0

    def step(batch: Any) -> None:
        nonlocal done
        loss, _ = learner(batch, generator)
        optimizer.zero_grad()
        loss.backward()
        gradient_norm(optimizer)
        optimizer.step()
        done += 1
        learner.after_step(done)

    return step


def _straightforward() -> Step:
    """The same update as the formulas are written: each network call encodes its pictures, each loss has its Adam."""
    actor, critic = _networks()
    target = Critic(critic.config)
    target.load_state_dict(critic.state_dict())
    log_temperature = torch.zeros((), requires_grad=True)
    groups: List[Any] = [critic.parameters(), actor.parameters(), [log_temperature]]
    optimizers = [torch.optim.Adam(group, lr=3e-4, foreach=False, fused=False) for group in groups]
    generator = torch.Generator()

    def step(batch: Batch) -> None:
        images, following = (pictures.float().contiguous() for pictures in (batch.images, batch.next_images))
        told = batch.tasks
        with torch.no_grad():
            actions, _ = actor(following, batch.next_states, told).sample_with_log_prob(4, generator)
            targets = cql.backup(batch.rewards, batch.masks, target(following, told, actions))
            actions, log_probs = actor(images, batch.states, told).sample_with_log_prob(4, generator)
        uniform = 2.0 * torch.rand(actions.shape, generator=generator) - 1.0
        q = critic(images, told, batch.actions)
        term, _ = cql.conservative_term(q, critic(images, told, actions), log_probs, critic(images, told, uniform))
        _descend(optimizers[0], cql.critic_loss(q, targets, term, 5.0)[0])
        actions, log_probs = actor(images, batch.states, told).sample_with_log_prob(1, generator)
        values = critic(images, told, actions[:, 0])
        _descend(optimizers[1], cql.actor_loss(log_probs[:, 0], values, log_temperature.exp())[0])
        _descend(optimizers[2], cql.temperature_loss(log_temperature.exp(), log_probs[:, 0])[0])
        with torch.no_grad():
            for ours, theirs in zip(target.parameters(), critic.parameters()):
                ours.mul_(0.995).add_(0.005 * theirs)

    return step


def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _interleaved(steps: List[Step], source: RobotBatches, rounds: int) -> List[float]:
    """The median time of each kind of step [ms]."""
    seconds: List[List[float]] = [[] for _ in steps]
    for number in range(rounds + 2):
        batch = source[number]
        for step, times in zip(steps, seconds):
            began = time.perf_counter()
            step(replace(batch))
            times.append(time.perf_counter() - began)
    return [1e3 * float(np.median(times[2:])) for times in seconds]


def _convolutions(step: Step, source: RobotBatches) -> float:
    """The share of the processor's time of a step that convolutions take, forward and backward."""
    batch = source[0]
    step(replace(batch))
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        step(replace(batch))
    spent = [(row.key, row.self_cpu_time_total) for row in profile.key_averages()]
    return sum(time_us for key, time_us in spent if "conv" in key.lower()) / sum(time_us for _, time_us in spent)


def _share(source: Source, step: Step, workers: int, rounds: int) -> float:
    """The share of the time of a run that its steps wait for batches, once it goes."""
    with Stream(source, 0, rounds + 2, workers, CPU) as stream:
        for _ in range(2):
            step(stream.next())
        began, before = time.perf_counter(), stream.waited_s
        for _ in range(rounds):
            step(stream.next())
        return (stream.waited_s - before) / (time.perf_counter() - began)


def _share_in_the_loop(source: Source, step: Step, rounds: int) -> float:
    """The same where each batch is made when it is needed."""
    waited = 0.0
    step(source[0])
    began = time.perf_counter()
    for number in range(1, rounds + 1):
        before = time.perf_counter()
        batch = source[number]
        waited += time.perf_counter() - before
        step(batch)
    return waited / (time.perf_counter() - began)
