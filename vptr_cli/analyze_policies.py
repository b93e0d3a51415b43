"""`vptr analyze values` and `vptr analyze gradcam`: what policies think of, and look at, in the same rollouts."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from vptr_cli.analyze_output import interval
from vptr_cli.checkpoints import find_policy, shipped_policy
from vptr_cli.limits import choose_tasks, expect, expect_free, worker_count
from vptr_cli.progress import bar
from vptr_cli.threads import wait_passively
from vptr_policy.counting import counted

UNTRAINED = "untrained"
"""What the networks with random weights are called, beside the policies."""
PLURALS = {"success": "successes", "failure": "failures", "unjudged": "unjudged"}
"""Of the outcomes of rollouts."""


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
        policy: checkpoints with a critic (runs of v-ptr, ptr, cql, ..., or shipped), each PATH or NAME=PATH.
        out: folder for figure and numbers.
        acting: who makes the rollouts in the simulator: "expert" (the scripted experts), "mixed" (the demonstrator of
            mixed quality, most of whose episodes fail), "shipped" or a checkpoint.
        task: simulated tasks, or those of the data to look at; default all of the variant that every policy knows.
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
    wait_passively()
    from vptr_policy.analysis.rollouts import CONDITIONS
    from vptr_policy.analysis.value_comparison import compare_values, untrained_policy

    expect("episodes", episodes, 1)
    expect("shown", shown, 1)
    named = _named(policy, (UNTRAINED,) if untrained else ())
    policies = _load_with_critics(named, sentence_model)
    origins = {name: {"folder": str(folder), "checkpoint": policies[name].checkpoint} for name, folder in named}
    source = RolloutSource(task, variant, episodes, seed, steps, acting, data, distractor_data, told, workers)
    known = [{*one.tasks, *one.card.aliases} for one in policies.values()]
    rollouts = source.recorded() or source.simulated(known, CONDITIONS)
    if untrained:
        policies[UNTRAINED] = untrained_policy(named[0][1], seed, sentence_model)
    with bar("values", len(policies) * len(rollouts), "curve") as progress:
        comparison = compare_values(policies, rollouts, told, lambda: progress.update(1))
    _write_values(out, comparison, origins, shown, seed)
    return 0


def gradcam(
    policy: Tuple[str, ...],
    out: Path,
    task: Tuple[str, ...] = (),
    variant: str = "distractors",
    episodes: int = 3,
    frames: int = 4,
    data: Tuple[Path, ...] = (),
    told: str = "",
    rule: str = "outputs",
    sentence_model: Optional[Path] = None,
    untrained: bool = True,
    shown: int = 6,
    seed: int = 0,
    workers: Optional[int] = None,
) -> int:
    """Where the policies of checkpoints look in the same pictures: Grad-CAM overlays (V-PTR Fig. 7).

    Writes OUT/overlays.png, .svg and gradcam.json. Of simulated pictures the simulator knows what each pixel shows:
    OUT/concentration.png and the JSON tell how much of the influence lies on object, gripper, background ..., over the
    share of the pixels, with 95 % intervals over the rollouts; also of an untrained network and of the pictures' edges.

    Args:
        policy: checkpoints with a convolutional encoder (runs, or shipped), each PATH or NAME=PATH.
        out: folder for figures and numbers.
        task: simulated tasks, or those of the data to look at; default all of the variant that every policy knows.
        variant: from which the simulated scenes are drawn.
        episodes: rollouts of each task, of the scripted experts or, of data, at most.
        frames: pictures of each rollout, at even distances.
        data: take pictures of these recordings instead: folders of shards, episodes or pictures.
        told: the task that all policies are told; default that of each rollout.
        rule: whose influence is shown: "outputs" (that on each of the seven outputs, added) or "motion" (that on the
            squared motion, what lowers it left out).
        sentence_model: folder of the sentence model, for policies that are told their task in other words than learned.
        untrained: add the first policy's network with random weights.
        shown: pictures drawn.
        seed: of scenes, draws and intervals.
        workers: processes of the simulator; default one a core.
    """
    wait_passively()
    from vptr_policy.analysis.attention_comparison import EDGES, compare_attention, load_gaze, untrained_gaze, views
    from vptr_policy.analysis.rollouts import WITH

    for name, value in (("episodes", episodes), ("frames", frames), ("shown", shown)):
        expect(name, value, 1)
    named = _named(policy, (EDGES, UNTRAINED) if untrained else (EDGES,))
    gazes = [load_gaze(name, folder, rule, sentence_model) for name, folder in named]
    if untrained:
        gazes.append(untrained_gaze(gazes[0], seed))
    source = RolloutSource(task, variant, episodes, seed, data=data, told=told, workers=workers)
    recorded = source.recorded()
    rollouts = recorded or source.simulated([gaze.tasks for gaze in gazes], (WITH,), masks=True)
    parts = () if recorded else simulated_parts()
    looked_at = views(rollouts, frames)
    with bar("grad-cam", len(gazes) * len(looked_at), "picture") as progress:
        found = compare_attention(gazes, looked_at, parts, told, lambda: progress.update(1))
    _write_attention(out, found, rule, shown, seed)
    return 0


@dataclass(frozen=True)
class RolloutSource:
    """Where the rollouts come from: folders, or else the simulator."""

    task: Tuple[str, ...]
    variant: str
    episodes: int
    seed: int
    steps: int = 60
    acting: str = "expert"
    data: Tuple[Path, ...] = ()
    distractor_data: Tuple[Path, ...] = ()
    told: str = ""
    workers: Optional[int] = None

    def recorded(self) -> List[Any]:
        """The rollouts of the folders; none where none is given."""
        from vptr_policy.analysis.rollouts import WITH, WITHOUT, read_rollouts

        folders = [(folder, WITHOUT) for folder in self.data] + [(folder, WITH) for folder in self.distractor_data]
        found = [
            read_rollouts(folder, condition, self.task, self.episodes, self.seed, partial(_tell_skipped, folder))
            for folder, condition in folders
        ]
        return [rollout for rollouts in found for rollout in rollouts]

    def simulated(self, known: Sequence[Iterable[str]], conditions: Tuple[str, ...], masks: bool = False) -> List[Any]:
        """Rollouts of the tasks asked for, else of those of the simulator that all of ``known`` have."""
        from vptr_cli.analyze_rollouts import MIXED, RolloutRequest, simulate

        tasks, acting = self.tasks(known), self.acting if self.acting == MIXED else find_policy(self.acting)
        request = RolloutRequest(
            tasks, conditions, acting, self.variant, self.episodes, self.seed, self.steps, masks=masks
        )
        workers = worker_count(self.workers)
        with bar("rollouts", len(request.jobs()), "ep") as progress:
            return simulate(request, workers, lambda: progress.update(1))

    def tasks(self, known: Sequence[Iterable[str]]) -> Tuple[str, ...]:
        """The tasks asked for, else those of the simulator that have the variant and are in each of ``known``."""
        from robot_bridge.sim.tasks import find_group, find_task

        if self.task:
            return choose_tasks(self.task)
        if self.told:
            raise ValueError("--told is one task: name with --task those to be shown")
        shown = [name for name in find_group("all") if self.variant in find_task(name).kinds]
        common = tuple(name for name in shown if all(name in names for names in known))
        if not common:
            raise ValueError(
                f"the policies have no simulated task with a variant {self.variant!r} in common: name one with --task, "
                "and with --told what it is"
            )
        return common


def simulated_parts() -> Tuple[str, ...]:
    """What the numbers in a simulated mask mean."""
    from robot_bridge.sim.segmentation import PARTS

    return PARTS


def _named(policy: Sequence[str], reserved: Sequence[str]) -> List[Tuple[str, Path]]:
    """Name and folder of each checkpoint; raises ValueError where one has the name of what is added to them."""
    from vptr_policy.analysis.naming import named_checkpoints, split_name

    given = []
    for one in policy:
        name, where = split_name(one)
        given.append(f"{name or where}={shipped_policy()}" if where == "shipped" else one)
    named = named_checkpoints(given)
    expect_free("policy", [name for name, _ in named], reserved)
    return named


def _load_with_critics(named: Sequence[Tuple[str, Path]], sentence_model: Optional[Path]) -> Dict[str, Any]:
    """The policies by name; raises ValueError for a checkpoint without critic."""
    from vptr_policy.card import read_card
    from vptr_policy.checkpoint import CRITIC
    from vptr_policy.policy import load_policy

    for name, folder in named:
        if CRITIC not in read_card(folder).files:
            raise ValueError(
                f"{name}: {folder} has no critic ({CRITIC}), so that it says no value of a state; "
                "expected a policy trained by v-ptr, ptr or cql"
            )
    return {name: load_policy(folder, sentence_model) for name, folder in named}


def _write_values(out: Path, comparison: Any, origins: Dict[str, Any], shown: int, seed: int) -> None:
    from vptr_policy.analysis.figures.values import draw_values
    from vptr_policy.analysis.results import write_results

    out.mkdir(parents=True, exist_ok=True)
    draw_values(out, comparison, shown, seed)
    write_results(out / "values.json", {"seed": seed, "origins": origins, **comparison.results(seed)})
    for name in comparison.curves:
        for condition, found in comparison.summaries(name, seed).items():
            print(f"{name} {condition}: {_told_values(found)}")
    print(f"figure: {out / 'values.png'}")


def _write_attention(out: Path, comparison: Any, rule: str, shown: int, seed: int) -> None:
    from vptr_policy.analysis.figures.attention import draw_concentrations, draw_overlays
    from vptr_policy.analysis.results import write_results

    out.mkdir(parents=True, exist_ok=True)
    draw_overlays(out, comparison, shown)
    if comparison.parts:
        draw_concentrations(out, comparison, seed)
    write_results(out / "gradcam.json", {"seed": seed, "rule": rule, **comparison.results(seed)})
    for name in comparison.maps:
        rows = comparison.concentrations(name, seed)
        print(f"{name}: " + (", ".join(f"{part} {interval(row)}" for part, row in rows.items()) or "no masks"))
    print(f"figure: {out / 'overlays.png'}")


def _told_values(found: Dict[str, Any]) -> str:
    parts = []
    for outcome in ("success", "failure", "unjudged"):
        if outcome in found:
            row = found[outcome]
            rough = "{value:.2f}".format(**row["roughness"]) if row["roughness"] else "none"
            text = (
                f"{counted(row['rollouts'], outcome, PLURALS[outcome])}: monotonicity {interval(row['monotonicity'])}"
            )
            parts.append(f"{text}, rises {row['rises']['value']:.2f}, roughness {rough}")
    if found["separation"] is not None:
        parts.append(f"success above failure {found['separation']:.2f}")
    return "; ".join(parts)


def _tell_skipped(folder: Path, told: str) -> None:
    print(f"{folder}: skipped {told}", file=sys.stderr)
