"""`vptr experiment`: the papers' experiments in simulation, and the shipped policy, resumable part by part."""

import sys
from pathlib import Path
from typing import Any, Callable, Dict, Optional


def generalization(
    out: Path = Path("runs/generalization"),
    setting: str = "paper",
    small: bool = False,
    smoke: bool = False,
    seed: int = 0,
    video: Optional[Path] = None,
    part: Optional[str] = None,
    list: bool = False,
) -> int:
    """V-PTR, PTR and BC on unseen targets, containers and distractors (V-PTR C.2, Fig. 8).

    Runs what is not done yet, part by part; interrupt it when you like and give the same command again. Then writes
    OUT/summary/SETTING-seedN.{md,json,png,svg}. Settings share what they have in common.

    Args:
        out: folder of the data, runs and results.
        setting: paper, source-share, cloning, cloning-100, demonstrations-44, success, longer-video, few-source,
            narrow, wide or resnetv2-50.
        small: a tenth of everything, in 10 to 20 minutes on two cores: shows that it runs, not who wins (nobody
            succeeds yet).
        smoke: still smaller, in about two minutes: for tests.
        seed: of the training; the data and the test scenes stay the same.
        video: folder of clips for phase 1, such as an import of Ego4D; default: a simulated hand's are generated.
        part: run this part only, with those it needs.
        list: show the parts, what is done, and their commands.
    """
    from vptr_cli.experiments.generalization import SIZES, Generalization, find_setting
    from vptr_cli.experiments.summary import write
    from vptr_policy.data.video.index import open_clips

    size = "smoke" if smoke else "small" if small else "full"
    experiment = Generalization(out / size, find_setting(setting), SIZES[size], seed, video)
    if video is not None and not list:
        open_clips(video)
    status = _run(experiment, part, list)
    if status == 0 and not list and experiment.results.is_file():
        print("\n".join(write(experiment, experiment.out / "summary")))
        print(f"summary: {experiment.out / 'summary'}")
    return status


def shipped(
    out: Path = Path("runs/shipped"),
    smoke: bool = False,
    seed: int = 0,
    part: Optional[str] = None,
    list: bool = False,
) -> int:
    """The shipped policy from nothing: its data, V-PTR's three phases, and behaviour cloning to compare with.

    Runs what is not done yet, part by part: less than two hours on two cores for the policy (--part evaluate-v-ptr ends
    there), an hour more for cloning, without failures and with them, and the comparison. Interrupt it when you like and
    give the same command again. The policy with its card is in OUT/policy, the comparison in OUT/summary.md.

    Args:
        out: folder of the data, runs and results.
        smoke: so small that nothing is learned, in about two minutes: for tests.
        seed: of the training; the data and the test scenes stay the same.
        part: run this part only, with those it needs.
        list: show the parts, what is done, and their commands.
    """
    from vptr_cli.experiments.shipped import COMPARED, JUDGED, SIZES, Shipped, ship, table

    size = "smoke" if smoke else "full"
    experiment = Shipped(out / "smoke" if smoke else out, SIZES[size], seed)
    status = _run(experiment, part, list)
    if status == 0 and not list and part in (None, COMPARED):
        lines = table(experiment)
        (experiment.out / "summary.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print("\n".join([*lines, ""]))
    if status == 0 and not list and part in (None, COMPARED, JUDGED):
        print(f"policy: {ship(experiment)}")
    return status


def _run(experiment: Any, part: Optional[str], only_list: bool) -> int:
    """Run the parts, or list them; 1 where one failed."""
    from vptr_cli.experiments.parts import PartFailed, choose, describe, minutes, run_parts

    parts = experiment.parts()
    if only_list:
        print("\n".join(describe(parts)))
        return 0
    try:
        run_parts(choose(parts, part), experiment.out)
    except PartFailed as error:
        print(f"vptr experiment: {error}", file=sys.stderr)
        return 1
    print(f"{minutes(experiment.out):.0f} min in all")
    return 0


COMMANDS: Dict[str, Callable[..., int]] = {"generalization": generalization, "shipped": shipped}
