"""Demonstrations as the Bridge recorder writes them ("Bridge raw"), for the published converters.

``DOMAIN/TASK/00/YYYY-MM-DD_HH-MM-SS/`` with ``config.json``, ``collection_metadata.json`` and
``raw/traj_group{i//1000}/traj{i}/`` of ``images{c}/im_{t}.jpg`` (640 x 480), ``obs_dict.pkl``, ``policy_out.pkl``,
``agent_data.pkl`` and ``lang.txt``, with the names, types and shapes of the recorder. What was not recorded (joints of
data that never had them) is NaN: the converters read pictures, ``full_state``, ``time_stamp`` and ``actions``.
"""

import json
import os
import pickle
import pickletools
import re
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

import cv2
import numpy as np
from tqdm import tqdm

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW, STEP_S
from robot_bridge.recording.format import EFFORTS, JOINT_SPEEDS, JOINTS, STAMP, TARGET
from vptr_policy.data.pictures import START, decode, sides
from vptr_policy.data.robot.bridge_raw import DATE_FORMAT, DATED, LATE_UNTIL
from vptr_policy.data.robot.episodes import other_pictures
from vptr_policy.data.robot.sources import EpisodeItem, Item
from vptr_policy.data.robot.trajectory import Trajectory

HEIGHT, WIDTH, QUALITY = 480, 640, 95
GROUP = 1000
NUMPY_2, NUMPY_1 = b"cnumpy._core.", b"cnumpy.core."
UNDATED = "2022-01-01_00-00-00"
"""Of demonstrations that do not say when they were recorded: after 2021-07-23, so that nothing is shifted."""
LOW_BOUND, HIGH_BOUND = (0.10, -0.25, -0.01, -1.57, 0.0), (0.45, 0.25, 0.33, 1.57, 0.0)
"""x y z, yaw and a zero: the workspace that the recorder notes."""

Pose = Callable[[np.ndarray], np.ndarray]
Integrate = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Geometry:
    """What the format has as transforms; the caller knows the arm."""

    pose: Pose
    """Bridge state (7,) -> (4, 4) of the end effector in base_link"""
    integrate: Integrate
    """pose (4, 4), motion (6,) -> the pose that a commanded Bridge action leads to"""


def session(item: Item, sessions: Dict[str, str]) -> str:
    """The dated folder that a demonstration goes to.

    Our episodes of a task are one session, dated as the first of them: the published converter splits each session by
    itself, and of a session of one it keeps nothing for training. What was shifted for latency must not be dated before
    2021-07-23, or it would be shifted again.
    """
    said = str(item.info.get("recorded", ""))
    recorded = said if DATED.fullmatch(said) else UNDATED
    if isinstance(item, EpisodeItem) or item.info.get("format"):
        return sessions.setdefault(str(item.info["task"]), recorded)
    shifted = bool(item.info.get("latency_shifted")) and datetime.strptime(recorded, DATE_FORMAT) < LATE_UNTIL
    return UNDATED if shifted else recorded


def export(places: Sequence[Tuple[str, str, Item]], folder: Path, geometry: Geometry) -> Dict[str, int]:
    """Write Bridge raw, whole or not at all; returns how many trajectories each dated folder holds.

    Args:
        places: (domain, task, demonstration); the names must be names of folders.
        folder: must not exist.
        geometry: of the arm.
    """
    if folder.exists():
        raise ValueError(f"{folder} exists already: name another folder, or delete it")
    part = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(str(part), ignore_errors=True)
    counts: Dict[str, int] = {}
    sessions: Dict[str, str] = {}
    for domain, task, item in tqdm(places, "exporting", unit="trajectory", dynamic_ncols=True):
        dated = part / domain / task / "00" / session(item, sessions)
        name = str(dated.relative_to(part))
        number = counts.get(name, 0)
        place = dated / "raw" / f"traj_group{number // GROUP}" / f"traj{number}"
        _write(place, item.read(), geometry, dated.name)
        if isinstance(item, EpisodeItem):
            for camera, pictures in enumerate(other_pictures(item.folder, item.camera), 1):
                _write_pictures(place / f"images{camera}", pictures)
        if not number:
            _write_headers(dated, item.info)
        counts[name] = number + 1
    os.rename(str(part), str(folder))
    return counts


