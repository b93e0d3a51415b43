"""Demonstrations in an HDF5 file as robomimic reads them.

``data/demo_{i}``: ``actions`` (T, 7) float32, the box as [-1, 1] and clipped to it; ``rewards`` and ``dones`` (T,), 1
on the last step of a success; ``obs`` and ``next_obs`` with ``image`` (T, H, W, 3) uint8, ``image_1`` and so on of
further cameras, and ``state`` (T, 7);
``states`` (T, 0), as for data that no simulator resets to; attributes ``num_samples`` and ``info`` (JSON).
``mask/train`` and ``mask/valid`` name the demonstrations of each side.

What robomimic has no place for is in ``vptr`` of each demonstration, which it ignores: ``action``, ``executed`` and
``label`` in metres and radians, whatever else was measured, and ``masked``, the steps not to be learned from.

A file may name other files to read its numbers from: such a one is refused whole, and no demonstration may ask for more
memory than ``LARGEST``.
"""

import json
import math
import os
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Set, Tuple

import h5py
import numpy as np

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW
from vptr_policy.data.pictures import decode, encode_png, make_whole
from vptr_policy.data.robot.parts import DAMAGE, Part, in_parts
from vptr_policy.data.robot.trajectory import Trajectory, checked, executed, key
from vptr_policy.resize import resize

OWN = "vptr"
IMAGE, STATE = "image", "state"
GYM = 2
"""robomimic's number of the environment type that it makes nothing of without being asked."""
LARGEST = 2 << 30
"""Bytes that the arrays of one demonstration may take: 2,300 pictures of 640 x 480."""


def export(
    rows: Iterable[Tuple[Trajectory, np.ndarray, str, Sequence[List[bytes]]]], path: Path, size: int, environment: str
) -> Dict[str, int]:
    """Write an HDF5 file, whole or not at all; returns how many demonstrations each side has.

    Args:
        rows: (demonstration, which of its steps are masked (T,), train or val, T+1 pictures of each further camera).
        path: must not exist.
        size: side of the square pictures [px]; 0: as they were recorded, all of one size.
        environment: its name in ``env_args``.
    """
    if path.exists():
        raise ValueError(f"{path} exists already: name another file, or delete it")
    part = path.with_name(path.name + ".partial")
    part.parent.mkdir(parents=True, exist_ok=True)
    sides: Dict[str, List[bytes]] = {"train": [], "valid": []}
    total = 0
    with h5py.File(str(part), "w") as file:
        data = file.create_group("data")
        for number, (trajectory, masked, side, others) in enumerate(rows):
            _write(data.create_group(f"demo_{number}"), trajectory, masked, _pictures(trajectory, others, size))
            sides["valid" if side == "val" else "train"].append(f"demo_{number}".encode())
            total += len(trajectory.action)
        data.attrs["total"] = total
        data.attrs["env_args"] = json.dumps({"env_name": environment, "env_type": GYM, "env_kwargs": {}})
        for side, names in sides.items():
            file.create_dataset(f"mask/{side}", data=np.array(names, dtype="S"))
    os.replace(str(part), str(path))
    return {side: len(names) for side, names in sides.items()}


def _pictures(trajectory: Trajectory, others: Sequence[List[bytes]], size: int) -> Dict[str, np.ndarray]:
    """The pictures (T+1, H, W, 3) of each camera, by the name of the observation."""
    fit = partial(resize, size=size) if size else lambda image: image
    cameras = {IMAGE: trajectory.jpegs, **{f"{IMAGE}_{number}": files for number, files in enumerate(others, 1)}}
    return {name: np.stack(make_whole(lambda data: fit(decode(data)), files)) for name, files in cameras.items()}


