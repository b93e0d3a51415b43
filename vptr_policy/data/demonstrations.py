"""Demonstrations decoded once into a cache that is read by memory map."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterable, List, Optional, Protocol, Sequence, Tuple

import numpy as np
from tqdm import tqdm

from robot_bridge.interface import IMAGE_SIZE
from vptr_policy.data.pictures import DamagedPicture, decode, make_whole
from vptr_policy.json_file import read_object
from vptr_policy.replacement import LEFT, flush, is_running, partial_name, writing
from vptr_policy.resize import resize

CACHE_FORMAT = 2
FRAMES = "frames.u8"
"""Locked while a cache is being written."""
META = "meta.json"
STEPS = ("state", "action", "executed", "label")
ROWS = (*STEPS, "valid", "success", "task", "text", "trajectory", "remaining")


class Demonstration(Protocol):
    """T steps of a task: ``state`` (T+1, 7), ``action``, ``executed``, ``label`` (T, 7), T+1 JPEG frames.

    ``info`` has at least ``task`` and ``success``, and ``language`` where the task was told in words; ``label`` is the
    noise-free expert action, the one to imitate. Frames may be of any size and of any format that OpenCV reads.
    """

    @property
    def key(self) -> str:
        """A name unique in the data."""

    @property
    def info(self) -> Dict[str, Any]:
        """Task, success, and how it was made."""

    @property
    def state(self) -> np.ndarray:
        """Bridge states."""

    @property
    def action(self) -> np.ndarray:
        """Commanded Bridge actions, noise included."""

    @property
    def executed(self) -> np.ndarray:
        """Bridge actions really executed."""

    @property
    def label(self) -> np.ndarray:
        """Bridge actions to imitate."""

    @property
    def jpegs(self) -> Sequence[bytes]:
        """Encoded RGB frames."""


@dataclass(frozen=True)
class Cache:
    """Decoded demonstrations, N steps in all: frame i and row i belong together.

    Each demonstration has one row more than it has actions: its last picture and state, with ``valid`` False and no
    step ``remaining``. The rows of a demonstration are neighbours: that of the next state is the next one.
    """

    frames: np.ndarray
    """(N, 128, 128, 3) RGB uint8, memory-mapped"""
    rows: Dict[str, np.ndarray]
    """state, action, executed, label (N, 7) float32; valid, success (N,) bool; (N,) int64 task, text, trajectory, and
    remaining, the number of actions from this row on"""
    tasks: Tuple[str, ...]
    """alphabetical"""
    fingerprint: str
    texts: Tuple[str, ...] = ()
    """what demonstrations were told to do, alphabetical"""
    skipped: Optional[np.ndarray] = None
    """(N,) bool, rows whose action is not to be learned from; None: all are"""


def fingerprint(files: Sequence[Path]) -> str:
    """Identifies the content of data files by names, sizes and modification times."""
    described = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(files)]
    return hashlib.sha256(repr((CACHE_FORMAT, described)).encode()).hexdigest()[:16]


def open_cache(folder: Path, demonstrations: Iterable[Demonstration], mark: str, total: Optional[int] = None) -> Cache:
    """The cache of fingerprint ``mark`` under ``folder``; decoded from ``demonstrations`` when it is not there yet.

    Args:
        folder: where caches live; others there are left alone.
        demonstrations: read only when needed.
        mark: fingerprint of what they are read from.
        total: how many there are, for the progress bar.

    Raises:
        ValueError: where the cache or a demonstration is damaged.
        OSError: where there is no room for the cache.
    """
    home = Path(folder) / mark
    _clear(home.parent)
    if not (home / META).is_file():
        _write_cache(home, demonstrations, total)
    return _read_cache(home)


def _read_cache(home: Path) -> Cache:
    remedy = f"delete {home} and start again"
    meta = read_object(home / META, ("tasks", "texts"), remedy)
    rows = {name: _read_rows(home / (name + ".npy"), remedy) for name in ROWS}
    count = rows["valid"].size
    for name, array in rows.items():
        expected = (count, 7) if name in STEPS else (count,)
        if array.shape != expected:
            raise ValueError(f"{home / name}.npy has the shape {array.shape}, expected {expected}; {remedy}")
    shape = (count, IMAGE_SIZE, IMAGE_SIZE, 3)
    if not (home / FRAMES).is_file() or (home / FRAMES).stat().st_size != int(np.prod(shape)):
        raise ValueError(f"{home / FRAMES} has not the size of {count} frames; {remedy}")
    frames = np.memmap(str(home / FRAMES), np.uint8, "r", shape=shape)
    return Cache(frames, rows, tuple(meta["tasks"]), home.name, tuple(meta["texts"]))


def _read_rows(path: Path, remedy: str) -> np.ndarray:
    try:
        with open(str(path), "rb") as file:
            rows: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, FileNotFoundError) as error:
        raise ValueError(f"{path} is damaged ({error}); {remedy}") from error
    return rows


def instruction(info: Dict[str, Any]) -> str:
    """What a demonstration was told to do: its ``language``, or the words of its task's name."""
    return str(info.get("language") or str(info["task"]).replace("_", " "))


