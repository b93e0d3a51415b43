"""`vptr train`: train a policy."""

import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from vptr_policy.training.options import BCOptions, RobotOptions


def bc(options: BCOptions) -> int:
    """Train a policy by behaviour cloning; the same command again resumes.

    The run folder gets config.json, metrics.jsonl, tensorboard/, checkpoints/ and, at the end, the chosen policy in
    checkpoint/. With --evaluate-every the one with the highest success in simulated episodes is chosen.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when torch loads: idle threads leave the cores to others
    from robot_bridge.sim.shards import ShardError
    from vptr_policy.training.distributed import joined
    from vptr_policy.training.loop import TrainingDiverged
    from vptr_policy.training.robot import RobotData, RobotRun

    try:
        with joined() as place:
            caches, made = place.first(lambda: _open(options.data, options.cache))
            data = RobotData(caches, provenance={"sources": made})
            chosen = RobotRun(options, data, _evaluation(options, caches[0].tasks), place).run()
    except (ShardError, TrainingDiverged, ValueError) as error:
        print(f"vptr train {options.PRESET}: {error}", file=sys.stderr)
        return 1
    if place.leads:
        print(f"policy: {chosen}")
    return 0


def _open(folders: Sequence[Path], cache: Optional[Path]) -> Tuple[Tuple[Any, ...], List[Dict[str, Any]]]:
    """The decoded demonstrations of folders of shards, and what their indices say of how they were made."""
    from robot_bridge.sim.shards import read_folder, read_index, shard_paths
    from vptr_policy.data.demonstrations import fingerprint, open_cache

    caches: List[Any] = []
    made: List[Dict[str, Any]] = []
    for folder in folders:
        paths = shard_paths(folder)
        index = read_index(folder)
        total = sum(row["trajectories"] for row in index["tasks"].values())
        opened = open_cache(cache or folder / ".cache", read_folder(folder), fingerprint(paths), total)
        caches.append(opened)
        origin: Dict[str, Any] = {name: index[name] for name in ("command", "plan") if name in index}
        made.append({"folder": str(folder), "fingerprint": opened.fingerprint, "shards": len(paths), **origin})
    return tuple(caches), made


def _evaluation(options: RobotOptions, tasks: Tuple[str, ...]) -> Optional[Callable[[Path], Dict[str, float]]]:
    """Rolls a checkpoint out in the simulator: the success rate of each task, and their mean as ``success``."""
    if not options.evaluate_every:
        return None
    os.environ.setdefault("MUJOCO_GL", "osmesa")
    from eval_protocol.rollout import RolloutPlan, rollout

    def evaluate(checkpoint: Path) -> Dict[str, float]:
        rates: Dict[str, float] = {}
        for task in tasks:
            plan = RolloutPlan(str(checkpoint), task, episodes=options.evaluate_episodes, seed=options.evaluate_seed)
            episodes: Any = list(rollout(plan, len(os.sched_getaffinity(0))))
            rates[f"success/{task}"] = sum(episode.success for episode in episodes) / len(episodes)
        return {"success": sum(rates.values()) / len(rates), **rates}

    return evaluate


COMMANDS: Dict[str, Callable[..., int]] = {"bc": bc}
