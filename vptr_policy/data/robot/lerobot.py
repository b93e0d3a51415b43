"""Demonstrations as a LeRobot dataset, version 3.0: parquet tables, and one mp4 for many episodes.

``meta/info.json``, ``meta/stats.json``, ``meta/tasks.parquet``, ``meta/episodes/chunk-000/file-000.parquet``,
``data/chunk-000/file-000.parquet``, ``videos/observation.images.image0/chunk-000/file-000.mp4``, ``image1`` and so on
of further cameras, where all demonstrations have them. A frame is what was
seen before a step with the action of the step, so that the observation after the last action is not in it. ``action``
is what is to be imitated; ``commanded``, ``executed``, ``next.success`` and ``masked`` (true: not to be learned from)
and whatever else was measured of all demonstrations stand beside, under names that LeRobot's policies do not take.
"""

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from robot_bridge.interface import STEP_S
from robot_bridge.recording.format import EFFORTS, JOINT_SPEEDS, JOINTS, TARGET
from vptr_policy.data.demonstrations import instruction
from vptr_policy.data.pictures import decode, make_whole
from vptr_policy.data.robot.film import Film
from vptr_policy.data.robot.trajectory import Trajectory

VERSION = "v3.0"
CAMERA = "observation.images.image{}"
CHUNK, EPISODES_A_FILE = 1000, 500
FPS = round(1.0 / STEP_S)
AXES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
VECTORS = {"observation.state": "state", "action": "label", "commanded": "action", "executed": "executed"}
"""Feature -> array of a trajectory."""
MEASURED = {"joint_positions": JOINTS, "joint_velocities": JOINT_SPEEDS, "joint_efforts": EFFORTS, "target": TARGET}
"""Feature -> extra of a trajectory, where all have it."""
COUNTERS = ("frame_index", "episode_index", "index", "task_index")
DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
EPISODES = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}

Row = Tuple[Trajectory, np.ndarray, str, Sequence[List[bytes]]]
"""A demonstration, which of its steps are masked (T,), train or val, and T+1 pictures of each further camera."""


@dataclass
class _Written:
    """What has been written so far."""

    frames: int = 0
    tasks: Dict[str, int] = field(default_factory=dict)
    episodes: List[Dict[str, Any]] = field(default_factory=list)
    columns: Dict[str, List[np.ndarray]] = field(default_factory=dict)
    pixels: Dict[str, List[Dict[str, np.ndarray]]] = field(default_factory=dict)
    """of each camera, by its feature"""
    sizes: Dict[str, Tuple[int, int]] = field(default_factory=dict)
    """height and width of each camera's pictures"""


