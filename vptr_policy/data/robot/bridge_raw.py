"""Demonstrations as the Bridge recorder writes them ("Bridge raw").

``DOMAIN/TASK/[NN/]YYYY-MM-DD_HH-MM-SS/`` with ``collection_metadata.json``, and in ``raw/traj_group{i//1000}/traj{i}/``

* ``images{c}/im_{t}.jpg``: T+1 pictures of each camera;
* ``obs_dict.pkl``: a dict of arrays of T+1 rows, of which ``full_state`` (7) is the Bridge state;
* ``policy_out.pkl``: T dicts with ``actions`` (7,), commanded, before the environment clips them; older data hold the
  actions themselves, and those of the modes 3trans1rot (5,) and 3trans (4,) lack the rotations that were not used;
* ``agent_data.pkl``: ``traj_ok`` among others; ``lang.txt``: one instruction a line.

Everything recorded is a demonstration that succeeded, unless ``traj_ok`` says otherwise.
"""

import json
import os
import re
import reprlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from robot_bridge.recording.format import EFFORTS, JOINT_SPEEDS, JOINTS, STAMP, TARGET
from vptr_policy.data.robot import restricted
from vptr_policy.data.robot.parts import Part, in_parts
from vptr_policy.data.robot.trajectory import Trajectory, checked, executed, key, without_first_observation

DATED = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")
DATE_FORMAT = "%Y-%m-%d_%H-%M-%S"
LATE_UNTIL = datetime(2021, 7, 23)
"""What was recorded before shows each picture one step late."""
MEASURED: Dict[str, Tuple[str, Tuple[int, ...]]] = {
    STAMP: ("time_stamp", ()),
    TARGET: ("desired_state", (7,)),
    JOINTS: ("qpos", (6,)),
    JOINT_SPEEDS: ("qvel", (6,)),
    EFFORTS: ("joint_effort", (6,)),
}
"""Our name -> name in obs_dict.pkl, shape of a row."""
UNUSED = {7: (), 5: (3, 3), 4: (3, 3, 3)}
"""Width of an action -> where zeros are to be inserted for the rotations that were not used."""


@dataclass(frozen=True)
class RawOptions:
    """How Bridge raw is read."""

    camera: int = 0
    """The camera whose pictures are kept: images{camera}."""
    latency_shift: str = "auto"
    """Drop the first observation and the last action: of what is dated before 2021-07-23 (auto), always or never."""

    def __post_init__(self) -> None:
        if self.latency_shift not in ("auto", "always", "never"):
            raise ValueError(f"latency_shift is {self.latency_shift!r}, expected auto, always or never")


def find(root: Path) -> List[Path]:
    """The folders of all trajectories under ``root`` in a fixed order; raises ValueError where there is none."""
    found: List[Path] = []
    for folder, names, _ in os.walk(str(root)):
        names.sort(key=_natural)
        if Path(folder).name.startswith("traj_group"):
            found += [Path(folder) / name for name in names if re.fullmatch(r"traj\d+", name)]
            names.clear()
    if not found:
        raise ValueError(f"{root}: no Bridge raw data here, expected folders .../raw/traj_group0/traj0 below it")
    return found


def parts(root: Path, options: RawOptions, size: int) -> List[Part]:
    """All trajectories under ``root``, ``size`` to a part."""
    return in_parts(
        find(root),
        size,
        lambda folder: str(folder.relative_to(root)),
        lambda folder, number: read_trajectory(folder, root, number, options),
    )


def read_trajectory(folder: Path, root: Path, number: int, options: RawOptions) -> Trajectory:
    """The ``number``-th trajectory, in ``folder`` below ``root``.

    Raises ValueError or OSError where it is incomplete or damaged, ForbiddenGlobal where a pickle is malicious.
    """
    dated = _dated(folder)
    domain, task = _names(dated or folder, root)
    actions = _actions(folder / "policy_out.pkl")
    agent = restricted.load(folder / "agent_data.pkl") if (folder / "agent_data.pkl").exists() else {}
    info: Dict[str, Any] = {
        "task": task,
        "domain": domain,
        "success": _judged(agent.get("traj_ok", True)) if isinstance(agent, dict) else True,
        "steps": len(actions),
        "origin": str(folder.relative_to(root)),
        "camera": options.camera,
    }
    info.update(_told(folder, dated))
    state, extras = _observed(folder / "obs_dict.pkl")
    frames = _pictures(folder / f"images{options.camera}")
    clipped = executed(actions)
    trajectory = checked(Trajectory(key(task, number), info, state, actions, clipped, actions, frames, extras))
    late = options.latency_shift == "always" or (
        options.latency_shift == "auto"
        and dated is not None
        and datetime.strptime(dated.name, DATE_FORMAT) < LATE_UNTIL
    )
    return without_first_observation(trajectory) if late else trajectory


