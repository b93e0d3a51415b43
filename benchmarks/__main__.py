"""`./run bench [--only NAME ...] [--json FILE]`: runs the benchmarks and prints each figure beside its baseline."""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from benchmarks.measure import Measure, table

NAMES = ("servo", "policy", "acting", "serving", "latency", "render", "data", "training", "video")


def bench(only: Tuple[str, ...] = (), json: Optional[Path] = None) -> int:
    """Measure, and print a table of figures, baselines and ratios.

    Args:
        only: some of servo, policy, acting, serving, latency, render, data, training, video; default all.
        json: where to write the figures too.
    """
    unknown = sorted(set(only) - set(NAMES))
    if unknown:
        print("bench: no benchmark {}; known: {}".format(", ".join(unknown), ", ".join(NAMES)), file=sys.stderr)
        return 2
    measures: List[Measure] = []
    missing: List[str] = []
    for name in only or NAMES:
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        try:
            measures += _benchmarks()[name]()
        except (FileNotFoundError, ImportError) as error:
            missing.append(f"{name}: {error}")
    print(table(measures))
    for line in missing:
        print(f"not measured: {line}")
    if json is not None:
        _write(json, measures, missing)
    return 1 if missing else 0


def _benchmarks() -> Dict[str, Callable[[], List[Measure]]]:
    from benchmarks import acting, latency, rhythm, serving, simulation, training, video

    return {
        "servo": rhythm.servo,
        "policy": rhythm.policy,
        "acting": acting.acting,
        "serving": serving.serving,
        "latency": latency.latency,
        "render": simulation.render,
        "data": simulation.trajectories,
        "training": training.training,
        "video": video.video,
    }


def _write(path: Path, measures: List[Measure], missing: List[str]) -> None:
    machine = {"cores": os.cpu_count(), "architecture": platform.machine(), "load": os.getloadavg()[0]}
    rows = [measure.to_json() for measure in measures]
    path.write_text(json.dumps({"machine": machine, "measures": rows, "not_measured": missing}, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("MUJOCO_GL", "osmesa")
    os.environ.setdefault("KINETO_LOG_LEVEL", "5")  # torch's profiler writes its stages among the table's lines
    import tyro

    sys.exit(tyro.cli(bench, prog="./run bench"))