def observed(trajectory: Trajectory, geometry: Geometry, dated: str) -> Dict[str, Any]:
    """``obs_dict.pkl`` of a trajectory of T steps: T+1 rows of each entry."""
    rows, extras = len(trajectory.state), trajectory.extras
    state = trajectory.state.astype(np.float64)
    joints = {ours: extras.get(ours, np.full((rows, 6), np.nan)) for ours in (JOINTS, JOINT_SPEEDS, EFFORTS)}
    begun = time.mktime(time.strptime(dated, DATE_FORMAT))
    return {
        "joint_effort": joints[EFFORTS],
        "qpos": joints[JOINTS],
        "qvel": joints[JOINT_SPEEDS],
        "full_state": state,
        "state": state.copy(),
        "desired_state": extras.get(TARGET, state.copy()),
        "time_stamp": [float(stamp) for stamp in extras.get(STAMP, begun + STEP_S * np.arange(rows))],
        "eef_transform": np.stack([geometry.pose(row) for row in state]),
        "high_bound": np.tile(HIGH_BOUND, (rows, 1)),
        "low_bound": np.tile(LOW_BOUND, (rows, 1)),
        "env_done": [False] * rows,
        "t_get_obs": [0.0] * rows,
        "task_stage": [0] * rows,
    }


def commanded(trajectory: Trajectory, geometry: Geometry) -> List[Dict[str, Any]]:
    """``policy_out.pkl`` of a trajectory: what was commanded, before the recorder clipped it."""
    targets = trajectory.extras.get(TARGET, trajectory.state.astype(np.float64))
    steps = []
    for action, target in zip(trajectory.action.astype(np.float64), targets):
        before = geometry.pose(target)
        after = geometry.integrate(before, np.clip(action, ACTION_LOW, ACTION_HIGH)[:6])
        steps.append(
            {
                "actions": action,
                "new_robot_transform": after,
                "delta_robot_transform": after @ np.linalg.inv(before),
                "policy_type": "VRTeleopPolicy",
            }
        )
    return steps


def _write(folder: Path, trajectory: Trajectory, geometry: Geometry, dated: str) -> None:
    _write_pictures(folder / "images0", trajectory.jpegs)
    _dump(folder / "obs_dict.pkl", observed(trajectory, geometry, dated))
    _dump(folder / "policy_out.pkl", commanded(trajectory, geometry))
    about = {"traj_ok": bool(trajectory.info["success"]), "term_t": len(trajectory.action)}
    _dump(folder / "agent_data.pkl", {**about, "stats": {}, "camera_info": {}})
    if trajectory.info.get("language"):
        text = re.sub(r"\s+", " ", str(trajectory.info["language"])).strip()
        (folder / "lang.txt").write_text(f"{text}\nconfidence: 1.0\n", encoding="utf-8")


def _write_pictures(folder: Path, pictures: Sequence[bytes]) -> None:
    folder.mkdir(parents=True)
    for number, data in enumerate(pictures):
        (folder / f"im_{number}.jpg").write_bytes(_full_size(data))


def _write_headers(dated: Path, info: Dict[str, Any]) -> None:
    made = {"robot": "widowx", "date_time": dated.name, "environment": dated.parents[2].name}
    metadata = info.get("metadata", made)
    (dated / "config.json").write_text(json.dumps({"agent": {"T": 300, "image_height": HEIGHT, "image_width": WIDTH}}))
    (dated / "collection_metadata.json").write_text(json.dumps(metadata))


def _full_size(data: bytes) -> bytes:
    """A JPEG of 640 x 480; one that is so already is kept."""
    if data[:2] == START and sides(data) == (HEIGHT, WIDTH):
        return data
    image = decode(data)
    smaller = image.shape[0] * image.shape[1] > HEIGHT * WIDTH
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    image = cv2.resize(image, (WIDTH, HEIGHT), interpolation=method)
    done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError(f"OpenCV could not encode a picture of shape {image.shape}")
    return bytes(jpeg)


def _dump(path: Path, content: Any) -> None:
    """A pickle under the names of NumPy 1, which the published code runs on; in protocol 3 they are lines."""
    data = pickle.dumps(content, protocol=3)
    names = [
        place for code, name, place in pickletools.genops(data) if code.name == "GLOBAL" and "numpy._" in str(name)
    ]
    for place in reversed([place for place in names if place is not None]):
        data = data[:place] + data[place:].replace(NUMPY_2, NUMPY_1, 1)
    path.write_bytes(data)