def _dated(folder: Path) -> Optional[Path]:
    return next((parent for parent in folder.parents if DATED.fullmatch(parent.name)), None)


def _names(dated: Path, root: Path) -> Tuple[str, str]:
    """Domain and task: the last two folders above the dated one that are no mere numbers."""
    above = [part for part in dated.absolute().parts[1:-1] if not part.isdigit()]
    return (above[-2] if len(above) > 1 else root.name), above[-1]


def _told(folder: Path, dated: Optional[Path]) -> Dict[str, Any]:
    """Instruction, date and what the collector noted, where they are there."""
    told: Dict[str, Any] = {}
    if (folder / "lang.txt").is_file():
        lines = (folder / "lang.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        spoken = [line.strip() for line in lines if line.strip() and not line.startswith("confidence")]
        told.update({"language": spoken[0]} if spoken else {})
    if dated is not None:
        told["recorded"] = dated.name
        if (dated / "collection_metadata.json").is_file():
            told["metadata"] = _metadata(dated / "collection_metadata.json")
    return told


def _metadata(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON ({error})") from error


def _judged(said: Any) -> bool:
    """Whether ``traj_ok`` says yes: one truth value or number, also as an array of one."""
    value = restricted.numbers(said, "traj_ok") if isinstance(said, (list, tuple)) else np.asarray(said)
    if value.size != 1 or value.dtype.kind not in "biuf":
        raise ValueError(f"traj_ok in agent_data.pkl is {reprlib.repr(said)}, expected true or false")
    return bool(value.reshape(-1)[0])


def _observed(path: Path) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
    """The states, and what else was measured of the arm; what is damaged of the latter is left out."""
    observed = restricted.load(path)
    if not isinstance(observed, dict) or "full_state" not in observed:
        raise ValueError(f"{path.name} has no full_state")
    state = restricted.numbers(observed["full_state"], f"full_state in {path.name}")
    extras = {}
    for name, (theirs, shape) in MEASURED.items():
        rows = _rows(observed.get(theirs))
        if rows is not None and rows.shape == (len(state), *shape) and np.isfinite(rows).all():
            extras[name] = rows
    return state, extras


def _rows(value: Any) -> Optional[np.ndarray]:
    try:
        return None if value is None else restricted.numbers(value, "it")
    except ValueError:
        return None


def _actions(path: Path) -> np.ndarray:
    steps = restricted.load(path)
    if not isinstance(steps, (list, np.ndarray)) or not len(steps):
        raise ValueError(f"{path.name} holds no step")
    try:
        listed = [step["actions"] if isinstance(step, dict) else step for step in steps]
    except KeyError as error:
        raise ValueError(f"{path.name} has a step without actions") from error
    rows = restricted.numbers(listed, f"actions in {path.name}")
    if rows.ndim != 2 or rows.shape[1] not in UNUSED:
        raise ValueError(f"{path.name} has actions of shape {rows.shape}, expected (T, 7)")
    return np.insert(rows, UNUSED[rows.shape[1]], 0.0, axis=1) if UNUSED[rows.shape[1]] else rows


def _pictures(folder: Path) -> List[bytes]:
    """im_0.jpg, im_1.jpg, ... as they are; a gap in the numbers is an error."""
    count = len(list(folder.glob("im_*.jpg")))
    if not count:
        raise ValueError(f"{folder.name} holds no im_*.jpg")
    return [(folder / f"im_{number}.jpg").read_bytes() for number in range(count)]


def _natural(name: str) -> List[Any]:
    """traj2 before traj10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name)]
