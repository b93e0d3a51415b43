"""`vptr analyze`: what a checkpoint has learned: values, features, where it looks, distances to the goal."""

import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple


def values(
    policy: Tuple[str, ...],
    out: Path,
    acting: str = "expert",
    task: Tuple[str, ...] = (),
    variant: str = "distractors",
    episodes: int = 5,
    steps: int = 60,
    data: Tuple[Path, ...] = (),
    distractor_data: Tuple[Path, ...] = (),
    told: str = "",
    sentence_model: Optional[Path] = None,
    untrained: bool = True,
    shown: int = 4,
    seed: int = 0,
    workers: Optional[int] = None,
) -> int:
    """Value curves V(s_t) of checkpoints on the same rollouts without and with distractors (V-PTR Fig. 6, left).

    Writes OUT/values.png, .svg and values.json: the curves, of successes and failures apart how monotonic and how rough
    they are, with 95 % intervals over the rollouts, and how often a success ends at a higher value than a failure.

    Args:
        policy: checkpoints with a critic (runs of v-ptr, ptr, cql, ...), each PATH or NAME=PATH.
        out: folder for figure and numbers.
        acting: who makes the rollouts in the simulator: "expert" (the scripted experts), "shipped" or a checkpoint.
        task: simulated tasks, or those of the data to look at; default all that every policy knows.
        variant: from which the scenes with distractors are drawn; the others are the same scenes without them.
        episodes: rollouts of each task without and with distractors; of data: at most.
        steps: time limit of a simulated rollout [steps of 0.2 s].
        data: take these recordings without distractors instead: folders of shards, episodes or pictures.
        distractor_data: and these with distractors.
        told: the task that all policies are told; default that of each rollout.
        sentence_model: folder of the sentence model, for policies that are told their task in other words than learned.
        untrained: add the first checkpoint's networks with random weights.
        shown: rollouts of each outcome drawn in a panel.
        seed: of scenes, draws and intervals.
        workers: processes of the simulator; default one a core.
    """
    _quiet_threads()
    from vptr_policy.analysis.figures.values import draw_values
    from vptr_policy.analysis.naming import named_checkpoints
    from vptr_policy.analysis.results import write_results
    from vptr_policy.analysis.value_comparison import compare_values, untrained_policy
    from vptr_policy.policy import load_policy

    _expect("episodes", episodes, 1)
    _expect("shown", shown, 1)
    named = named_checkpoints(policy)
    policies: Dict[str, Any] = {name: load_policy(folder, sentence_model) for name, folder in named}
    _need_critics(dict(named))
    origins = {name: {"folder": str(folder), "checkpoint": policies[name].checkpoint} for name, folder in named}
    if untrained:
        policies["untrained"] = untrained_policy(named[0][1], seed)
    rollouts = _rollouts(
        policies, data, distractor_data, task, told, acting, variant, episodes, steps, seed, workers or _cores()
    )  # fmt: skip
    with _bar("values", len(policies) * len(rollouts), "curve") as bar:
        comparison = compare_values(policies, rollouts, told, lambda: bar.update(1))
    out.mkdir(parents=True, exist_ok=True)
    draw_values(out, comparison, shown, seed)
    write_results(out / "values.json", {"seed": seed, "origins": origins, **comparison.results(seed)})
    for name in policies:
        for condition, found in comparison.summaries(name, seed).items():
            print(f"{name} {condition}: {_told_values(found)}")
    print(f"figure: {out / 'values.png'}")
    return 0


