"""Tiny runs of behaviour cloning that the tests of the loop share."""

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from demonstrations import make_cache

from vptr_policy.data.demonstrations import Cache
from vptr_policy.training.distributed import Place
from vptr_policy.training.loop import Evaluate
from vptr_policy.training.robot_options import BCOptions
from vptr_policy.training.robot import RobotData, RobotRun

TINY: Dict[str, Any] = {"steps": 6, "batch": 4, "warm_up": 2, "log_every": 2, "threads": 1, "width": 8}


def options(out: Path, **changes: Any) -> BCOptions:
    return BCOptions((Path("data"),), out, **{**TINY, **changes})


def bc_run(
    out: Path,
    cache: Cache,
    evaluate: Optional[Evaluate] = None,
    place: Optional[Place] = None,
    provenance: Optional[Dict[str, Any]] = None,
    **changes: Any,
) -> RobotRun:
    return RobotRun(options(out, **changes), RobotData((cache,), provenance=provenance or {}), evaluate, place)


def metrics(out: Path) -> List[Dict[str, float]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def tiny_cache(folder: Path) -> Cache:
    return make_cache(folder, count=4, steps=5)
