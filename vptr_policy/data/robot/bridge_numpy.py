"""Demonstrations as the Bridge converter leaves them for learning ("Bridge numpy").

``DOMAIN/TASK/{train,val}/out.npy``: an array of objects, each a trajectory ``{"observations": [...],
"next_observations": [...], "actions": [...], "terminals": [...]}`` of T entries. An observation is ``{"images0":
(128, 128, 3) uint8 RGB, "state": (7,)}``, with ``images1`` and so on of further cameras, and those of the published
converter have ``time_stamp`` as well; actions are (7,) and unclipped, terminals 0. All of them succeeded: there is no
place to say otherwise.

Pictures are kept to the pixel, as PNG. Nothing is unpickled but by the restricted reader.
"""

import os
import pickle
import shutil
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from tqdm import tqdm

from vptr_policy.data.demonstrations import Demonstration, decode_all
from vptr_policy.data.pictures import decode, encode_png, make_whole
from vptr_policy.data.robot import restricted
from vptr_policy.data.robot.parts import DAMAGE, Part, Read, Skipped, reason
from vptr_policy.data.robot.trajectory import Trajectory, checked, executed, key
from vptr_policy.resize import resize

FILE = "out.npy"
SPLITS = ("train", "val")
OURS, THEIRS = b"\x80\x03cnumpy._core.", b"\x80\x03cnumpy.core."
"""How a pickled array begins in NumPy 2, which NumPy 1 cannot read, and in NumPy 1, which both can."""


def find(root: Path) -> List[Path]:
    """All out.npy under ``root`` in a fixed order; raises ValueError where there is none."""
    found = sorted(root.rglob(FILE))
    if not found:
        raise ValueError(f"{root}: no Bridge numpy data here, expected DOMAIN/TASK/train/{FILE} below it")
    return found


def parts(root: Path, camera: int = 0) -> List[Part]:
    """Each file is a part; it is read whole, and takes as much memory as its size."""
    paths = find(root)
    return [
        Part((str(path.relative_to(root)),), partial(_read, root, path, place, camera))
        for place, path in enumerate(paths)
    ]


def _read(root: Path, path: Path, place: int, camera: int) -> Read:
    try:
        rows = restricted.load_object_array(path).reshape(-1)
    except restricted.ForbiddenGlobal:
        raise
    except restricted.UnreadablePickle as error:
        yield Skipped(str(path.relative_to(root)), str(error))
        return
    folders = path.absolute().parts[:-1]
    split = folders[-1] if folders[-1] in SPLITS else ""
    domain, task = (folders[:-1] if split else folders)[-2:]
    for number, row in enumerate(rows):
        origin = f"{path.relative_to(root)}[{number}]"
        info = {"task": task, "domain": domain, "split": split, "success": True, "origin": origin}
        try:
            yield _trajectory(row, info, place * 100000 + number, f"images{camera}")
        except DAMAGE as error:
            yield Skipped(origin, reason(error))


def _trajectory(row: Any, info: Dict[str, Any], number: int, images: str) -> Trajectory:
    now, after = row["observations"], row["next_observations"]
    actions = restricted.numbers(row["actions"], "actions")
    if not len(now) == len(after) == len(actions) or not len(now):
        raise ValueError(f"{len(now)} observations, {len(after)} next ones and {len(actions)} actions")
    state = restricted.numbers([entry["state"] for entry in [*now, after[-1]]], "state")
    if not np.array_equal(state[1:], restricted.numbers([entry["state"] for entry in after], "state"), equal_nan=True):
        raise ValueError("next_observations are not the observations one step later")
    frames = [encode_png(entry[images]) for entry in [*now, after[-1]]]
    whole = {**info, "steps": len(actions)}
    return checked(Trajectory(key(info["task"], number), whole, state, actions, executed(actions), actions, frames))


def split(count: int, share: float, seed: int) -> Tuple[np.ndarray, np.ndarray]:
    """Which of ``count`` trajectories are for training and which for validation: ``int(count * share)`` of them first.

    Where there are two or more, each side gets one at least: the published converter leaves such a task out.
    """
    order = np.random.default_rng(seed).permutation(count)
    first = min(max(int(count * share), 1), max(count - 1, 1))
    return np.sort(order[:first]), np.sort(order[first:])


def export(
    tasks: Mapping[Tuple[str, str], Sequence[Callable[[], Demonstration]]],
    folder: Path,
    seed: int = 0,
    share: float = 0.9,
    sides: Optional[Mapping[Tuple[str, str], Sequence[str]]] = None,
    further: Optional[Mapping[Tuple[str, str], Sequence[Callable[[], Sequence[List[bytes]]]]]] = None,
) -> Dict[str, int]:
    """Write Bridge numpy, whole or not at all; returns how many trajectories each file holds.

    Args:
        tasks: (domain, task) -> functions that read its demonstrations; those of a task are in memory together.
        folder: must not exist.
        seed: of the split.
        share: of the trajectories of a task that goes to ``train``.
        sides: train or val for each demonstration, where that was decided before.
        further: functions that read the T+1 pictures of each further camera of each demonstration.
    """
    if folder.exists():
        raise ValueError(f"{folder} exists already: name another folder, or delete it")
    partial_folder = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(str(partial_folder), ignore_errors=True)
    counts: Dict[str, int] = {}
    total = sum(len(readers) for readers in tasks.values())
    with tqdm(total=total, desc="exporting", unit="trajectory", dynamic_ncols=True) as bar:
        for (domain, task), readers in sorted(tasks.items()):
            parts = _decided(sides[domain, task]) if sides else split(len(readers), share, seed)
            for name, chosen in zip(SPLITS, parts):
                path = partial_folder / domain / task / name / FILE
                path.parent.mkdir(parents=True)
                others = further[domain, task] if further else [tuple] * len(readers)
                _write(path, [to_row(readers[number](), others[number]()) for number in chosen])
                counts[str(path.relative_to(partial_folder))] = len(chosen)
                bar.update(len(chosen))
    os.rename(str(partial_folder), str(folder))
    return counts


def _decided(sides: Sequence[str]) -> Tuple[np.ndarray, np.ndarray]:
    return np.flatnonzero(np.array(sides) == SPLITS[0]), np.flatnonzero(np.array(sides) == SPLITS[1])


def to_row(demonstration: Demonstration, others: Sequence[List[bytes]] = ()) -> Dict[str, List[Any]]:
    """A demonstration as a Bridge trajectory: float64 states and actions, pictures resized as for training.

    ``others``: the T+1 pictures of each further camera.
    """
    states = np.asarray(demonstration.state, dtype=np.float64)
    cameras = [decode_all(demonstration), *(make_whole(lambda data: resize(decode(data)), files) for files in others)]
    names = [f"images{camera}" for camera in range(len(cameras))]
    observations = [{**dict(zip(names, images)), "state": state} for *images, state in zip(*cameras, states)]
    actions = list(np.asarray(demonstration.action, dtype=np.float64))
    return {
        "observations": observations[:-1],
        "next_observations": observations[1:],
        "actions": actions,
        "terminals": [0] * len(actions),
    }


def _write(path: Path, rows: List[Dict[str, List[Any]]]) -> None:
    """As np.save does, but under the names that NumPy 1 knows, which the published code runs on."""
    array = np.empty(len(rows), object)
    array[:] = rows
    data = pickle.dumps(array, protocol=3)
    with open(path, "wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(THEIRS + data[len(OURS) :] if data.startswith(OURS) else data)
        file.flush()
        os.fsync(file.fileno())