def sarsa(
    encoder: Tuple[str, ...],
    data: Tuple[Path, ...],
    out: Path,
    held_out: Tuple[Path, ...] = (),
    task: Tuple[str, ...] = (),
    trajectories: Optional[int] = 100,
    failures: bool = False,
    discount: float = 0.96,
    final_steps: int = 3,
    reward_scale: float = 11.0,
    reward_shift: float = -1.0,
    cache: Optional[Path] = None,
    device: str = "auto",
    seed: int = 0,
) -> int:
    """Held-out error of a linear SARSA value on the frozen features of encoders (V-PTR Fig. 6, right).

    Untrained networks of the same shapes, the pixels averaged down and the robot's own state are judged too: features
    that do not beat these have not learned it. Writes OUT/sarsa.png, .svg and sarsa.json: the error as a share of the
    variance of the true values, with 95 % intervals over the held-out trajectories and the difference to the first.

    Args:
        encoder: each PATH or NAME=PATH: a run or checkpoint of a policy (its critic's encoder; PATH:actor for the
            actor's), a run or checkpoint of an encoder (`vptr train icvf`, `vip` ...), a file of VIP, R3M or MVP.
        data: folders of demonstrations (shard-*.tar) to fit on: 60 % of the trajectories of each task to fit, 20 % to
            choose the ridge; 20 % to judge, unless --held-out gives others.
        out: folder for figure and numbers.
        held_out: folders of demonstrations to judge by, such as of scenes with unseen distractors.
        task: tasks of the data; default all.
        trajectories: of each task at most, drawn at random.
        failures: take failed trajectories too; their true value is that of never succeeding.
        discount: gamma.
        final_steps: the last this many steps of a success are rewarded.
        reward_scale: the reward is scale * r + shift.
        reward_shift: see --reward-scale.
        cache: where decoded pictures are kept; default a hidden folder in each data folder.
        device: of the encoders: auto (a GPU where there is one), cpu or cuda.
        seed: of the split, the untrained networks and the intervals.
    """
    _quiet_threads()
    import numpy as np

    from vptr_cli.train import _open
    from vptr_policy.analysis.encoder_search import find_encoders
    from vptr_policy.analysis.figures.sarsa import draw_sarsa
    from vptr_policy.analysis.held_out import TEST, TRAINING, VALIDATION, choose, split
    from vptr_policy.analysis.results import write_results
    from vptr_policy.analysis.sarsa_comparison import at_edge, batch_count, compare_sarsa
    from vptr_policy.data.robot.rewards import RewardOptions
    from vptr_policy.data.robot.transitions import TransitionOptions, assemble

    _expect("trajectories", 1 if trajectories is None else trajectories, 1)
    rewards = RewardOptions(final_steps, reward_scale, reward_shift, discount)
    encoders = find_encoders(encoder, seed, device)
    caches, others = _open(data, cache)[0], _open(held_out, cache)[0]
    options = TransitionOptions("action", not failures, rewards=rewards, target_tasks="shared")
    chosen = choose(assemble(caches, options, others), task, trajectories, seed)
    parts = np.where(chosen.target, TEST, TRAINING)
    own = ~chosen.target
    shares = (0.8, 0.2, 0.0) if held_out else (0.6, 0.2, 0.2)
    parts[own] = split(chosen.trajectory[own], chosen.task[own], seed, shares)
    fingerprints = [one.fingerprint for one in (others or caches)]
    with _bar("features", len(encoders) * batch_count(chosen), "batch") as bar:
        entries = compare_sarsa(encoders, chosen, parts, rewards, fingerprints, seed, lambda: bar.update(1))
    out.mkdir(parents=True, exist_ok=True)
    draw_sarsa(out, entries)
    kinds = {"training": parts == TRAINING, "validation": parts == VALIDATION, "test": parts == TEST}
    counts = {
        name: {"trajectories": len(np.unique(chosen.trajectory[rows])), "transitions": int(rows.sum())}
        for name, rows in kinds.items()
    }
    found = {entry.name: entry.results(entries[0], seed) for entry in entries}
    about = {"seed": seed, "tasks": chosen.tasks, "rewards": rewards, "data": counts}
    write_results(out / "sarsa.json", {**about, "encoders": found})
    for entry in entries:
        print(
            f"{entry.name}: error {entry.sarsa.error}, regression {entry.regression.error}, ridge {entry.sarsa.ridge}"
        )
    for entry in entries:
        if entry.saw_data:
            print(f"note: {entry.name} was itself trained on the data it is judged by (* in the figure)")
    for name in at_edge(entries):
        print(f"note: the best ridge of {name} is the last that was tried")
    print(f"figure: {out / 'sarsa.png'}")
    return 0


