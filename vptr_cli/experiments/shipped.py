"""The shipped policy: V-PTR's three phases in simulation, and behaviour cloning from the same data beside it.

Phase 1 learns an intent-conditioned value function from videos of a hand (other embodiment, other objects, other
scenes), phase 2 refines it by multi-task CQL on source trajectories of mixed quality, phase 3 fine-tunes on
demonstrations of the four tasks. Cloning sees the same robot data in the same shares with the same encoder for as many
updates, once without the failed trajectories, and once with them, which is all that V-PTR sees.
"""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from vptr_cli.experiments.parts import Part, generated, trained
from vptr_cli.experiments.results import is_evaluated, read_results
from vptr_policy.checkpoint_folder import CHOSEN

METHODS = ("v-ptr", "bc", "bc-failures")
NAMES = {"v-ptr": "V-PTR", "bc": "BC", "bc-failures": "BC of failures too"}
VARIANTS = ("train", "distractors", "colours")
SEED = 4242
"""Of the held-out scenes."""
JUDGED, COMPARED = "evaluate-v-ptr", "evaluate-bc-failures"
"""Parts after which the policy can be shipped, and after which it can be compared with cloning."""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    clips: int
    source: int
    demonstrations: int
    video_steps: int
    steps: int
    finetune_at: int
    episodes: int
    limit: int
    """of an episode [steps]"""
    width: int
    video_batch: int
    batch: int
    more: Tuple[str, ...] = ()
    """further words of what simulates: data and evaluations"""


SIZES: Dict[str, Size] = {
    "full": Size(2000, 1500, 200, 5000, 12000, 1500, 100, 100, 24, 32, 64),
    "smoke": Size(4, 6, 2, 4, 8, 4, 1, 5, 8, 2, 8, ("--workers", "1")),
}


