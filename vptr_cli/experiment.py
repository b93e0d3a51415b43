"""`vptr experiment`: the papers' experiments in simulation, resumable part by part."""

import sys
from pathlib import Path
from typing import Callable, Dict, Optional


def generalization(
    out: Path = Path("runs/generalization"),
    setting: str = "paper",
    small: bool = False,
    smoke: bool = False,
    seed: int = 0,
    part: Optional[str] = None,
    list: bool = False,
) -> int:
    """V-PTR, PTR and BC on unseen targets, containers and distractors (V-PTR C.2, Fig. 8).

    Runs what is not done yet, part by part; interrupt it when you like and give the same command again. Then writes
    OUT/summary/SETTING-seedN.{md,json,png,svg}. Settings share what they have in common.

    Args:
        out: folder of the data, runs and results.
        setting: paper, source-share, success, cloning, demonstrations-44 or longer-video.
        small: a tenth of everything, in about 20 minutes on two cores: shows that it runs, not who wins.
        smoke: still smaller, in about two minutes: for tests.
        seed: of the training; the data and the test scenes stay the same.
        part: run this part only, with those it needs.
        list: show the parts, what is done, and their commands.
    """
    from vptr_cli.experiments.generalization import SIZES, Generalization, find_setting
    from vptr_cli.experiments.parts import PartFailed, choose, describe, minutes, run_parts
    from vptr_cli.experiments.summary import write

    size = "smoke" if smoke else "small" if small else "full"
    experiment = Generalization(out / size, find_setting(setting), SIZES[size], seed)
    parts = experiment.parts()
    if list:
        print("\n".join(describe(parts)))
        return 0
    try:
        run_parts(choose(parts, part), experiment.out)
    except PartFailed as error:
        print(f"vptr experiment generalization: {error}", file=sys.stderr)
        return 1
    if part is None:
        print("\n".join(write(experiment, experiment.out / "summary")))
        print(f"{minutes(experiment.out):.0f} min in all; summary: {experiment.out / 'summary'}")
    return 0


COMMANDS: Dict[str, Callable[..., int]] = {"generalization": generalization}
