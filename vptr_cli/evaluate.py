"""`vptr sim evaluate`: many policies in many conditions, on all cores of this machine or on a Ray cluster."""

import json as json_module
import os
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from vptr_cli import progress
from vptr_cli.checkpoints import find_policy, known_to_all
from vptr_cli.limits import choose_tasks, worker_count
from vptr_cli.lines import whole_lines


def evaluate(
    policy: Tuple[str, ...] = ("shipped",),
    task: Tuple[str, ...] = (),
    variant: Tuple[str, ...] = ("train",),
    episodes: int = 100,
    seed: int = 0,
    workers: Optional[int] = None,
    address: Optional[str] = None,
    steps: int = 100,
    latency: float = 0.08,
    out: Optional[Path] = None,
    json: bool = False,
) -> int:
    """Roll out many policies in many conditions by Ray; the numbers are those of `vptr sim rollout`.

    Every policy meets the same scenes. Prints a table; with --out each condition's result is a line of JSON, and
    conditions that stand there already are not run again.

    Args:
        policy: checkpoint folders, "expert" or "shipped".
        task: names of the tasks; default those of the four target tasks (see `vptr sim tasks`) that all policies know.
        variant: see `vptr sim rollout`.
        episodes: episodes of each policy, task and variant.
        seed: of the scenes.
        workers: cores to use; default all.
        address: of a running Ray cluster, "auto" for one started on this machine; default: Ray for this run alone.
        steps: time limit of an episode [steps of 0.2 s].
        latency: age of the observation at the end of a step [s].
        out: file of JSON lines to add to.
        json: print one JSON object as the last line.
    """
    from eval_protocol.rollout import RolloutPlan

    if episodes < 1 or steps < 1:
        raise ValueError(f"--episodes is {episodes} and --steps {steps}: expected at least 1 of each")
    policies, cores = tuple(map(find_policy, policy)), worker_count(workers)
    names = choose_tasks(task) if task else known_to_all(choose_tasks(()), policies)
    plans = [
        RolloutPlan(one, name, kind, episodes, seed, steps, latency)
        for one in policies for kind in variant for name in names
    ]  # fmt: skip
    results = evaluate_plans(plans, cores, address, out)
    for line in _table(results):
        print(line)
    if json:
        print(json_module.dumps({"results": results}))
    return 0


def evaluate_plans(plans: List[Any], workers: int, address: Optional[str], out: Optional[Path]) -> List[Dict[str, Any]]:
    """The summaries of all plans, in their order; those that ``out`` has already are taken from there."""
    from eval_protocol.cluster import evaluate as run
    from eval_protocol.rollout import Episode, summary

    weights = {plan.policy: identify(plan.policy) for plan in plans}
    known = read_results(out)
    keys = [(*key(plan), weights[plan.policy]) for plan in plans]
    results: Dict[int, Dict[str, Any]] = {index: known[one] for index, one in enumerate(keys) if one in known}
    missing = [index for index in range(len(plans)) if index not in results]
    found: Dict[int, List[Episode]] = {index: [] for index in missing}
    start = time.monotonic()
    with progress.bar("evaluate", sum(plans[index].episodes for index in missing), "ep") as bar:
        for place, episode in run([plans[index] for index in missing], workers, address) if missing else ():
            index = missing[place]
            found[index].append(episode)
            bar.update(1)
            if len(found[index]) == plans[index].episodes:
                ordered = sorted(found[index], key=lambda one: one.number)
                seconds = time.monotonic() - start
                more = {"checkpoint": weights[plans[index].policy], "outcomes": [one.success for one in ordered]}
                results[index] = {**summary(plans[index], ordered, seconds), **more}
                append_result(out, results[index])
    return [results[index] for index in range(len(plans))]


KEYS = ("policy", "task", "variant", "episodes", "seed", "steps", "latency_s")
"""What, with the hash of the weights, makes a condition; a file of results has each at most once."""


def key(plan: Any) -> Tuple[Any, ...]:
    """The condition of a plan."""
    return tuple(getattr(plan, name) for name in KEYS)


def identify(policy: str) -> str:
    """The hash of a policy's files: results of weights that stood there before are none of these."""
    from eval_protocol.provenance import policy_hash
    from eval_protocol.rollout import EXPERT

    return EXPERT if policy == EXPERT else policy_hash(policy)


def read_results(out: Optional[Path]) -> Dict[Tuple[Any, ...], Dict[str, Any]]:
    """Conditions and results of a file of JSON lines; a last line that a killed run left unfinished is cut off."""
    if out is None or not out.is_file():
        return {}
    try:
        rows = [json_module.loads(line) for line in whole_lines(out)]
        return {tuple(row[name] for name in (*KEYS, "checkpoint")): row for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{out} is no file of results ({error!r}): name another --out") from error


def append_result(out: Optional[Path], result: Dict[str, Any]) -> None:
    """Add one line, flushed to the disk."""
    if out is None:
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(str(out), "a", encoding="utf-8") as file:
        file.write(json_module.dumps(result) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _table(results: List[Dict[str, Any]]) -> List[str]:
    """One line a policy and variant: successes of each task, and of all with its interval."""
    from eval_protocol.statistics import proportion

    groups: Dict[Tuple[str, str], List[Dict[str, Any]]] = {}
    for result in results:
        groups.setdefault((result["policy"], result["variant"]), []).append(result)
    lines = []
    for (policy, variant), rows in groups.items():
        rate = proportion(sum(row["successes"] for row in rows), sum(row["episodes"] for row in rows))
        cells = "  ".join("{task} {successes}/{episodes}".format(**row) for row in rows)
        lines.append(f"{policy} ({variant}): {cells}  all {rate}")
    return lines
