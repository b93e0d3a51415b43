"""Rollouts for the diagnostics, made in the simulator: the same scenes without and with distractors."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Callable, List, Optional, Tuple

import numpy as np

from eval_protocol.rollout import EXPERT, ExpertPolicy, JudgedEnvironment
from robot_bridge.interface import STEP_S, Observation, Policy
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.scene import SceneSpec, sample_scene
from robot_bridge.sim.seeds import episode_seed
from robot_bridge.sim.segmentation import Segmenter
from robot_bridge.sim.workers import run_jobs
from vptr_policy.analysis.rollouts import WITHOUT, Rollout
from vptr_policy.runtime import EpisodeResult, Runtime, Step, Stepped

ATTEMPTS = 50


@dataclass(frozen=True)
class RolloutRequest:
    """What to record: ``episodes`` scenes of each task; who acts; with ``masks`` what each pixel shows."""

    tasks: Tuple[str, ...]
    conditions: Tuple[str, ...]
    acting: str = EXPERT
    variant: str = "distractors"
    episodes: int = 5
    seed: int = 0
    steps: int = 60
    latency_s: float = 0.08
    masks: bool = False

    def scene(self, task: str, number: int, condition: str) -> SceneSpec:
        """A scene that has distractors, or the same without them; none of training's or of `vptr sim rollout`'s."""
        for attempt in range(ATTEMPTS):
            seed = episode_seed("analysis", self.seed, number * ATTEMPTS + attempt)
            spec = sample_scene(task, seed, self.variant, turn=number)
            if spec.distractors:
                return replace(spec, distractors=()) if condition == WITHOUT else spec
        raise ValueError(f"{task}: its variant {self.variant!r} has no distractors")

    def jobs(self) -> List[Tuple["RolloutRequest", str, int, str]]:
        """The episodes in their order."""
        return [
            (self, task, number, condition)
            for condition in self.conditions for task in self.tasks for number in range(self.episodes)
        ]  # fmt: skip


class Recorder:
    """Keeps what the policy saw, and what was the case meanwhile; a Subscriber."""

    def __init__(self, environment: SimEnvironment, mask: Optional[Callable[[np.ndarray], np.ndarray]]) -> None:
        self._environment, self._mask = environment, mask
        self.observations: List[Observation] = []
        self.solved: List[bool] = []
        self.masks: List[np.ndarray] = []

    def on_start(self, task: str) -> None:  # noqa: ARG002
        """Note the scene as it is."""
        self._note()

    def on_step(self, step: Step) -> None:
        """Keep what was seen before the action, and note what came of it."""
        self.observations.append(step.observation)
        self._note()

    def on_end(self, result: EpisodeResult) -> None:  # noqa: ARG002
        """Keep what is seen at the end."""
        self.observations.append(self._environment.observe())

    def _note(self) -> None:
        world = self._environment.world
        self.solved.append(world.success())
        if self._mask is not None:
            self.masks.append(self._mask(world.qpos))

    def length(self, success: bool) -> int:
        """Observations up to the one at which the task was done, as demonstrations end; all of a failure."""
        if not success:
            return len(self.observations)
        return len(self.solved) - self.solved[::-1].index(False) + 1 if False in self.solved else 1


def simulate(request: RolloutRequest, workers: int, on_end: Callable[[], None]) -> List[Rollout]:
    """The rollouts of a request in its order; what happens in each is independent of ``workers``."""
    done: List[Rollout] = []
    for rollout in run_jobs(record, request.jobs(), workers):
        done.append(rollout)
        on_end()
    return sorted(
        done, key=lambda one: (request.conditions.index(one.condition), request.tasks.index(one.task), one.name)
    )


def record(request: RolloutRequest, task: str, number: int, condition: str) -> Rollout:
    """One rollout, made in this process."""
    environment = _environment()
    environment.latency_s = 0.0 if request.masks else request.latency_s  # a mask is of the moment of its picture
    spec = request.scene(task, number, condition)
    environment.reset(spec)
    segmenter = Segmenter(spec) if request.masks else None
    recorder = Recorder(environment, None if segmenter is None else segmenter.mask)
    policy: Policy = ExpertPolicy(environment) if request.acting == EXPERT else _load(request.acting)
    judged = JudgedEnvironment(environment, request.steps * STEP_S)
    runtime = Runtime(judged, policy, Stepped(lambda: environment.world.time_s), [recorder])
    try:
        result = runtime.run(task, (request.steps + 10) * STEP_S)
    finally:
        if segmenter is not None:
            segmenter.close()
    success = result.reason == "success"
    kept = recorder.length(success)
    masks = tuple(recorder.masks[:kept]) if request.masks else None
    return Rollout(f"{task}-{number:03d}", task, tuple(recorder.observations[:kept]), condition, success, masks)


@lru_cache(maxsize=1)
def _environment() -> SimEnvironment:
    """One environment a process: building a renderer costs more than an episode's physics."""
    return SimEnvironment()


@lru_cache(maxsize=1)
def _load(folder: str) -> Any:
    import torch

    from vptr_policy.policy import load_policy

    torch.set_num_threads(1)
    return load_policy(folder)
