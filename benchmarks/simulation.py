"""How fast the simulator renders and records, against the straightforward ways to do so."""

import os
import tempfile
import time
from pathlib import Path
from typing import Callable, List, Tuple

import numpy as np

from benchmarks.measure import Measure
from robot_bridge.sim.camera import SceneRenderer
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.generate import DataPlan, generate, record_episode
from robot_bridge.sim.model import build_model
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.tasks import TASKS
from robot_bridge.sim.world import World

SIZES = ((128, 128), (640, 480))
DEFAULT_QUALITY = {"shadowsize": 4096, "offsamples": 4, "numslices": 28, "numstacks": 16, "numquads": 4}
"""What MuJoCo uses where a model says nothing."""

STEPS = 40


def render() -> List[Measure]:
    """Pictures a second of one process, with shadows."""
    measures = []
    for width, height in SIZES:
        rates = [_fps(make, width, height) for make in (_ours, _default_quality)]
        measures.append(
            Measure(
                "render",
                f"{width}x{height}",
                "fps",
                rates[0],
                rates[1],
                "mujoco.Renderer at MuJoCo's default quality",
                higher_is_better=True,
            )
        )
    return measures


def trajectories(rounds: int = 12) -> List[Measure]:
    """Rendered 40-step trajectories a minute: all workers against one process and against a renderer an episode."""
    workers = os.cpu_count() or 1
    plan = DataPlan(tuple(TASKS), rounds, seed=1, max_steps=STEPS, fixed_length=True, shard_size=2)
    together = _generated_a_minute(plan, workers)
    alone = _a_minute(lambda number: record_episode(plan, number))
    naive = _a_minute(_naive_episode)
    unit = "trajectories/min"
    name = f"{workers} workers"
    return [
        Measure("data", name, unit, together, alone, "one process", higher_is_better=True),
        Measure("data", name, unit, together, naive, "one process, a new renderer an episode", higher_is_better=True),
    ]


def _fps(make: Callable[[int, int], Tuple[Callable[[], object], Callable[[], None]]], width: int, height: int) -> float:
    picture, close = make(width, height)
    picture()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < 1.5:
        picture()
        count += 1
    rate = count / (time.perf_counter() - start)
    close()
    return rate


def _ours(width: int, height: int) -> Tuple[Callable[[], object], Callable[[], None]]:
    world = World(sample_scene("cucumber_in_bowl", 1))
    renderer = SceneRenderer(world.spec, width, height)
    return lambda: renderer.render(world.qpos), renderer.close


def _default_quality(width: int, height: int) -> Tuple[Callable[[], object], Callable[[], None]]:
    import mujoco

    model = build_model(sample_scene("cucumber_in_bowl", 1))
    for name, value in DEFAULT_QUALITY.items():
        setattr(model.vis.quality, name, value)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = mujoco.Renderer(model, height, width)

    def picture() -> np.ndarray:
        renderer.update_scene(data, camera=0)
        return renderer.render()

    return picture, renderer.close


def _generated_a_minute(plan: DataPlan, workers: int) -> float:
    """Without the time that the worker processes take to start: from the first episode done to the last."""
    seen: List[Tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        generate(plan, Path(folder), workers, lambda progress: seen.append((time.perf_counter(), progress.episodes)))
    first = next(index for index, (_, episodes) in enumerate(seen) if episodes > 0)
    (start, before), (end, after) = seen[first], seen[-1]
    return 60.0 * (after - before) / (end - start)


def _a_minute(episode: Callable[[int], object], count: int = 8) -> float:
    episode(0)
    start = time.perf_counter()
    for number in range(1, count + 1):
        episode(number)
    return 60.0 * count / (time.perf_counter() - start)


def _naive_episode(number: int) -> None:
    """What a Gymnasium environment made anew for each episode does."""
    from robot_bridge.interface import Action
    from robot_bridge.sim.expert import Expert

    task = list(TASKS)[number % len(TASKS)]
    environment = SimEnvironment()
    environment.reset(sample_scene(task, number))
    expert = Expert(task, np.random.default_rng(number))
    expert.reset(environment)
    for _ in range(STEPS):
        environment.apply(Action(expert.act(environment)[0]))
    environment.close()
