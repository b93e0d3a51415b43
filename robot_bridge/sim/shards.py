"""Demonstrations at rest: tar shards in the WebDataset layout, and the index of a folder of them.

A shard holds trajectories of T steps; the members of trajectory KEY are

* ``KEY.json``: task, variant, seed, success, steps, scene, and how the expert was set;
* ``KEY.state.npy`` (T+1, 7) float32, Bridge states; ``KEY.jpegs.bin`` with ``KEY.jpeg_sizes.npy`` (T+1,) int64:
  T+1 RGB frames as JPEG, one after the other; observation t is what the expert saw before action t;
* ``KEY.action.npy``, ``KEY.executed.npy``, ``KEY.label.npy`` (T, 7) float32: the Bridge action commanded (with its
  noise), the one really executed, and the noise-free expert action for that observation.

Nothing is pickled. A shard is written under a temporary name and renamed when it is complete.
"""

import io
import json
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping

import cv2
import numpy as np

from robot_bridge.sim.tar import PARTIAL_SUFFIX, TarWriter, check_end

INDEX_NAME = "index.json"
JPEG_QUALITY = 95
Counts = Dict[str, Any]
"""Name -> number, or counts within."""
ZERO: Counts = {"trajectories": 0, "successes": 0, "steps": 0, "tasks": {}}
"""The counts of no trajectory."""
ARRAYS = ("state", "action", "executed", "label", "jpeg_sizes")


class ShardError(ValueError):
    """A shard or an index cannot be read: the message names the file, what is wrong and what to do."""


class NotFinite(ValueError):
    """A number of a demonstration is none, or infinite: what it lies in may be whole."""


@dataclass(frozen=True)
class Trajectory:
    """One demonstration of T steps: ``state`` (T+1, 7), ``action``, ``executed``, ``label`` (T, 7), T+1 JPEG frames."""

    key: str
    info: Dict[str, Any]
    state: np.ndarray
    action: np.ndarray
    executed: np.ndarray
    label: np.ndarray
    jpegs: List[bytes]
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)
    """what else was recorded, by name; written, and read by those who want it"""

    def images(self) -> np.ndarray:
        """The decoded frames, (T+1, height, width, 3) RGB uint8."""
        return np.stack([decode_jpeg(jpeg) for jpeg in self.jpegs])

    def validate(self) -> None:
        """Raise ValueError where the key, an array's shape or a count disagrees with the rest."""
        steps = len(self.action)
        if not self.key or "." in self.key or "/" in self.key:
            raise ValueError(f"trajectory key {self.key!r}: expected a name without '.' and '/'")
        info: Any = self.info
        if (
            not isinstance(info, dict)
            or not isinstance(info.get("task"), str)
            or not isinstance(info.get("success"), bool)
        ):
            raise ValueError(f"trajectory {self.key}: expected info with the name of a task and success, true or false")
        if steps == 0:
            raise ValueError(f"trajectory {self.key}: it has no steps")
        for name, rows in (("state", steps + 1), ("action", steps), ("executed", steps), ("label", steps)):
            array = getattr(self, name)
            if array.shape != (rows, 7):
                raise ValueError(f"trajectory {self.key}: {name} has shape {array.shape}, expected {(rows, 7)}")
            wrong = np.flatnonzero(~np.isfinite(array).all(axis=1))
            if len(wrong):
                raise NotFinite(f"trajectory {self.key}: {name} is not finite at row {wrong[0]}, counted from 0")
        if len(self.jpegs) != steps + 1:
            raise ValueError(f"trajectory {self.key}: {len(self.jpegs)} frames for {steps} steps")


def encode_jpeg(image: np.ndarray, quality: int = JPEG_QUALITY) -> bytes:
    """An RGB uint8 image (H, W, 3) as JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"OpenCV could not encode an image of shape {image.shape} as JPEG")
    return bytes(data)


def decode_jpeg(data: bytes) -> np.ndarray:
    """The RGB uint8 image (H, W, 3) in a JPEG."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error as error:
        raise ValueError(f"{len(data)} bytes are not a JPEG image that OpenCV decodes ({error.err})") from error
    if image is None:
        raise ValueError(f"{len(data)} bytes are not a JPEG image")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


class ShardWriter(TarWriter):
    """Writes one shard of trajectories."""

    def __enter__(self) -> "ShardWriter":
        return self

    def add(self, trajectory: Trajectory) -> None:
        """Append one trajectory."""
        trajectory.validate()
        self.add_members(trajectory.key, _members(trajectory))