def _rollouts(
    policies: Dict[str, Any],
    data: Sequence[Path],
    distractor_data: Sequence[Path],
    task: Tuple[str, ...],
    told: str,
    acting: str,
    variant: str,
    episodes: int,
    steps: int,
    seed: int,
    workers: int,
) -> List[Any]:
    """Recorded rollouts where there are folders, else simulated ones."""
    from vptr_policy.analysis.rollouts import CONDITIONS, WITH, WITHOUT, read_rollouts

    if data or distractor_data:
        folders = [(folder, WITHOUT) for folder in data] + [(folder, WITH) for folder in distractor_data]
        return [one for folder, condition in folders for one in read_rollouts(folder, condition, task, episodes, seed)]
    from vptr_cli.analyze_rollouts import RolloutRequest, simulate

    request = RolloutRequest(
        _simulated_tasks(task, policies, told), CONDITIONS, _acting(acting), variant, episodes, seed, steps
    )
    with _bar("rollouts", len(request.jobs()), "ep") as bar:
        return simulate(request, workers, lambda: bar.update(1))


def _simulated_tasks(wanted: Sequence[str], policies: Dict[str, Any], told: str) -> Tuple[str, ...]:
    """The tasks asked for, else those of the simulator that every policy knows."""
    from robot_bridge.sim.tasks import find_group, find_task

    if wanted:
        return tuple(find_task(name).name for name in wanted)
    known = [{*policy.tasks, *policy.card.aliases} for policy in policies.values()]
    common = tuple(name for name in find_group("all") if all(name in names for names in known))
    if told:
        raise ValueError("--told is one task: name with --task those to be shown")
    if not common:
        raise ValueError("no simulated task is known to all policies: name one with --task, and what it is with --told")
    return common


def _acting(acting: str) -> str:
    from vptr_cli.sim import _policy_folder

    return _policy_folder(acting)


def _need_critics(folders: Dict[str, Path]) -> None:
    """Raise ValueError for a checkpoint without critic, before any rollout is made."""
    from vptr_policy.card import read_card
    from vptr_policy.checkpoint import CRITIC

    for name, folder in folders.items():
        if CRITIC not in read_card(folder).files:
            raise ValueError(
                f"{name}: {folder} has no critic ({CRITIC}), so that it says no value of a state; "
                "expected a policy trained by v-ptr, ptr or cql"
            )


def _told_values(found: Dict[str, Any]) -> str:
    parts = []
    for outcome in ("success", "failure", "unjudged"):
        if outcome in found:
            row = found[outcome]
            rough = "{value:.2f}".format(**row["roughness"]) if row["roughness"] else "none"
            text = f"{row['rollouts']} {outcome}: monotonicity {_interval(row['monotonicity'])}"
            parts.append(f"{text}, rises {row['rises']['value']:.2f}, roughness {rough}")
    if found["separation"] is not None:
        parts.append(f"success above failure {found['separation']:.2f}")
    return "; ".join(parts)


def _interval(estimate: Dict[str, Any]) -> str:
    if estimate["low"] is None:
        return "{value:.2f}".format(**estimate)
    return "{value:.2f} [{low:.2f}, {high:.2f}]".format(**estimate)


def _expect(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"--{name} is {value}, expected at least {least}")


def _bar(text: str, total: int, unit: str) -> Any:
    """A progress bar on stderr; in a log file a line every ten seconds."""
    from tqdm import tqdm

    interval = 0.3 if sys.stderr.isatty() else 10.0
    return tqdm(total=total, desc=text, unit=unit, mininterval=interval, dynamic_ncols=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _quiet_threads() -> None:
    """Read when torch and MuJoCo load: idle threads leave the cores to others, pictures need no screen."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("MUJOCO_GL", "osmesa")


COMMANDS: Dict[str, Callable[..., int]] = {"values": values, "sarsa": sarsa}