def export(rows: Iterable[Row], folder: Path, measured: Sequence[str] = (), cameras: int = 1) -> Dict[str, int]:
    """Write a LeRobot dataset, whole or not at all; returns its counts.

    Args:
        rows: those for training first: a split of LeRobot is a range of episodes.
        folder: must not exist.
        measured: which of ``MEASURED`` all demonstrations have.
        cameras: how many cameras all demonstrations have.
    """
    if folder.exists():
        raise ValueError(f"{folder} exists already: name another folder, or delete it")
    part = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(str(part), ignore_errors=True)
    written, sides, table = _Written(), {"train": 0, "val": 0}, None
    films: Dict[str, Film] = {}
    for trajectory, masked, side, others in rows:
        if side == "train" and sides["val"]:
            raise ValueError("a demonstration for training came after one for validation")
        number = len(written.episodes)
        place = {"chunk_index": number // EPISODES_A_FILE // CHUNK, "file_index": number // EPISODES_A_FILE % CHUNK}
        if number % EPISODES_A_FILE == 0:
            _close(films, table)
            names = [CAMERA.format(camera) for camera in range(cameras)]
            films = {name: Film(_made(part / VIDEO.format(video_key=name, **place)), FPS) for name in names}
            table = None
        columns = _columns(trajectory, masked, written, measured)
        if len(others) < cameras - 1:
            raise ValueError(f"{trajectory.key} lacks pictures of camera {len(others) + 1} in some of its steps")
        spans = {name: film.seconds for name, film in films.items()}
        for (name, film), jpegs in zip(films.items(), (trajectory.jpegs, *others)):
            _add_pictures(film, name, trajectory.key, jpegs, written)
        rows_table = pa.table({name: _arrow(values) for name, values in columns.items()})
        table = table or pq.ParquetWriter(str(_made(part / DATA.format(**place))), rows_table.schema)
        table.write_table(rows_table)
        _note(written, columns, place, {name: (spans[name], film.seconds) for name, film in films.items()}, trajectory)
        sides[side] += 1
    _close(films, table)
    if not written.episodes:
        raise ValueError("there is no demonstration to export")
    _write_meta(part, written, sides, measured)
    os.rename(str(part), str(folder))
    return {"episodes": len(written.episodes), "frames": written.frames, **sides}


def _close(films: Dict[str, Film], table: Any) -> None:
    for film in films.values():
        film.close()
    if table is not None:
        table.close()


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _columns(
    trajectory: Trajectory, masked: np.ndarray, written: _Written, measured: Sequence[str]
) -> Dict[str, np.ndarray]:
    """The frames of an episode, T rows of each feature but the pictures."""
    steps = len(trajectory.action)
    task = written.tasks.setdefault(instruction(trajectory.info), len(written.tasks))
    columns = {name: getattr(trajectory, source)[:steps].astype(np.float32) for name, source in VECTORS.items()}
    for name in measured:
        if MEASURED[name] not in trajectory.extras:
            raise ValueError(f"{trajectory.key} lacks {MEASURED[name]}, which others have: a table has no gaps")
        columns[name] = trajectory.extras[MEASURED[name]][:steps].astype(np.float32)
    columns["next.success"] = np.zeros(steps, dtype=bool)
    columns["next.success"][-1] = bool(trajectory.info["success"])
    columns["masked"] = np.asarray(masked, dtype=bool)
    columns["timestamp"] = (np.arange(steps) / FPS).astype(np.float32)
    here = np.arange(steps, dtype=np.int64)
    counters = (here, np.full_like(here, len(written.episodes)), written.frames + here, np.full_like(here, task))
    columns.update(zip(COUNTERS, counters))
    return columns


def _add_pictures(film: Film, camera: str, key: str, jpegs: Sequence[bytes], written: _Written) -> None:
    images = make_whole(decode, jpegs[:-1])
    height, width = images[0].shape[:2]
    known = written.sizes.setdefault(camera, (height, width))
    if known != (height, width):
        raise ValueError(
            f"{key} has pictures of {width} x {height}, others of {known[1]} x {known[0]}: a LeRobot dataset has one "
            "size; export them apart"
        )
    for image in images:
        film.add(image)
    some = np.stack(
        [image[:: max(height // 120, 1), :: max(width // 160, 1)] for image in images[:: max(len(images) // 20, 1)]]
    )
    pixels = some.reshape(-1, 3).astype(np.float64) / 255.0
    written.pixels.setdefault(camera, []).append(
        {
            "min": pixels.min(0), "max": pixels.max(0), "mean": pixels.mean(0), "std": pixels.std(0),
            "count": np.array([len(some)]),
        }
    )  # fmt: skip


def _note(
    written: _Written,
    columns: Dict[str, np.ndarray],
    place: Dict[str, int],
    spans: Dict[str, Tuple[float, float]],
    one: Trajectory,
) -> None:
    """Remember an episode for the tables of the end."""
    steps = len(one.action)
    row: Dict[str, Any] = {"episode_index": len(written.episodes), "tasks": [instruction(one.info)], "length": steps}
    for kind in ("data", *(f"videos/{camera}" for camera in spans), "meta/episodes"):
        row.update({f"{kind}/{name}": value for name, value in place.items()})
    for camera, (start_s, end_s) in spans.items():
        row.update({f"videos/{camera}/from_timestamp": start_s, f"videos/{camera}/to_timestamp": end_s})
    row.update(dataset_from_index=written.frames, dataset_to_index=written.frames + steps)
    found = {name: statistics(values) for name, values in columns.items()}
    found.update({camera: _picture_statistics(parts[-1:]) for camera, parts in written.pixels.items()})
    row.update({f"stats/{name}/{kind}": value for name, kinds in found.items() for kind, value in kinds.items()})
    written.episodes.append(row)
    written.frames += steps
    for name, values in columns.items():
        written.columns.setdefault(name, []).append(values)


def statistics(values: np.ndarray) -> Dict[str, List[float]]:
    """Of a feature's rows (n, width) or (n,), as LeRobot keeps them: a list of ``width`` numbers each."""
    rows = values.reshape(len(values), -1).astype(np.float64)
    found = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0)}
    found.update({name: np.quantile(rows, share, axis=0) for name, share in QUANTILES.items()})
    return {**{name: row.tolist() for name, row in found.items()}, "count": [len(rows)]}


def _picture_statistics(parts: Sequence[Dict[str, np.ndarray]]) -> Dict[str, Any]:
    """Of the colours of pictures, (3, 1, 1) each, from those of episodes."""
    weights = np.array([part["count"][0] for part in parts], dtype=np.float64)
    weights /= weights.sum()
    means, deviations = (np.stack([part[name] for part in parts]) for name in ("mean", "std"))
    mean = weights @ means
    spread = np.sqrt(weights @ (deviations**2 + (means - mean) ** 2))
    low, high = np.min([part["min"] for part in parts], axis=0), np.max([part["max"] for part in parts], axis=0)
    found = {"min": low, "max": high, "mean": mean, "std": spread}
    count = [int(sum(part["count"][0] for part in parts))]
    return {**{name: row.reshape(3, 1, 1).tolist() for name, row in found.items()}, "count": count}


def _write_meta(folder: Path, written: _Written, sides: Dict[str, int], measured: Sequence[str]) -> None:
    names = {"task_index": pa.array(list(written.tasks.values()), pa.int64()), "task": list(written.tasks)}
    pq.write_table(_indexed_by_task(pa.table(names)), str(_made(folder / "meta" / "tasks.parquet")))
    for start in range(0, len(written.episodes), EPISODES_A_FILE):
        some = written.episodes[start : start + EPISODES_A_FILE]
        place = {name: some[0][f"meta/episodes/{name}"] for name in ("chunk_index", "file_index")}
        pq.write_table(pa.Table.from_pylist(some), str(_made(folder / EPISODES.format(**place))))
    joined = {name: statistics(np.concatenate(parts)) for name, parts in written.columns.items()}
    joined.update({camera: _picture_statistics(parts) for camera, parts in written.pixels.items()})
    _write_json(folder / "meta" / "stats.json", joined)
    _write_json(folder / "meta" / "info.json", _info(written, sides, measured))


def _info(written: _Written, sides: Dict[str, int], measured: Sequence[str]) -> Dict[str, Any]:
    splits = {"train": f"0:{sides['train']}"}
    if sides["val"]:
        splits["val"] = f"{sides['train']}:{len(written.episodes)}"
    return {
        "codebase_version": VERSION,
        "robot_type": "wx250s",
        "total_episodes": len(written.episodes),
        "total_frames": written.frames,
        "total_tasks": len(written.tasks),
        "chunks_size": CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": FPS,
        "splits": splits,
        "data_path": DATA,
        "video_path": VIDEO,
        "features": _features(written, measured),
    }


def _features(written: _Written, measured: Sequence[str]) -> Dict[str, Any]:
    found: Dict[str, Any] = {name: {"dtype": "float32", "shape": [7], "names": list(AXES)} for name in VECTORS}
    for name in measured:
        width = written.columns[name][0].shape[1]
        found[name] = {"dtype": "float32", "shape": [width], "names": None}
    found.update({name: {"dtype": "bool", "shape": [1], "names": None} for name in ("next.success", "masked")})
    found["timestamp"] = {"dtype": "float32", "shape": [1], "names": None}
    found.update({name: {"dtype": "int64", "shape": [1], "names": None} for name in COUNTERS})
    for camera, (height, width) in written.sizes.items():
        about = {
            "video.height": height, "video.width": width, "video.codec": "h264", "video.pix_fmt": "yuv420p",
            "video.is_depth_map": False, "video.fps": FPS, "video.channels": 3, "has_audio": False,
        }  # fmt: skip
        shape, names = [height, width, 3], ["height", "width", "channels"]
        found[camera] = {"dtype": "video", "shape": shape, "names": names, "info": about}
    return found


def _arrow(values: np.ndarray) -> Any:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).ravel()), values.shape[1])


def _indexed_by_task(table: Any) -> Any:
    """LeRobot looks tasks up in the index of a pandas table; this is what pandas writes to say which column that is."""
    column = {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64"}
    index = {"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object"}
    said = {
        "index_columns": ["task"],
        "column_indexes": [],
        "columns": [{**one, "metadata": None} for one in (column, index)],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "1.5.3",
    }
    return table.replace_schema_metadata({"pandas": json.dumps(said)})


def _write_json(path: Path, content: Dict[str, Any]) -> None:
    _made(path).write_text(json.dumps(content, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")
