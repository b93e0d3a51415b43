"""`vptr tutorial`: from demonstrations to a report, on the simulated arm, as it goes with a headset and a real one."""

import sys
from pathlib import Path
from typing import List, Optional


def tutorial(
    out: Path = Path("runs/tutorial"),
    task: str = "knife_in_pot",
    goal: int = 44,
    steps: int = 4000,
    seed: int = 0,
    protocol: Optional[Path] = None,
    speed: float = 0.0,
    list: bool = False,
) -> int:
    """Collect demonstrations, check them, train on them, evaluate and report: the whole loop in simulation.

    An emulated person drives the simulated arm with a headset's controllers; what is recorded is checked, trimmed,
    imported and cloned; the policy is evaluated in the 4 x 3 protocol over real ROS. Each part is a command that you
    could give yourself, and is shown as such. Interrupt it when you like and give the same command again.

    Args:
        out: folder of everything.
        task: one of `vptr sim tasks`.
        goal: how many demonstrations.
        steps: updates of the training.
        seed: of all of it.
        protocol: YAML of start poses, trials and times; default the paper's.
        speed: of the trials, times real time; 0: the highest that this machine keeps up with, measured first.
        list: show the parts, what is done, and their commands.
    """
    from vptr_cli.experiments.parts import Part, PartFailed, describe, generated, minutes, run_parts, trained

    episodes, data, run = out / "episodes", out / "data", out / "runs" / "bc"
    own = ("--protocol", str(protocol)) if protocol else ()
    hand = ("sim", "teleoperate", "--task", task, "--goal", str(goal), "--seed", str(seed), *own)
    pace = ("--speed", str(speed)) if speed else ()
    trial = ("demo", "--task", task, "--policy", str(run / "checkpoint"), "--seed", str(seed), *own, *pace)
    parts: List[Part] = [
        Part("collect", (*hand, "--out", str(episodes))),
        Part("check", ("data", "check", str(episodes))),
        Part("trim", ("data", "trim", str(episodes))),
        generated("import", ("data", "import", str(episodes)), data),
        trained("bc", "train", ("--data", str(data), "--steps", str(steps)), run, seed, ("import",)),
        Part("evaluate", (*trial, "--session-dir", str(out / "session")), None, ("train",)),
    ]
    if list:
        print("\n".join(describe(parts)))
        return 0
    try:
        run_parts(parts, out)
    except PartFailed as error:
        print(f"vptr tutorial: {error}", file=sys.stderr)
        return 1
    print(f"{minutes(out):.0f} minutes in all; the report: {out / 'session' / 'report.html'}")
    return 0


RUN = tutorial