def _write(group: h5py.Group, trajectory: Trajectory, masked: np.ndarray, pictures: Dict[str, np.ndarray]) -> None:
    steps = len(trajectory.action)
    group.attrs["num_samples"] = steps
    group.attrs["info"] = json.dumps({"key": trajectory.key, **trajectory.info})
    ends = np.zeros(steps, dtype=np.float32)
    ends[-1] = float(trajectory.info["success"])
    group["actions"] = normalised(trajectory.label)
    group["rewards"], group["dones"] = ends, ends.astype(np.int64)
    group["states"] = np.zeros((steps, 0))
    for name, rows in {**pictures, STATE: trajectory.state}.items():
        packed = {} if name == STATE else {"compression": "gzip", "compression_opts": 1, "chunks": (1, *rows.shape[1:])}
        group.create_dataset(f"obs/{name}", data=rows[:-1], **packed)
        group.create_dataset(f"next_obs/{name}", data=rows[1:], **packed)
    for name in ("action", "executed", "label"):
        group[f"{OWN}/{name}"] = getattr(trajectory, name)
    group[f"{OWN}/masked"] = masked
    for name, rows in trajectory.extras.items():
        group[f"{OWN}/extras/{name}"] = rows


def normalised(actions: np.ndarray) -> np.ndarray:
    """Bridge actions (T, 7) as robomimic wants them: the box as [-1, 1], clipped to it."""
    shares = (actions - ACTION_LOW) / (ACTION_HIGH - ACTION_LOW)
    return np.clip(2.0 * shares - 1.0, -1.0, 1.0).astype(np.float32)


def parts(path: Path, task: str, image: str, state: str, size: int) -> List[Part]:
    """The demonstrations of a file, ``size`` to a part.

    Args:
        path: the HDF5 file.
        task: of demonstrations that do not say theirs.
        image: name of the observation with the pictures; empty: ``image``, or the only one of (T, H, W, 3) uint8.
        state: name of the observation with the Bridge state (T, 7).
        size: of a part.
    """
    with _open(path) as file:
        _expect_self_contained(file, path)
        if not isinstance(file.get("data"), h5py.Group):
            raise ValueError(f"{path}: no group data, as a robomimic file has one")
        names = sorted(
            file["data"], key=lambda name: [int(text) if text.isdigit() else text for text in name.split("_")]
        )
    return in_parts(
        names,
        size,
        lambda name: f"{path.name}/{name}",
        lambda name, number: _read(path, name, number, (task, image, state)),
    )


def _read(path: Path, name: str, number: int, options: Tuple[str, str, str]) -> Trajectory:
    task, image, state = options
    with _open(path) as file:
        group, arrays = file["data"][name], _Arrays()
        own = group.get(OWN)
        info: Dict[str, Any] = json.loads(group.attrs.get("info", "{}"))
        info.pop("key", None)
        success = bool(arrays.read(group["dones"])[-1]) if "dones" in group else True
        info = {"task": task or path.stem, "success": success, **info, "origin": f"{path.name}/{name}"}
        pictures = _seen(group, image or _only_image(group), "pictures", arrays)
        states = _seen(group, state, "states", arrays)
        steps = len(states) - 1
        if own is not None:
            rows = {kind: arrays.read(own[kind]) for kind in ("action", "executed", "label")}
            extras = {kind: arrays.read(value) for kind, value in own.get("extras", {}).items()}
            _flags(own, steps, arrays)
        else:
            action = restored(arrays.read(group["actions"]).astype(np.float64)[:steps])
            rows, extras = {"action": action, "executed": executed(action), "label": action}, {}
    frames = [encode_png(picture) for picture in pictures]
    info["steps"] = steps
    return checked(Trajectory(key(str(info["task"]), number), info, states, jpegs=frames, extras=extras, **rows))


class _Arrays:
    """Reads arrays of one demonstration, together not more than ``LARGEST`` bytes."""

    def __init__(self) -> None:
        self._left = LARGEST

    def read(self, dataset: Any, last: bool = False) -> np.ndarray:
        """A dataset of numbers, or its ``last`` row only; raises ValueError before it takes too much memory."""
        if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "biuf":
            raise ValueError(f"{getattr(dataset, 'name', dataset)} is no array of numbers")
        size = math.prod(dataset.shape or ()) * dataset.dtype.itemsize
        size = size // max(len(dataset), 1) if last else size
        size = max(size, math.prod(dataset.chunks or (0,)) * dataset.dtype.itemsize)
        self._left -= size
        if self._left < 0:
            raise ValueError(
                f"{dataset.name} of shape {dataset.shape} takes {size / 2**30:.1f} GiB: the arrays of a demonstration "
                f"may take {LARGEST / 2**30:g} GiB together; cut it into shorter ones, or make its pictures smaller"
            )
        return np.asarray(dataset[-1:] if last else dataset)