def read_shard(path: Path) -> Iterator[Trajectory]:
    """The trajectories of a shard in their order; raises ShardError where it or one of them is damaged."""
    members: Dict[str, bytes] = {}
    current = ""
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                key, _, suffix = member.name.partition(".")
                if key != current and members:
                    yield _assemble(current, members)
                    members = {}
                current = key
                members[suffix] = _content(tar, member)
            if members:
                yield _assemble(current, members)
            check_end(tar, path)
    except NotFinite as error:
        remedy = "`vptr data import --format shards` writes the others again"
        raise ShardError(f"{path}: {error}; {remedy}") from error
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ShardError(
            "{}: not a whole shard ({}: {}); delete it and generate it again".format(
                path, type(error).__name__, error or "no detail"
            )
        ) from error


def count_trajectories(path: Path) -> Dict[str, Any]:
    """Read a whole shard and return its counts: trajectories, successes, steps, and the same by task."""
    return added([ZERO, *(_counts(trajectory) for trajectory in read_shard(path))])


def _counts(trajectory: Trajectory) -> Counts:
    row = {"trajectories": 1, "successes": int(trajectory.info["success"]), "steps": len(trajectory.action)}
    return {**row, "tasks": {trajectory.info["task"]: row}}


def added(rows: Iterable[Counts]) -> Counts:
    """The sums of counts, name by name."""
    total: Counts = {}
    for row in rows:
        for name, value in row.items():
            inner = isinstance(value, dict)
            total[name] = added([total.get(name, {}), value]) if inner else total.get(name, 0) + value
    return total


def shard_name(number: int) -> str:
    """The file name of a shard."""
    return f"shard-{number:05d}.tar"


def shard_paths(folder: Path) -> List[Path]:
    """The shards of a data folder by name; raises ShardError when there is none."""
    paths = sorted(folder.glob("shard-*.tar"))
    if not paths:
        raise ShardError(f"{folder}: no shard-*.tar here; make some with `vptr sim generate --out {folder}`")
    return paths


def read_folder(folder: Path) -> Iterator[Trajectory]:
    """All trajectories of a data folder."""
    for path in shard_paths(folder):
        yield from read_shard(path)


def read_index(folder: Path) -> Dict[str, Any]:
    """The index of a data folder; raises ShardError where it is missing or damaged."""
    path = folder / INDEX_NAME
    try:
        index = json.loads(path.read_text())
    except FileNotFoundError:
        raise ShardError(f"{path}: no index; run `vptr sim generate` again to finish the folder") from None
    except ValueError as error:
        raise ShardError(f"{path}: not JSON ({error}); delete it and generate again") from error
    if not isinstance(index, dict) or "shards" not in index:
        raise ShardError(f"{path}: expected an object with the key 'shards'; delete it and generate again")
    return index


def write_index(folder: Path, index: Dict[str, Any]) -> None:
    """Write the index of a data folder, whole or not at all."""
    partial = folder / (INDEX_NAME + PARTIAL_SUFFIX)
    partial.write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
    os.replace(partial, folder / INDEX_NAME)


def _members(trajectory: Trajectory) -> Dict[str, bytes]:
    sizes = np.array([len(jpeg) for jpeg in trajectory.jpegs], dtype=np.int64)
    members = {"json": json.dumps(trajectory.info, sort_keys=True).encode()}
    for name in ARRAYS[:4]:
        members[name + ".npy"] = _array_bytes(np.asarray(getattr(trajectory, name), dtype=np.float32))
    members["jpeg_sizes.npy"] = _array_bytes(sizes)
    members["jpegs.bin"] = b"".join(trajectory.jpegs)
    if trajectory.extras:
        stream = io.BytesIO()
        arrays: Dict[str, Any] = {name: trajectory.extras[name] for name in sorted(trajectory.extras)}
        np.savez(stream, **arrays)
        members["extras.npz"] = stream.getvalue()
    return members


def _array_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    data = stream.read() if stream is not None else b""
    if len(data) != member.size:
        raise EOFError(f"member {member.name} is cut off")
    return data


def _assemble(key: str, members: Dict[str, bytes]) -> Trajectory:
    arrays = {name: np.load(io.BytesIO(members[name + ".npy"]), allow_pickle=False) for name in ARRAYS}
    sizes, pixels = arrays.pop("jpeg_sizes"), members["jpegs.bin"]
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or sizes.sum() != len(pixels):
        raise ValueError(f"trajectory {key}: jpeg_sizes do not add up to the {len(pixels)} bytes of jpegs")
    ends = np.cumsum(sizes).tolist()
    jpegs = [pixels[start:end] for start, end in zip([0, *ends], ends)]
    trajectory = Trajectory(key, json.loads(members["json"]), jpegs=jpegs, **arrays)
    trajectory.validate()
    return trajectory