class Shipped:
    """The parts in the folder ``out``; the policy with its card is in ``out/policy`` at the end."""

    def __init__(self, out: Path, size: Size, seed: int = 0) -> None:
        self.out, self.size, self.seed = out, size, seed

    @property
    def results(self) -> Path:
        """The file of results."""
        return self.out / "results.jsonl"

    def run(self, method: str) -> Path:
        """The run folder of a method."""
        return self.out / "runs" / method

    def parts(self) -> List[Part]:
        """All parts in order."""
        robot = ("data-source", "data-target")
        return [
            *self._data(),
            trained("icvf", "phase1", self._video(), self.run("phase1"), self.seed, ("data-video",)),
            trained("v-ptr", "v-ptr", self._v_ptr(), self.run("v-ptr"), self.seed, (*robot, "phase1")),
            self._evaluation("v-ptr", "v-ptr"),
            trained("bc", "bc", self._robot(), self.run("bc"), self.seed, robot),
            self._evaluation("bc", "bc", JUDGED),
            trained("bc", "bc-failures", [*self._robot(), "--failures"], self.run("bc-failures"), self.seed, robot),
            self._evaluation("bc-failures", "bc-failures", "evaluate-bc"),
        ]

    def _data(self) -> List[Part]:
        size, folder = self.size, self.out / "data"
        source = ("--group", "source", "--quality", "mixed", "--until", str(size.source), "--max-steps", "40")
        target = ("--episodes", str(size.demonstrations), "--colour-spread", "1.0", "--keep", "successes")
        made = {
            "video": ("sim", "videos", "--clips", str(size.clips)),
            "source": ("sim", "generate", *source, "--seed", "0"),
            "target": ("sim", "generate", *target, "--seed", "7"),
        }
        return [generated(f"data-{name}", (*words, *size.more), folder / name) for name, words in made.items()]

    def _video(self) -> List[str]:
        size = self.size
        words = ["--video", str(self.out / "data" / "video"), "--width", str(size.width)]
        return words + ["--batch", str(size.video_batch), "--steps", str(size.video_steps)]

    def _robot(self) -> List[str]:
        size, data = self.size, self.out / "data"
        words = ["--data", str(data / "source"), "--target", str(data / "target"), "--target-tasks", "each"]
        words += ["--target-share", "0.75", "--finetune-at", str(size.finetune_at), "--steps", str(size.steps)]
        return words + ["--width", str(size.width), "--batch", str(size.batch), *_RATES]

    def _v_ptr(self) -> List[str]:
        words = [*self._robot(), "--pretrained", str(self.run("phase1")), "--success-share", "0.6", "--alpha", "1"]
        words += ["--bound-targets", "--bound-by-returns", "--initial-temperature", "0.05", "--bc-weight", "20"]
        return words + ["--critic-state", "--actor-warm-up", str(self.size.steps // 2)]

    def _evaluation(self, method: str, *needs: str) -> Part:
        words = ("sim", "evaluate", "--policy", str(self.run(method)))
        scenes = ("--variant", *VARIANTS, "--episodes", str(self.size.episodes), "--seed", str(SEED))
        more = ("--steps", str(self.size.limit), "--out", str(self.results), *self.size.more)
        policies, size = [self.run(method) / CHOSEN], self.size
        return Part(
            f"evaluate-{method}",
            (*words, *scenes, *more),
            None,
            needs,
            lambda: is_evaluated(self.results, policies, (), VARIANTS, size.episodes, SEED, size.limit),
        )


_RATES = ("--learning-rate", "1e-3", "--schedule", "cosine", "--warm-up", "200", "--averaging", "0.999")


def read_outcomes(experiment: Shipped, methods: Sequence[str] = METHODS) -> Dict[Tuple[str, str], List[Dict[str, Any]]]:
    """Method, variant -> the results of the four tasks; raises ValueError where one is missing."""
    owners = {experiment.run(method) / "checkpoint": method for method in methods}
    rows = read_results(experiment.results, list(owners), experiment.size.episodes, SEED, experiment.size.limit)
    rows.sort(key=lambda row: str(row["task"]))  # they stand in the order in which they were done
    found: Dict[Tuple[str, str], List[Dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((owners[Path(row["policy"])], row["variant"]), []).append(row)
    missing = [f"{method} {variant}" for method in methods for variant in VARIANTS if (method, variant) not in found]
    if missing:
        raise ValueError(
            f"{experiment.results} has no results of {', '.join(missing)}: run the parts evaluate-... first"
        )
    tasks = {tuple(row["task"] for row in results) for results in found.values()}
    if len(tasks) != 1:
        raise ValueError(
            f"{experiment.results} has not the same tasks of all policies and scenes: finish the parts evaluate-..."
        )
    return found


def table(experiment: Shipped) -> List[str]:
    """Lines of Markdown: the successes of all methods in each variant, and V-PTR's lead as pairs of scenes.

    A scene's variants are alike, so that all of them together are compared scene by scene, not trial by trial.
    """
    from eval_protocol.comparison import compare, compare_clusters, holm
    from eval_protocol.statistics import proportion

    outcomes = read_outcomes(experiment)
    tasks = [row["task"] for row in outcomes[METHODS[0], VARIANTS[0]]]
    lines = ["| scenes | policy | " + " | ".join(tasks) + " | all |", "|---" * (len(tasks) + 3) + "|"]
    for variant in VARIANTS:
        for method in METHODS:
            rows = outcomes[method, variant]
            rate = proportion(sum(row["successes"] for row in rows), sum(row["episodes"] for row in rows))
            cells = [f"{row['successes']}/{row['episodes']}" for row in rows]
            lines.append(f"| {variant} | {method} | " + " | ".join(cells) + f" | {rate} |")
    leads, p_values = [], []
    for method in METHODS[1:]:
        for variant in VARIANTS:
            found = compare(_solved(outcomes[METHODS[0], variant]), _solved(outcomes[method, variant]))
            leads.append((method, variant, found.difference, found.low, found.high))
            p_values.append(found.mcnemar_p)
        ours, theirs = ([row for variant in VARIANTS for row in outcomes[one, variant]] for one in (METHODS[0], method))
        scenes = [(row["task"], number) for row in ours for number in range(len(row["outcomes"]))]
        whole = compare_clusters(_solved(ours), _solved(theirs), scenes)
        leads.append((method, f"all {whole.trials}", whole.difference, whole.low, whole.high))
        p_values.append(whole.p)
    lines += ["", "| V-PTR - | scenes | difference (paired) | exact p | of all these (Holm) |", "|---|---|---|---|---|"]
    for (method, name, difference, low, high), p, adjusted in zip(leads, p_values, holm(p_values)):
        text = f"{difference:+.3f} [{low:+.3f}, {high:+.3f}]"
        lines.append(f"| {NAMES[method]} | {name} | {text} | {p:.3g} | {adjusted:.3g} |")
    return lines


def _solved(rows: Sequence[Mapping[str, Any]]) -> List[bool]:
    return [one for row in rows for one in row["outcomes"]]


def ship(experiment: Shipped) -> Path:
    """Copy V-PTR's checkpoint to ``out/policy``, with what it achieved and what makes it on its card."""
    from vptr_cli.policy import rollout_metrics
    from vptr_policy.card import read_card
    from vptr_policy.checkpoint import record_metrics
    from vptr_policy.weights import write_card

    outcomes = read_outcomes(experiment, ("v-ptr",))
    folder, partial = experiment.out / "policy", experiment.out / "policy.partial"
    shutil.rmtree(str(partial), ignore_errors=True)
    shutil.copytree(str(experiment.run("v-ptr") / "checkpoint"), str(partial))
    for variant in VARIANTS:
        record_metrics(partial, rollout_metrics(outcomes["v-ptr", variant]))
    card = read_card(partial)
    command = "vptr experiment shipped" + (f" --seed {experiment.seed}" if experiment.seed else "")
    write_card(partial, asdict(replace(card, training={**card.training, "reproduced_by": command})))
    shutil.rmtree(str(folder), ignore_errors=True)
    partial.rename(folder)
    return folder
