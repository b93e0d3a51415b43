"""Many seeded episodes of a policy in the simulator, in process, through the one control loop.

An episode is judged as a session's trial is (eval_protocol.criterion): the task's predicate must have held for a second
of simulated time without a break, begun within the time limit. The policy goes on meanwhile, so that an episode takes
up to a second more than ``steps`` steps.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from eval_protocol.criterion import HOLD_S, Criterion
from eval_protocol.statistics import proportion
from eval_protocol.video import VideoWriter
from robot_bridge.interface import STEP_S, Action, Executed, Observation, Policy
from robot_bridge.sim.environment import SimEnvironment, process_environment
from robot_bridge.sim.expert import Expert
from robot_bridge.sim.scene import SceneSpec, sample_scene
from robot_bridge.sim.seeds import episode_seed
from robot_bridge.sim.sheet import evenly
from robot_bridge.sim.workers import run_jobs
from vptr_policy.runtime import EpisodeResult, Runtime, Step, Stepped, Subscriber

EXPERT = "expert"
"""The name that stands for the scripted expert of each task in place of a checkpoint folder."""

DEFAULT_STEPS = 100
"""Steps within which success must begin, 20 s at 5 Hz: the scripted experts need about 25, a policy may try again.

The paper's trials on the robot last 60 s (300 steps); policies that have not succeeded after 20 s rarely do, and three
times as many steps would be spent on the failures.
"""


@dataclass(frozen=True)
class RolloutPlan:
    """Which policy acts in which scenes: ``episodes`` scenes of ``task`` in ``variant``, drawn from ``seed``."""

    policy: str
    task: str
    variant: str = "train"
    episodes: int = 100
    seed: int = 0
    steps: int = DEFAULT_STEPS
    latency_s: float = 0.08
    video: Optional[str] = None

    def scene_seed(self, number: int) -> int:
        """The seed of the scene of an episode: the same for every policy, task and variant, none of training's."""
        return episode_seed("rollout", self.seed, number)

    def scene(self, number: int) -> SceneSpec:
        """The scene of an episode; on an axis of generalisation its kinds take turns, so that each is met as often."""
        return sample_scene(self.task, self.scene_seed(number), self.variant, turn=number)


@dataclass(frozen=True)
class Episode:
    """How one episode went; ``reason`` is the control loop's (``success``, ``time_limit``, or what failed)."""

    number: int
    scene_seed: int
    success: bool
    reason: str
    steps: int
    milestones: List[str]


class JudgedEnvironment:
    """The simulator as an interface.Environment that is finished when the criterion is decided.

    As in the bridge the predicate is looked at in each servo period; what has become of it is asked after each step.
    """

    def __init__(self, environment: SimEnvironment, limit_s: float) -> None:
        self._environment, self._limit_s = environment, limit_s
        self._criterion = Criterion(limit_s)

    def observe(self) -> Observation:
        """The simulator's observation."""
        return self._environment.observe()

    def apply(self, action: Action) -> Executed:
        """Execute one action in the simulator."""
        return self._environment.apply(action)

    def finished(self) -> Optional[str]:
        """``success`` once the predicate has held for long enough, ``time_limit`` once it is too late for that."""
        now_s, since_s = self._environment.world.time_s, self._environment.success_since_s()
        if since_s is not None and self._criterion.met(since_s, now_s - since_s):
            return "success"
        late = now_s >= self._limit_s - 5e-7  # sums of steps of 0.2 s are not exact
        return "time_limit" if late and not self._criterion.open(since_s) else None


class ExpertPolicy:
    """The scripted expert as a policy: it looks at the simulated world instead of the picture."""

    def __init__(self, environment: SimEnvironment) -> None:
        self._environment = environment
        self._expert: Optional[Expert] = None

    def reset(self, task: str) -> None:
        """Begin an episode of ``task`` in the present scene; raises ValueError where the scene is of another task."""
        self._expert = Expert(task, np.random.default_rng(0), noise=0.0)
        self._expert.reset(self._environment)

    def act(self, observation: Observation) -> Action:  # noqa: ARG002 - it looks at the world instead
        """The expert's undisturbed action; raises ValueError before ``reset``."""
        if self._expert is None:
            raise ValueError("act before reset: call reset(task) at the start of an episode")
        return Action(self._expert.act(self._environment)[0])


