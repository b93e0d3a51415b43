"""Demonstrations of the scripted experts in randomised scenes, in worker processes that each write their own shards.

What is in a trajectory depends on the seed and its number alone, and which trajectories are in a shard on the plan
alone: the same plan gives the same bytes with any number of workers, and after any interruption.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, ClassVar, Dict, Iterator, List, Tuple, Type

import numpy as np

from robot_bridge.interface import STEP_S, Action, Executed, Observation
from robot_bridge.servo import PERIOD_S
from robot_bridge.sim.environment import process_environment
from robot_bridge.sim.expert import Expert
from robot_bridge.sim.mixed_expert import MixedExpert
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.seeds import episode_seed
from robot_bridge.sim.shard_folder import ShardFolder, ShardPlan, held
from robot_bridge.sim.shards import ZERO, ShardWriter, Trajectory, count_trajectories, encode_jpeg
from robot_bridge.sim.tasks import find_task
from robot_bridge.sim.workers import Tally

KEEP = ("all", "successes", "failures")
QUALITIES: Dict[str, Type[Expert]] = {"expert": Expert, "mixed": MixedExpert}
TRIES = 200
"""Episodes after which the search for one that is kept is given up."""

LATER_FIELDS = ("quality", "until", "colour_spread", "clutter")
"""Of a plan: folders and commands from before there were these do not mention them, nor do those that need not."""

NOISE_LEVELS = (0.0, 0.5, 1.0, 1.5)
NOISE_SHARES = (0.15, 0.30, 0.35, 0.20)
KICKS = (0.0, 0.02, 0.05)
"""Demonstrations differ in how much their actions are disturbed: clean ones show the way, disturbed ones the way back
to it, without which imitation drifts (DART, Laskey et al. 2017)."""


@dataclass(frozen=True)
class DataPlan(ShardPlan):
    """What is generated: ``episodes`` of each task, or ``until`` kept ones in all, in scenes of ``variant``.

    ``latency_s``: each episode draws how old its observations are at the end of a step from this range [s], in ticks
    of 20 ms. ``noise`` scales the disturbances of the actions (0: none). With ``fixed_length`` an episode goes on to
    ``max_steps`` whatever happens, else it ends with success. With ``until`` each episode that is not kept is tried
    again in another scene. ``quality``: of the demonstrator. ``colour_spread`` (0 to 1) widens the randomisation of the
    target's colours; ``clutter`` lets up to so many distractors lie about. Tasks take turns, and so do the kinds of a
    task that has an axis.
    """

    LATER: ClassVar[Tuple[str, ...]] = LATER_FIELDS

    tasks: Tuple[str, ...]
    episodes: int
    seed: int = 0
    variant: str = "train"
    latency_s: Tuple[float, float] = (0.0, 0.12)
    noise: float = 1.0
    max_steps: int = 60
    fixed_length: bool = False
    keep: str = "all"
    shard_size: int = 24
    quality: str = "expert"
    until: int = 0
    colour_spread: float = 0.0
    clutter: int = 0

    def __post_init__(self) -> None:
        for task in self.tasks:
            find_task(task)
        if not self.tasks or self.episodes < 1 or self.max_steps < 1 or self.shard_size < 1:
            given = f"{len(self.tasks)} tasks, {self.episodes} episodes of {self.max_steps}, {self.shard_size} a shard"
            raise ValueError(f"expected at least 1 task, 1 episode of 1 step and 1 episode a shard, got {given}")
        if not 0.0 <= self.latency_s[0] <= self.latency_s[1] <= STEP_S:
            raise ValueError(f"latency_s is {self.latency_s}, expected a range within 0 .. {STEP_S} s")
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError(f"tasks are {self.tasks}, expected each once")
        if not 0.0 <= self.noise < math.inf or self.seed < 0:
            raise ValueError(f"noise is {self.noise} and seed {self.seed}, expected finite numbers of 0 or more")
        if self.keep not in KEEP:
            raise ValueError("keep is {!r}, expected one of {}".format(self.keep, ", ".join(KEEP)))
        if self.quality not in QUALITIES:
            raise ValueError("quality is {!r}, expected one of {}".format(self.quality, ", ".join(QUALITIES)))
        if self.until < 0 or not 0.0 <= self.colour_spread <= 1.0:
            raise ValueError(
                f"until is {self.until} and colour_spread {self.colour_spread}: expected 0 or more, 0 to 1"
            )
        most = min(len(find_task(task).kinds_of(self.variant).distractors) for task in self.tasks)
        if not 0 <= self.clutter <= most:
            raise ValueError(f"clutter is {self.clutter}, expected 0 to {most}: there are no more kinds of distractors")
        if self.colour_spread and self.variant == "colours":
            raise ValueError("colour_spread is for training data; the variant colours has unseen colours already")

    @property
    def command(self) -> str:
        """The command line that makes this data in a folder DIR."""
        ours, words = asdict(self), ["vptr sim generate --out DIR --task", *self.tasks]
        for name in ("episodes", "seed", "variant", "noise", "max_steps", "keep", "shard_size"):
            words.append("--{} {}".format(name.replace("_", "-"), ours[name]))
        for name in LATER_FIELDS:
            if ours[name] != getattr(DataPlan, name):
                words.append("--{} {}".format(name.replace("_", "-"), ours[name]))
        words.append("--latency {} {}".format(*self.latency_s))
        return " ".join(words + ["--fixed-length"] * self.fixed_length)

    @property
    def total(self) -> int:
        """How many episodes there are, those tried again counted once."""
        return self.until or self.episodes * len(self.tasks)

    def task(self, number: int) -> str:
        """The task of an episode: they take turns."""
        return self.tasks[number % len(self.tasks)]


@dataclass(frozen=True)
class Progress:
    """How far a generation is: episodes run and successes among them, and how many of the plan's they finished;
    ``kept`` episodes were finished before.
    """

    episodes: int
    successes: int
    kept: int
    finished: int


class _Recording:
    """The arrays of one episode as it happens."""

    def __init__(self, first: Observation) -> None:
        self.states: List[np.ndarray] = []
        self.jpegs: List[bytes] = []
        self.actions: List[np.ndarray] = []
        self.executed: List[np.ndarray] = []
        self.labels: List[np.ndarray] = []
        self._observe(first)

    def add(self, label: np.ndarray, action: np.ndarray, executed: Executed, seen: Observation) -> None:
        self.labels.append(label)
        self.actions.append(action)
        self.executed.append(executed.vector)
        self._observe(seen)

    def _observe(self, observation: Observation) -> None:
        self.states.append(observation.state)
        self.jpegs.append(encode_jpeg(observation.image))

    def trajectory(self, key: str, info: Dict[str, Any]) -> Trajectory:
        arrays = [
            np.asarray(rows, dtype=np.float32) for rows in (self.states, self.actions, self.executed, self.labels)
        ]
        return Trajectory(key, info, arrays[0], arrays[1], arrays[2], arrays[3], self.jpegs)


def generate(
    plan: DataPlan, folder: Path, workers: int = 1, on_progress: Callable[[Progress], None] = lambda _: None
) -> Dict[str, Any]:
    """Make what is missing of the plan's data in ``folder`` and return its index.

    Raises ShardError when the folder holds data of another plan, or a damaged shard, or another process writes there.
    """
    run, succeeded, finished = (Tally(plan.shards) for _ in range(3))
    with held(folder):
        shards = ShardFolder(folder, plan, count_trajectories, ZERO)

        def report() -> None:
            on_progress(Progress(run.total(), succeeded.total(), shards.kept, finished.total()))

        return shards.fill(write_shard, workers, report, (run, succeeded, finished))


def write_shard(
    run: Tally, succeeded: Tally, finished: Tally, plan: DataPlan, path: Path, shard: int
) -> Tuple[int, Dict[str, Any]]:
    """Run the episodes of one shard and write it; returns its number and counts."""
    with ShardWriter(path) as writer:
        for number in plan.numbers(shard):
            for trajectory in _tries(plan, number):
                success = bool(trajectory.info["success"])
                run.add(shard)
                succeeded.add(shard, int(success))
                if plan.keep == "all" or success == (plan.keep == "successes"):
                    writer.add(trajectory)
                    break
            finished.add(shard)
    return shard, count_trajectories(path)


def _tries(plan: DataPlan, number: int) -> Iterator[Trajectory]:
    """The episode of that number; where the plan wants so many kept ones, again and again in other scenes."""
    yield record_episode(plan, number)
    if plan.until:
        for attempt in range(1, TRIES):
            yield record_episode(plan, number, attempt)
        raise RuntimeError(
            f"none of {TRIES} episodes of {plan.task(number)} could be kept (keep {plan.keep}, max_steps "
            f"{plan.max_steps}): give them more steps, or keep all"
        )


def record_episode(plan: DataPlan, number: int, attempt: int = 0) -> Trajectory:
    """Run one episode of the expert and return what happened; each attempt at it has a scene of its own."""
    stream = f"generate again {attempt}" if attempt else "generate"
    task, seed = plan.task(number), episode_seed(stream, plan.seed, number)
    rng = np.random.default_rng(seed)
    settings = _draw_settings(plan, rng)
    turn = number // len(plan.tasks)
    spec = sample_scene(task, seed, plan.variant, turn=turn, colour_spread=plan.colour_spread, clutter=plan.clutter)
    environment = process_environment()
    environment.latency_s = settings["latency_s"]
    recording = _Recording(environment.reset(spec))
    expert = QUALITIES[plan.quality](task, rng, settings["noise"], settings["kick_probability"])
    expert.reset(environment)
    success = False
    while len(recording.actions) < plan.max_steps and (plan.fixed_length or not success):
        action, label = expert.act(environment)
        executed = environment.apply(Action(action))
        recording.add(label, action, executed, environment.observe())
        success = environment.finished() == "success"
    info = {"task": task, "variant": plan.variant, "seed": seed, "success": success, "steps": len(recording.actions)}
    scene = json.loads(spec.to_json())
    return recording.trajectory(f"{task}-{number:06d}", {**info, "scene": scene, "expert": settings})


def _draw_settings(plan: DataPlan, rng: np.random.Generator) -> Dict[str, float]:
    """Latency and disturbances of one episode."""
    ticks = [round(bound / PERIOD_S) for bound in plan.latency_s]
    return {
        "latency_s": round(int(rng.integers(ticks[0], ticks[1] + 1)) * PERIOD_S, 6),
        "noise": plan.noise * float(rng.choice(NOISE_LEVELS, p=NOISE_SHARES)),
        "kick_probability": min(plan.noise * float(rng.choice(KICKS)), 1.0),
    }
