"""`vptr sim`: the simulated WidowX: tasks, demonstrations, rollouts, pictures."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from vptr_cli import progress
from vptr_cli.checkpoints import find_policy
from vptr_cli.evaluate import evaluate
from vptr_cli.limits import choose_tasks, expect, worker_count
from vptr_cli.sim_teleoperate import teleoperate
from vptr_cli.sim_videos import videos
from vptr_policy.counting import counted


def tasks(group: str = "target") -> int:
    """Print the names of the simulated tasks, one a line.

    Args:
        group: target (the four tasks), source (six tasks of phase 2), axes (three axes of generalisation) or all.
    """
    from robot_bridge.sim.tasks import find_group

    print("\n".join(find_group(group)))
    return 0


def generate(
    out: Path,
    task: Tuple[str, ...] = (),
    episodes: int = 1000,
    seed: int = 0,
    workers: Optional[int] = None,
    variant: str = "train",
    latency: Tuple[float, float] = (0.0, 0.12),
    noise: float = 1.0,
    max_steps: int = 60,
    fixed_length: bool = False,
    keep: str = "all",
    shard_size: int = 24,
    group: Optional[str] = None,
    quality: str = "expert",
    until: int = 0,
    colour_spread: float = 0.0,
    clutter: int = 0,
) -> int:
    """Record demonstrations of the scripted experts as shards.

    The same options give the same bytes, whatever the number of workers; run the command again to finish an
    interrupted folder.

    Args:
        out: folder of the shards and their index.json.
        task: names of the tasks; default all of the group (see `vptr sim tasks`).
        episodes: episodes of each task.
        seed: of scenes, latencies and noise.
        workers: processes; default one a core.
        variant: train, distractors, targets, containers or colours; of an axis: train or unseen.
        latency: range of the age of the observations at the end of a step [s], drawn for each episode.
        noise: scale of the disturbances of the expert's actions; 0 switches them off.
        max_steps: longest episode [steps of 0.2 s].
        fixed_length: go on to max_steps after success.
        keep: all, successes or failures.
        shard_size: episodes of a shard.
        group: target (the default), source, axes or all, where no task is named.
        quality: of the demonstrator: expert, or mixed (with --max-steps 40 about 30 % succeed).
        until: number of trajectories in all, instead of --episodes: what --keep refuses is tried again.
        colour_spread: widen the randomisation of the target's colours, from 0 to 1; those of the variant colours are
            held out.
        clutter: distractors that lie about at most, each number from none as likely as the others; 0: none to two, as
            in the scenes that policies are tested in.
    """
    from robot_bridge.sim.generate import DataPlan

    names = choose_tasks(task, group)
    plan = DataPlan(names, episodes, seed, variant, latency, noise, max_steps, fixed_length, keep, shard_size)
    plan = replace(plan, quality=quality, until=until, colour_spread=colour_spread, clutter=clutter)
    _generate(plan, out, worker_count(workers))
    return 0


def rollout(
    policy: str = "shipped",
    task: Tuple[str, ...] = (),
    variant: str = "train",
    episodes: int = 100,
    seed: int = 0,
    workers: Optional[int] = None,
    steps: int = 100,
    latency: float = 0.08,
    json: bool = False,
    video: Optional[Path] = None,
    group: Optional[str] = None,
) -> int:
    """Run seeded episodes of a policy in the simulator and count the successes.

    The scenes depend on the seed alone (none of them is a training scene), so that two policies can be compared
    scene by scene; the numbers do not depend on the workers.

    Args:
        policy: checkpoint folder, "expert" (the scripted experts) or "shipped".
        task: names of the tasks; default all of the group (see `vptr sim tasks`).
        variant: train, distractors, targets, containers or colours; of an axis: train or unseen.
        episodes: episodes of each task.
        seed: of the scenes.
        workers: processes; default one a core.
        steps: time limit of an episode [steps of 0.2 s]; 100 are 20 s of robot time.
        latency: age of the observation at the end of a step [s].
        json: print one JSON object as the last line.
        video: folder for an mp4 of each episode.
        group: target (the default), source, axes or all, where no task is named.
    """
    from eval_protocol.rollout import RolloutPlan

    if episodes < 1 or steps < 1:
        raise ValueError(f"--episodes is {episodes} and --steps {steps}: expected at least 1 of each")
    chosen, names, processes = find_policy(policy), choose_tasks(task, group), worker_count(workers)
    plans = [
        RolloutPlan(chosen, name, variant, episodes, seed, steps, latency, str(video) if video else None)
        for name in names
    ]
    results = [_roll_out(plan, processes) for plan in plans]
    if len(results) > 1:
        results.append(_all_tasks(results))
        print(_line(results[-1]))
    if json:
        print(_json_line(results))
    return 0


def render(
    out: Path,
    task: Tuple[str, ...] = (),
    variant: str = "train",
    count: int = 4,
    seed: int = 0,
    width: int = 320,
    height: int = 240,
    policy: Optional[str] = None,
    steps: int = 100,
    group: Optional[str] = None,
) -> int:
    """Render a contact sheet of scenes, or film strips of episodes, a row for each task.

    Args:
        out: picture to write (.png).
        task: names of the tasks; default all of the group (see `vptr sim tasks`).
        variant: train, distractors, targets, containers or colours; of an axis: train or unseen.
        count: pictures a row.
        seed: of the scenes: those of `vptr sim rollout` with this seed.
        width: of each picture [px].
        height: of each picture [px].
        policy: make film strips of this policy's first episode instead: a checkpoint folder, "expert" or "shipped".
        steps: time limit of an episode [steps of 0.2 s].
        group: target (the default), source, axes or all, where no task is named.
    """
    from eval_protocol.rollout import RolloutPlan, film, scenes
    from robot_bridge.sim.sheet import contact_sheet, write_png
    from robot_bridge.sim.tasks import find_task

    for option, value in (("count", count), ("width", width), ("height", height), ("steps", steps)):
        expect(option, value, 1)
    rows = []
    for name in choose_tasks(task, group):
        plan = RolloutPlan(find_policy(policy or "expert"), name, variant, count, seed, steps)
        caption = find_task(name).words + ("" if variant == "train" else f" ({variant})")
        if policy is None:
            rows.append((caption, scenes(plan, (width, height))))
        else:
            pictures, episode = film(plan, (width, height), count)
            rows.append((f"{caption}: {episode.reason} after {episode.steps} steps", pictures))
    write_png(str(out), contact_sheet(rows))
    print(out)
    return 0


def _generate(plan: Any, out: Path, workers: int) -> None:
    """Make the data of a DataPlan with a progress bar, and print what there is."""
    from robot_bridge.sim.generate import Progress, generate

    start = time.monotonic()
    with progress.bar("generate", plan.total, "ep") as bar:

        def show(progress: Progress) -> None:
            share = progress.successes / max(progress.episodes, 1)
            rate = 60.0 * progress.episodes / (time.monotonic() - start)
            bar.set_postfix_str(f"{rate:.0f} trajectories/min, {share:.1%} success", refresh=False)
            bar.update(progress.kept + progress.finished - bar.n)

        index = generate(plan, out, workers, show)
    for name in plan.tasks:
        row = index["tasks"].get(name, {"trajectories": 0, "successes": 0, "steps": 0})
        print("{}: {trajectories} trajectories, {successes} successes, {steps} steps".format(name, **row))
    print(f"{counted(len(index['shards']), 'shard')} in {out}, {time.monotonic() - start:.0f} s")


def _roll_out(plan: Any, workers: int) -> Dict[str, Any]:
    from eval_protocol.rollout import Episode, rollout, summary

    start = time.monotonic()
    episodes: List[Episode] = []
    with progress.bar(plan.task, plan.episodes, "ep") as bar:
        for episode in rollout(plan, workers):
            episodes.append(episode)
            bar.set_postfix_str(f"{sum(e.success for e in episodes)}/{len(episodes)} successes", refresh=False)
            bar.update(1)
    result = summary(plan, episodes, time.monotonic() - start)
    print(_line(result))
    return result


def _all_tasks(results: List[Dict[str, Any]]) -> Dict[str, Any]:
    from eval_protocol.statistics import proportion

    rate = proportion(sum(r["successes"] for r in results), sum(r["episodes"] for r in results))
    first = results[0]
    return {
        "task": "all",
        **{name: first[name] for name in ("policy", "variant", "seed", "steps", "latency_s")},
        "episodes": rate.trials,
        "successes": rate.successes,
        "interval": [rate.low, rate.high],
        "seconds": sum(r["seconds"] for r in results),
        "tasks": list(results),
    }


def _line(result: Dict[str, Any]) -> str:
    low, high = result["interval"]
    share = result["successes"] / result["episodes"]
    counts = "{task} ({variant}): {successes}/{episodes}".format(**result)
    return f"{counts} = {share:.1%} [{low:.3f}, {high:.3f}], {result['seconds']:.0f} s"


def _json_line(results: List[Dict[str, Any]]) -> str:
    return json.dumps(results[-1])


COMMANDS: Dict[str, Callable[..., int]] = {
    "tasks": tasks,
    "generate": generate,
    "videos": videos,
    "teleoperate": teleoperate,
    "rollout": rollout,
    "evaluate": evaluate,
    "render": render,
}