class VideoSubscriber:
    """Writes the pictures the policy saw to an mp4 file."""

    def __init__(self, path: Path) -> None:
        self._writer = VideoWriter(path, STEP_S / 2)  # half: the first picture is less than a step before the second

    def on_start(self, task: str) -> None:
        """Nothing to show yet."""

    def on_step(self, step: Step) -> None:
        """Add the picture of this step."""
        self._writer.add(step.observation.image, step.observation.image_stamp_s)

    def on_end(self, result: EpisodeResult) -> None:  # noqa: ARG002
        """Finish the file."""
        self._writer.close()


class FrameSubscriber:
    """Keeps the pictures the policy saw."""

    def __init__(self) -> None:
        self.images: List[np.ndarray] = []

    def on_start(self, task: str) -> None:  # noqa: ARG002
        """Begin anew."""
        self.images.clear()

    def on_step(self, step: Step) -> None:
        """Keep the picture of this step."""
        self.images.append(step.observation.image)

    def on_end(self, result: EpisodeResult) -> None:
        """Nothing to finish."""


def rollout(plan: RolloutPlan, workers: int = 1) -> Iterator[Episode]:
    """Run the episodes of a plan and yield them as they end; what happens in each is independent of ``workers``."""
    yield from run_jobs(run_episode, [(plan, number) for number in range(plan.episodes)], workers)


def run_episode(plan: RolloutPlan, number: int) -> Episode:
    """Run one episode in this process."""
    subscribers: List[Subscriber] = []
    if plan.video is not None:
        subscribers.append(VideoSubscriber(Path(plan.video) / f"{plan.task}-{plan.variant}-{number:04d}.mp4"))
    return _act(process_environment(), plan, number, subscribers)


def scenes(plan: RolloutPlan, size: Tuple[int, int]) -> List[np.ndarray]:
    """The first picture of each scene of a plan, (height, width, 3) RGB for a size (width, height)."""
    environment = SimEnvironment(*size)
    try:
        return [environment.reset(plan.scene(number)).image for number in range(plan.episodes)]
    finally:
        environment.close()


def film(plan: RolloutPlan, size: Tuple[int, int], count: int) -> Tuple[List[np.ndarray], Episode]:
    """``count`` pictures at even distances of the first episode of a plan, and how it went."""
    frames = FrameSubscriber()
    environment = SimEnvironment(*size, latency_s=plan.latency_s)
    try:
        episode = _act(environment, plan, 0, [frames])
        return evenly([*frames.images, environment.observe().image], count), episode
    finally:
        environment.close()


def _act(environment: SimEnvironment, plan: RolloutPlan, number: int, subscribers: Sequence[Subscriber]) -> Episode:
    environment.latency_s = plan.latency_s
    spec = plan.scene(number)
    environment.reset(spec)
    policy = acting_policy(plan.policy, environment)
    judged = JudgedEnvironment(environment, plan.steps * STEP_S)
    runtime = Runtime(judged, policy, Stepped(lambda: environment.world.time_s), subscribers)
    result = runtime.run(plan.task, plan.steps * STEP_S + HOLD_S + STEP_S)
    success = result.reason == "success"
    return Episode(number, spec.seed, success, result.reason, result.steps, environment.world.milestones())


def acting_policy(name: str, environment: SimEnvironment) -> Policy:
    """The scripted expert of the environment, or the policy in a checkpoint folder."""
    return ExpertPolicy(environment) if name == EXPERT else _load(name)


def summary(plan: RolloutPlan, episodes: List[Episode], seconds: float) -> Dict[str, Any]:
    """The outcome of a plan as plain values: counts, the 95 % Clopper-Pearson interval, steps of the successes."""
    rate = proportion(sum(episode.success for episode in episodes), len(episodes))
    steps = [episode.steps for episode in episodes if episode.success]
    names = sorted({name for episode in episodes for name in episode.milestones})
    return {
        **asdict(plan),
        "episodes": rate.trials,
        "successes": rate.successes,
        "interval": [rate.low, rate.high],
        "seconds": seconds,
        "median_steps": float(np.median(steps)) if steps else None,
        "milestones": {name: sum(name in episode.milestones for episode in episodes) for name in names},
        "failed": sorted(episode.number for episode in episodes if not episode.success),
        "faults": sorted({e.reason for e in episodes if e.reason not in ("success", "time_limit")}),
    }


@lru_cache(maxsize=1)
def _load(source: str) -> Policy:
    """One policy a process, on one thread."""
    import torch

    from vptr_policy.source import open_policy

    torch.set_num_threads(1)
    return open_policy(source)