def restored(actions: np.ndarray) -> np.ndarray:
    """Bridge actions (T, 7) of normalised ones; raises ValueError where they are not normalised."""
    if actions.ndim != 2 or actions.shape[1] != 7 or np.abs(actions).max(initial=0.0) > 1.0 + 1e-6:
        raise ValueError(f"actions {actions.shape} are not 7 numbers within [-1, 1] each")
    return ACTION_LOW + 0.5 * (actions + 1.0) * (ACTION_HIGH - ACTION_LOW)


def masks(path: Path) -> Dict[str, np.ndarray]:
    """Which steps are masked, by the origin of the demonstration; of those that say so.

    Where that is damaged, the demonstration is skipped by an import, and left out here.
    """
    found = {}
    with _open(path) as file:
        _expect_self_contained(file, path)
        for name, group in file["data"].items():
            try:
                if f"{OWN}/masked" in group:
                    found[f"{path.name}/{name}"] = _flags(group[OWN], len(group[f"{OWN}/action"]), _Arrays())
            except DAMAGE:
                continue
    return found


def _flags(own: h5py.Group, steps: int, arrays: _Arrays) -> np.ndarray:
    """Which steps are masked (T,) bool; raises ValueError where that is no such array."""
    flags = arrays.read(own["masked"]) if "masked" in own else np.zeros(steps)
    if flags.shape != (steps,):
        raise ValueError(f"masked has the shape {flags.shape}, expected {(steps,)}: one for each action")
    return flags.astype(bool)


def validation(path: Path) -> Set[str]:
    """The origins of the demonstrations that ``mask/valid`` names."""
    with _open(path) as file:
        _expect_self_contained(file, path)
        rows = file.get("mask/valid", ())
        if isinstance(rows, h5py.Dataset) and rows.size > len(file.get("data", ())):
            raise ValueError(f"{path}: mask/valid names {rows.size} demonstrations, there are fewer")
        try:
            return {f"{path.name}/{bytes(name).decode()}" for name in rows}
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: mask/valid is no list of names of demonstrations ({error})") from error


def _seen(group: h5py.Group, name: str, what: str, arrays: _Arrays) -> np.ndarray:
    """T+1 rows of an observation; without next_obs the last row is the end, and its action is left out."""
    if name not in group.get("obs", {}):
        raise ValueError(
            "no observation {!r} for the {}: it has {}".format(name, what, ", ".join(group.get("obs", {})))
        )
    rows = arrays.read(group["obs"][name])
    if name in group.get("next_obs", {}):
        rows = np.concatenate([rows, arrays.read(group["next_obs"][name], last=True)])
    return rows


def _only_image(group: h5py.Group) -> str:
    fitting = [name for name, rows in group.get("obs", {}).items() if rows.ndim == 4 and rows.dtype == np.uint8]
    if IMAGE in fitting:
        return IMAGE
    if len(fitting) != 1:
        raise ValueError("pictures could be {}: name them".format(" or ".join(fitting) or "none of the observations"))
    return str(fitting[0])


def _open(path: Path) -> Any:
    try:
        return h5py.File(str(path), "r")
    except OSError as error:
        raise ValueError(f"{path}: no HDF5 file ({error})") from error


def _expect_self_contained(file: Any, path: Path) -> None:
    """Raise ValueError where the file has any of its content read from other files, whatever they are."""
    found: List[str] = []

    def note_link(name: bytes, link: Any) -> None:
        if link.type not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
            found.append(f"{_text(name)} is a link to another file")

    def note_storage(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.external:
            found.append(f"{name} is kept in other files")
        elif isinstance(item, h5py.Dataset) and item.is_virtual:
            found.append(f"{name} is a virtual dataset")

    file.id.links.visit(note_link, info=True)
    if not found:
        file.visititems(note_storage)
    if found:
        raise ValueError(
            f"{path}: refused, nothing of it was imported: {found[0]}, so that importing would copy whatever file it "
            "names; expected a file that holds its data itself: copy what you trust of it into a new file with h5py"
        )


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
