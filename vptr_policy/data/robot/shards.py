"""Our shards of robot data, looked into without reading their pictures.

The layout is that of ``robot_bridge.sim.shards``: tar archives ``shard-00000.tar`` with the members ``KEY.json``,
``KEY.state.npy``, ``KEY.action.npy``, ``KEY.executed.npy``, ``KEY.label.npy``, ``KEY.jpeg_sizes.npy`` and
``KEY.jpegs.bin``, where more was recorded ``KEY.extras.npz`` (arrays by name), and an ``index.json`` beside them.
Imported data have frames of any size, as JPEG or PNG.
"""

import io
import json
import math
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np

from vptr_policy.data.robot.parts import Part, in_parts
from vptr_policy.data.robot.trajectory import Trajectory, check_info, checked

EXTRAS = "extras.npz"
ARRAYS = ("state", "action", "executed", "label")
MOST_EXTRAS_BYTES = 2**26
"""All extras of a demonstration, unpacked: 150,000 steps with all that a robot tells."""


@dataclass(frozen=True)
class Entry:
    """Where a trajectory lies in a shard, and what it says about itself."""

    path: Path
    key: str
    info: Dict[str, Any]
    members: Dict[str, Tuple[int, int]]
    """suffix -> offset and size in bytes"""

    def arrays(self) -> Dict[str, np.ndarray]:
        """State (T+1, 7), action, executed, label (T, 7)."""
        with open(self.path, "rb") as file:
            arrays = {name: _array(_content(file, self, name + ".npy")) for name in ARRAYS}
        for name, array in arrays.items():
            if array.dtype.kind != "f" or array.shape[1:] != (7,) or not len(array):
                raise ValueError(
                    f"{self.path}: {name} of {self.key} is {array.dtype} {array.shape}, expected rows of 7"
                )
        return arrays

    def extras(self) -> Dict[str, np.ndarray]:
        """What else was recorded, by name; empty where nothing was."""
        if EXTRAS not in self.members:
            return {}
        with open(self.path, "rb") as file:
            content = _content(file, self, EXTRAS)
        try:
            return _unpacked(content)
        except (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
            raise ValueError(f"{self.path}: {EXTRAS} of {self.key} is damaged ({error})") from error

    def read(self) -> Trajectory:
        """The whole trajectory."""
        with open(self.path, "rb") as file:
            sizes = _array(_content(file, self, "jpeg_sizes.npy"))
            pixels = _content(file, self, "jpegs.bin")
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or sizes.sum() != len(pixels):
            raise ValueError(f"{self.path}: the frames of {self.key} do not add up to {len(pixels)} bytes")
        ends = np.cumsum(sizes).tolist()
        frames = [pixels[start:end] for start, end in zip([0, *ends], ends)]
        trajectory = Trajectory(self.key, self.info, jpegs=frames, extras=self.extras(), **self.arrays())
        try:
            trajectory.validate()
        except ValueError as error:
            raise ValueError(f"{self.path}: {self.key}: {error}") from error
        return trajectory


def shard_paths(folder: Path) -> List[Path]:
    """The shards of a data folder by name; raises ValueError where there is none."""
    paths = sorted(Path(folder).glob("shard-*.tar"))
    if not paths:
        raise ValueError(f"{folder}: no shard-*.tar here; `vptr sim generate` and `vptr data import` write some")
    return paths


def entries(folder: Path) -> Iterator[Entry]:
    """All trajectories of a data folder.

    Raises:
        ValueError: where a shard is cut off or damaged, or a trajectory does not say its task and outcome.
    """
    for entry in _scan_all(folder):
        try:
            check_info(entry.info)
        except ValueError as error:
            raise ValueError(
                f"{entry.path}: {entry.key}: {error}; `vptr data import --format shards` writes the others again"
            ) from error
        yield entry


def _scan_all(folder: Path) -> Iterator[Entry]:
    for path in shard_paths(folder):
        yield from _scan(path)


def _scan(path: Path) -> Iterator[Entry]:
    found: Dict[str, Dict[str, Tuple[int, int]]] = {}
    try:
        with tarfile.open(str(path), "r:") as tar, open(path, "rb") as file:
            for member in tar:
                key, _, suffix = member.name.partition(".")
                found.setdefault(key, {})[suffix] = (member.offset_data, member.size)
            if path.stat().st_size < tar.offset + 2 * tarfile.BLOCKSIZE:
                raise EOFError("the end of the archive is missing")
            for key, members in found.items():
                where = Entry(path, key, {}, members)
                yield Entry(path, key, json.loads(_content(file, where, "json")), members)
    except (tarfile.TarError, EOFError, OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not a whole shard ({error}); delete it and make it again") from error


def _content(file: Any, entry: Entry, suffix: str) -> bytes:
    if suffix not in entry.members:
        raise ValueError(f"{entry.path}: {entry.key} has no {suffix}")
    offset, size = entry.members[suffix]
    if offset + size > entry.path.stat().st_size:
        raise ValueError(f"{entry.path}: {entry.key}.{suffix} is cut off")
    file.seek(offset)
    return bytes(file.read(size))


def _unpacked(data: bytes) -> Dict[str, np.ndarray]:
    """The arrays of an npz, whose sizes are looked at before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > MOST_EXTRAS_BYTES:
            raise ValueError(f"it unpacks to {size} bytes, expected at most {MOST_EXTRAS_BYTES}")
        names = {name: name[:-4] if name.endswith(".npy") else name for name in archive.namelist()}
        return {ours: _array(archive.read(name)) for name, ours in names.items()}


def _array(data: bytes) -> np.ndarray:
    """An array that is as large as its bytes: a header can ask for any amount of memory."""
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(file)
        size, rest = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
        if size != rest:
            raise ValueError(f"its header asks for {size} bytes, it has {rest}")
        return np.load(io.BytesIO(data), allow_pickle=False)
    except (EOFError, OSError, ValueError, TypeError, MemoryError) as error:
        raise ValueError(f"an array is damaged ({error})") from error


def parts(folder: Path, size: int) -> List[Part]:
    """All trajectories of a data folder, ``size`` to a part, to be written again under the keys they have."""
    return in_parts(
        list(_scan_all(folder)),
        size,
        lambda entry: f"{entry.path.name}/{entry.key}",
        lambda entry, _: checked(entry.read()),
        (ValueError,),
    )