def _write_cache(home: Path, demonstrations: Iterable[Demonstration], total: Optional[int]) -> None:
    """Write a cache beside its place and move it there whole; what a failure leaves half-written is removed."""
    partial = partial_name(home)
    shutil.rmtree(str(partial), ignore_errors=True)
    partial.mkdir(parents=True)
    with contextlib.ExitStack() as left:
        left.callback(shutil.rmtree, str(partial), ignore_errors=True)
        with writing(home), open(str(partial / FRAMES), "wb") as frames:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(frames, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _decode(partial, frames, demonstrations, total)
            _put(partial, home)


def _clear(folder: Path) -> None:
    """Remove what killed processes left half-written; what another machine is writing is locked."""
    for partial in folder.glob(".*.partial-*"):
        found = LEFT.fullmatch(partial.name)
        if found is None or is_running(int(found["process"])) or not (partial / FRAMES).is_file():
            continue
        with contextlib.suppress(OSError), open(str(partial / FRAMES), "ab") as frames:
            fcntl.flock(frames, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(str(partial), ignore_errors=True)


def _decode(partial: Path, frames: BinaryIO, demonstrations: Iterable[Demonstration], total: Optional[int]) -> None:
    columns: Dict[str, List[np.ndarray]] = {name: [] for name in ROWS}
    names: List[str] = []
    texts: List[str] = []
    for demonstration in tqdm(demonstrations, "decoding", total, unit="trajectory", dynamic_ncols=True):
        for frame in decode_all(demonstration):
            frames.write(frame.tobytes())
        _append(columns, demonstration)
        names.append(str(demonstration.info["task"]))
        texts.append(instruction(demonstration.info))
    frames.flush()
    if not names:
        raise ValueError("the data hold no demonstration")
    meta = {"tasks": sorted(set(names)), "texts": sorted(set(texts))}
    for column, vocabulary, words in (("task", meta["tasks"], names), ("text", meta["texts"], texts)):
        number = {word: place for place, word in enumerate(vocabulary)}
        columns[column] = [np.full(len(rows), number[word]) for rows, word in zip(columns["valid"], words)]
    for name, parts in columns.items():
        np.save(str(partial / (name + ".npy")), np.concatenate(parts), allow_pickle=False)
    (partial / META).write_text(json.dumps(meta) + "\n", encoding="utf-8")


def _put(partial: Path, home: Path) -> None:
    for path in (*partial.iterdir(), partial):
        flush(path)
    try:
        os.rename(str(partial), str(home))
    except OSError:  # another run has put it there meanwhile, or what is there was never finished
        if not (home / META).is_file():
            shutil.rmtree(str(home), ignore_errors=True)
            os.rename(str(partial), str(home))
    flush(home.parent)


def _append(columns: Dict[str, List[np.ndarray]], demonstration: Demonstration) -> None:
    steps = len(demonstration.action)
    if len(demonstration.jpegs) != steps + 1 or len(demonstration.state) != steps + 1:
        raise ValueError(
            f"demonstration {demonstration.key}: {steps} actions, {len(demonstration.state)} states and "
            f"{len(demonstration.jpegs)} frames; expected one state and one frame more than actions"
        )
    columns["state"].append(np.asarray(demonstration.state, dtype=np.float32))
    last = np.zeros((1, 7), dtype=np.float32)
    for name in STEPS[1:]:
        columns[name].append(np.concatenate([np.asarray(getattr(demonstration, name), dtype=np.float32), last]))
    columns["valid"].append(np.arange(steps + 1) < steps)
    columns["success"].append(np.full(steps + 1, bool(demonstration.info["success"])))
    columns["trajectory"].append(np.full(steps + 1, len(columns["trajectory"])))
    columns["remaining"].append(np.arange(steps, -1, -1))


def decode_all(demonstration: Demonstration) -> List[np.ndarray]:
    """The pictures as a policy sees them, (128, 128, 3) RGB uint8 each; raises ValueError where one is damaged."""
    try:
        return make_whole(lambda data: resize(decode(data)), demonstration.jpegs)
    except DamagedPicture as error:
        raise ValueError(
            f"demonstration {demonstration.key}: {error}; `vptr data import --format shards` writes the data again "
            "without what is damaged"
        ) from error
