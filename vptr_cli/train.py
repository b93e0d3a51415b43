"""`vptr train`: train a policy."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from vptr_policy.options import TrainOptions


@dataclass(frozen=True)
class BCOptions(TrainOptions):
    """Behaviour cloning from demonstrations."""

    evaluate_episodes: int = 25
    """Simulated episodes of each task in an evaluation."""
    evaluate_seed: int = 1000
    """Of the scenes of the evaluations; judge the chosen checkpoint with another seed."""


def bc(options: BCOptions) -> int:
    """Train a policy by behaviour cloning; the same command again resumes.

    The run folder gets config.json, metrics.jsonl, tensorboard/, checkpoints/ and, at the end, the chosen policy in
    checkpoint/. With --evaluate-every the one with the highest success in simulated episodes is chosen.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when torch loads: idle threads leave the cores to others
    from robot_bridge.sim.shards import ShardError, read_folder, read_index, shard_paths
    from vptr_policy.data.demonstrations import fingerprint, open_cache, select
    from vptr_policy.train import Trainer, TrainingDiverged

    try:
        paths = shard_paths(options.data)
        index = read_index(options.data)
        total = sum(row["trajectories"] for row in index["tasks"].values())
        folder = options.cache or options.data / ".cache"
        cache = open_cache(folder, read_folder(options.data), fingerprint(paths), total)
        made: Dict[str, Any] = {name: index[name] for name in ("command", "plan") if name in index}
        provenance = {"folder": str(options.data), "shards": len(paths), **made}
        trainer = Trainer(options, select(cache, not options.failures), provenance, _evaluation(options, cache.tasks))
        chosen = trainer.run()
    except (ShardError, TrainingDiverged, ValueError) as error:
        print(f"vptr train bc: {error}", file=sys.stderr)
        return 1
    print(f"policy: {chosen}")
    return 0


def _evaluation(options: BCOptions, tasks: Tuple[str, ...]) -> Optional[Callable[[Path], Dict[str, float]]]:
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
