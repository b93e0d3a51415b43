"""Tiny runs that the tests of training share."""

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from demonstrations import make, make_cache

from vptr_policy.data.demonstrations import Cache, open_cache
from vptr_policy.training.distributed import Place
from vptr_policy.training.initial import InitialEncoder
from vptr_policy.training.loop import Evaluate
from vptr_policy.training.presets import options_class
from vptr_policy.training.robot import RobotData, RobotRun

TINY: Dict[str, Any] = {"steps": 6, "batch": 4, "warm_up": 2, "log_every": 2, "threads": 1, "width": 8}


def options(out: Path, preset: str = "bc", **changes: Any) -> Any:
    return options_class(preset)(data=(Path("data"),), out=out, **{**TINY, **changes})  # type: ignore[call-arg]


def bc_run(
    out: Path,
    cache: Cache,
    evaluate: Optional[Evaluate] = None,
    place: Optional[Place] = None,
    provenance: Optional[Dict[str, Any]] = None,
    **changes: Any,
) -> RobotRun:
    return RobotRun(options(out, **changes), RobotData((cache,), provenance=provenance or {}), evaluate, place)


def preset_run(
    preset: str, out: Path, data: RobotData, initial: Optional[InitialEncoder] = None, **changes: Any
) -> RobotRun:
    small: Dict[str, Any] = {"hidden": (16, 16)}
    return RobotRun(options(out, preset, **{**small, **changes}), data, initial=initial)


def metrics(out: Path) -> List[Dict[str, float]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def tiny_cache(folder: Path) -> Cache:
    return make_cache(folder, count=4, steps=5)


def mixed_data(folder: Path) -> RobotData:
    """Two source tasks with a failure each, and two demonstrations of a target task."""
    tasks = ("knife_in_pot", "cucumber_in_bowl")
    source = [make(number, 5, tasks[number % 2], number < 4) for number in range(6)]
    target = [make(10 + number, 5, "tea_on_table") for number in range(2)]
    caches = [open_cache(folder, made, mark) for made, mark in ((source, "source"), (target, "target"))]
    return RobotData((caches[0],), (caches[1],), {"made": "here"}, folder)
