"""Our own episodes: a folder for each, written as it happens and readable after a killed recorder.

The format is that of ``robot_bridge.recording.format``. A line that does not end is of a recorder that was killed: it
is left out. Where the last line has an action, what came of it was not seen: the action is left out and its observation
is the last.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterable, List

import numpy as np

from robot_bridge.recording.format import ABOUT, FORMAT, IMAGE_STAMPS, IMAGES, STEPS
from vptr_policy.data.pictures import decode, make_whole
from vptr_policy.data.robot.parts import Part, in_parts
from vptr_policy.data.robot.trajectory import OF_STEPS, SEEN, Trajectory, check_text, checked, key


def find(root: Path) -> List[Path]:
    """The episode folders at or under ``root`` in a fixed order; raises ValueError where there is none."""
    found = sorted(path.parent for path in root.rglob(STEPS))
    if not found:
        raise ValueError(f"{root}: no episodes here, expected folders with {STEPS} and {ABOUT}")
    return found


def parts(root: Path, camera: int, size: int) -> List[Part]:
    """All episodes under ``root``, ``size`` to a part."""
    return in_parts(
        find(root),
        size,
        lambda folder: str(folder.relative_to(root)),
        lambda folder, number: read_episode(folder, number, camera, str(folder.relative_to(root))),
    )


def read_about(folder: Path) -> Dict[str, Any]:
    """The episode.json of an episode; raises ValueError where it is none."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{ABOUT} is not JSON ({error})") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT or not isinstance(about.get("task"), str):
        raise ValueError(f"{ABOUT} is not of the format {FORMAT} with the name of a task")
    check_text(about)
    return about


def read_steps(folder: Path) -> List[Dict[str, Any]]:
    """The lines of the step log that were written whole; raises ValueError where one of them is damaged."""
    lines = (folder / STEPS).read_bytes().split(b"\n")[:-1]
    steps = []
    for number, line in enumerate(lines):
        try:
            step = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number + 1} of {STEPS} is not JSON ({error})") from error
        if not isinstance(step, dict) or step.get("step") != number:
            raise ValueError(f"line {number + 1} of {STEPS} is not step {number}")
        steps.append(step)
    return steps


def read_episode(folder: Path, number: int, camera: int = 0, origin: str = "") -> Trajectory:
    """The ``number``-th episode of a data set, as camera ``camera`` saw it.

    Raises ValueError or OSError where it is incomplete, damaged, not judged or discarded.
    """
    about, steps = read_about(folder), read_steps(folder)
    if about.get("discarded"):
        raise ValueError("it was discarded")
    if not isinstance(about.get("success"), bool):
        raise ValueError(f"it was not judged: {ABOUT} has no success")
    if len(steps) < 2:
        raise ValueError(f"{STEPS} has {len(steps)} whole lines, expected an observation before and after an action")
    state = np.array([_vector(step, "state") for step in steps])
    rows = {name: np.array([_vector(step, name) for step in steps[:-1]]) for name in ("action", "executed")}
    label = np.array([_vector(step, "label" if "label" in step else "action") for step in steps[:-1]])
    info = {**about, "steps": len(label), "origin": origin or folder.name, "camera": camera}
    frames = [_picture(folder, step, camera) for step in steps]
    return checked(
        Trajectory(
            key(about["task"], number), info, state, label=label, jpegs=frames, extras=extras(steps, camera), **rows
        )
    )


def other_pictures(folder: Path, camera: int) -> List[List[bytes]]:
    """The pictures of the cameras beside ``camera`` that every line of the log names, T+1 each, in their order.

    Raises ValueError or OSError where one is missing or damaged.
    """
    steps = read_steps(folder)
    count = min((len(step[IMAGES]) if isinstance(step.get(IMAGES), list) else 0 for step in steps), default=0)
    found = []
    for other in (number for number in range(count) if number != camera):
        found.append([_picture(folder, step, other) for step in steps])
        make_whole(partial(decode, divisor=8), found[-1])
    return found


def cameras(folders: Iterable[Path]) -> int:
    """The most cameras that any of these episodes, or trajectories of Bridge raw, has pictures of."""
    return max((sum(path.is_dir() for path in folder.glob("images[0-9]*")) for folder in folders), default=0)


def extras(steps: List[Dict[str, Any]], camera: int) -> Dict[str, np.ndarray]:
    """What else every line of the log tells, by name."""
    found = {}
    for name in (*SEEN, *OF_STEPS):
        lines = steps[:-1] if name in OF_STEPS else steps
        values = [line.get(name) for line in lines]
        if name == IMAGE_STAMPS:
            values = [value[camera] if isinstance(value, list) and camera < len(value) else None for value in values]
        if not any(value is None for value in values):
            found[name] = np.asarray(values, dtype=np.float64)
    return found


def _vector(step: Dict[str, Any], name: str) -> np.ndarray:
    try:
        row = np.asarray(step.get(name), dtype=np.float64)
    except (TypeError, ValueError):
        row = np.empty(0)
    if row.shape != (7,):
        raise ValueError(f"step {step['step']} of {STEPS} has no {name} of 7 numbers")
    return row


def _picture(folder: Path, step: Dict[str, Any], camera: int) -> bytes:
    names = step.get(IMAGES)
    if not isinstance(names, list) or not 0 <= camera < len(names):
        raise ValueError(f"step {step['step']} of {STEPS} has no picture of camera {camera}")
    path = Path(str(names[camera]))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"step {step['step']} of {STEPS} names a picture outside of its episode: {names[camera]}")
    return (folder / path).read_bytes()
