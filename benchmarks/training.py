"""How fast a step of multi-task CQL is, and whether it waits for its data, against the straightforward ways."""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, List, Tuple

import numpy as np
import torch

from benchmarks.measure import Measure
from vptr_policy.algorithms import cql
from vptr_policy.algorithms.cql_learner import CQLLearner
from vptr_policy.algorithms.cql_settings import CQLSettings
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
from vptr_policy.training.stream import Stream

BATCH = 64
TRAJECTORIES, STEPS = 40, 40
CPU = torch.device("cpu")
BASELINE = "pictures encoded anew for each use, NCHW, three optimisers in a loop"
Step = Callable[[Batch], None]


def training(rounds: int = 8) -> List[Measure]:
    """A step of CQL with the small encoder, and the share of its time that it waits for data."""
    threads = torch.get_num_threads()
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    try:
        with tempfile.TemporaryDirectory() as folder:
            source = _source(Path(folder))
            ours, theirs = _interleaved([_ours(), _straightforward()], source, rounds)
            steps = Measure("training", f"CQL step, batch {BATCH}, {cores} threads", "ms", ours, theirs, BASELINE)
            alone = _share_in_the_loop(source, rounds)
            shares = [(workers, _share(source, workers, rounds)) for workers in (0, 2)]
    finally:
        torch.set_num_threads(threads)
    names = {0: "data wait share, a thread", 2: "data wait share, 2 worker processes"}
    waits = [
        Measure("training", names[workers], "%", 100 * share, 100 * alone, "batches made in the loop")
        for workers, share in shares
    ]
    return [steps, *waits]


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


def _ours() -> Step:
    learner = CQLLearner(*_networks(), CQLSettings())
    prepare(learner, CPU, False)
    optimizer = make_optimizer(learner.parameter_groups())
    generator = torch.Generator()
    done = 0

    def step(batch: Batch) -> None:
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


def _share(source: RobotBatches, workers: int, rounds: int) -> float:
    """The share of the time of a run that its steps wait for batches, once it goes."""
    step = _ours()
    with Stream(source, 0, rounds + 2, workers, CPU) as stream:
        for _ in range(2):
            step(stream.next())
        began, before = time.perf_counter(), stream.waited_s
        for _ in range(rounds):
            step(stream.next())
        return (stream.waited_s - before) / (time.perf_counter() - began)


def _share_in_the_loop(source: RobotBatches, rounds: int) -> float:
    """The same where each batch is made when it is needed."""
    step, waited = _ours(), 0.0
    step(source[0])
    began = time.perf_counter()
    for number in range(1, rounds + 1):
        before = time.perf_counter()
        batch = source[number]
        waited += time.perf_counter() - before
        step(batch)
    return waited / (time.perf_counter() - began)
