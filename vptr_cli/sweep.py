"""`vptr sweep`: the same training with other values of its options, spread over cores or machines by Ray."""

import json
import os
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from tyro.conf import Positional

from vptr_cli import progress
from vptr_policy.checkpoint_folder import CARD, CHOSEN
from vptr_policy.json_file import read_object
from vptr_policy.meant import meant
from vptr_policy.training.folder import METRICS

Point = Tuple[Tuple[str, str], ...]
"""Options with their values."""


def sweep(
    preset: Positional[str],
    grid: Tuple[str, ...],
    out: Path,
    options: str = "",
    cpus: int = 1,
    workers: Optional[int] = None,
    address: Optional[str] = None,
) -> int:
    """Train a preset once for each combination of the grid's values; each run has a folder of its own in OUT.

    The summary has what the chosen checkpoint's evaluation found, or without --evaluate-every the last logged figures.
    Runs that were finished are kept, interrupted ones go on where they were: give the same command again. What follows
    a -- is for `vptr train`. For example the paper's sweep of alpha (V-PTR D.1):
    vptr sweep ptr --grid alpha=0.1,1,5,10 seed=0,1 --out runs/alpha -- --data data/robot --steps 10000

    Args:
        preset: see `vptr train`.
        grid: OPTION=VALUE,VALUE,... as often as needed.
        out: folder of the runs, named after their values; summary.json lists them with their metrics.
        options: of `vptr train`, the same for all runs; rather give them after a --.
        cpus: cores of a run, which are its threads.
        workers: cores in all; default all of this machine.
        address: of a running Ray cluster; default: Ray on this machine for this run alone.
    """
    _check_preset(preset)
    from eval_protocol.cluster import ray_session

    points = list(combinations(grid))
    runs = [(name_of(point), command(preset, point, out, shlex.split(options), cpus)) for point in points]
    total = workers or len(os.sched_getaffinity(0))
    if not 1 <= cpus <= total:
        raise ValueError(f"--cpus is {cpus}, expected 1 to the {total} cores there are")
    out.mkdir(parents=True, exist_ok=True)
    with ray_session(total, address) as ray:
        rows = list(_train_all(ray, runs, out, cpus))
    summary = sorted(rows, key=lambda row: [name for name, _ in runs].index(row["run"]))
    _write(out / "summary.json", {"preset": preset, "grid": list(grid), "options": options, "runs": summary})
    for row in summary:
        print("{run}: {outcome}".format(**row))
    return 0 if all(row["status"] == 0 for row in rows) else 1


def combinations(grid: Sequence[str]) -> Iterator[Point]:
    """Every combination of the values of OPTION=VALUE,VALUE,...; raises ValueError on another form."""
    axes: List[List[Tuple[str, str]]] = []
    for axis in grid:
        name, equals, values = axis.partition("=")
        if not name or not equals or not all(values.split(",")):
            raise ValueError(f"--grid {axis!r}: expected OPTION=VALUE,VALUE,... such as alpha=0.1,1,5,10")
        axes.append([(name.lstrip("-"), value) for value in values.split(",")])
    if not axes:
        raise ValueError("--grid is empty: expected OPTION=VALUE,VALUE,... such as alpha=0.1,1,5,10")
    _check_axes(axes)
    return iter(product(*axes))


def _check_axes(axes: Sequence[Sequence[Tuple[str, str]]]) -> None:
    """Raises ValueError where two runs would be one, or a run's folder and threads are not the sweep's to choose."""
    names = [axis[0][0] for axis in axes]
    for axis, name in zip(axes, names):
        if len(set(axis)) < len(axis) or names.count(name) > 1:
            raise ValueError(f"--grid has {name} twice, or a value of it: expected each option and each value once")
        if name in ("out", "threads"):
            raise ValueError(f"--grid {name}: each run has its own, by --out and --cpus; take another option")


def name_of(point: Point) -> str:
    """The folder of a run."""
    return ",".join(f"{name}={value}".replace("/", "_") for name, value in point)


def command(preset: str, point: Point, out: Path, options: Sequence[str], cpus: int) -> List[str]:
    """The command line of a run."""
    chosen = [word for name, value in point for word in ("--" + name, value)]
    words = [*options, *chosen, "--out", str(out / name_of(point)), "--threads", str(cpus)]
    return [sys.executable, "-m", "vptr_cli", "train", preset, *words]


def run_one(name: str, words: Sequence[str], log: Path) -> Dict[str, Any]:
    """Train, with the output in ``log``; the row of the summary."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}  # so that the last line is the last that was said
    with open(str(log), "ab") as file:
        status = subprocess.run(list(words), stdout=file, stderr=subprocess.STDOUT, env=environment).returncode
    folder = log.with_suffix("")
    row: Dict[str, Any] = {"run": name, "folder": str(folder), "status": status, "command": " ".join(words[1:])}
    card = folder / CHOSEN / CARD
    if status != 0 or not card.is_file():
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return {**row, "outcome": f"failed with status {status}: {lines[-1] if lines else 'no output'} (see {log})"}
    try:
        metrics = read_object(card, ("metrics",), f"remove {card.parent.parent} and sweep again to train it anew")[
            "metrics"
        ]
    except ValueError as error:
        return {**row, "status": 1, "outcome": f"failed: {error}"}
    if "selection" not in metrics:  # nothing was evaluated: what there is to rank by are the losses
        metrics = {**last_logged(folder / METRICS), **metrics}
    return {**row, "metrics": metrics, "outcome": f"{json.dumps(metrics)} in {folder}"}


def last_logged(path: Path) -> Dict[str, float]:
    """The figures of the last update in a run's metrics.jsonl; none where there is no such file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    figures: Dict[str, float] = json.loads(lines[-1]) if lines else {}
    return figures


def _train_all(ray: Any, runs: Sequence[Tuple[str, List[str]]], out: Path, cpus: int) -> Iterator[Dict[str, Any]]:
    remote = ray.remote(num_cpus=cpus, max_retries=0)(run_one)
    pending = [remote.remote(name, words, out / f"{name}.log") for name, words in runs]
    with progress.bar("sweep", len(pending), "run") as bar:
        while pending:
            done, pending = ray.wait(pending)
            yield ray.get(done[0])
            bar.update(1)


def _check_preset(preset: str) -> None:
    from vptr_cli.train import COMMANDS

    if preset not in COMMANDS:
        raise ValueError(f"no preset {preset!r}{meant(preset, COMMANDS) or ';'} Known: {', '.join(COMMANDS)}")


def _write(path: Path, content: Dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


class SweepCommand:
    """The command line of ``sweep``, in which what follows a ``--`` are the options of the training."""

    __doc__ = sweep.__doc__

    def select(self, arguments: List[str]) -> Tuple[Callable[..., int], str, List[str]]:
        """The function to run, nothing more for its usage, and its arguments."""
        if "--" not in arguments:
            return sweep, "", arguments
        place = arguments.index("--")
        return sweep, "", [*arguments[:place], "--options=" + shlex.join(arguments[place + 1 :])]


RUN = SweepCommand()
