"""Writes trajectories exactly as the Bridge recorder does: names, types and shapes of its files."""

import json
import pickle
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Tuple

import cv2
import numpy as np
import pytest

SAMPLE = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "bridge_v2_sample"
DATE = "2022-03-04_05-06-07"


@dataclass
class Recorded:
    """What was recorded: T actions, T+1 states, T+1 pictures 480x640 RGB of each camera."""

    state: np.ndarray
    actions: np.ndarray
    pictures: List[List[np.ndarray]] = field(default_factory=list)
    language: str = ""

    @property
    def steps(self) -> int:
        return len(self.actions)


def made_up(number: int, steps: int = 6, cameras: int = 2) -> Recorded:
    random = np.random.default_rng(number)
    actions = random.uniform(-0.06, 0.06, (steps, 7))  # a little outside of the box, as commanded ones are
    actions[:, 6] = random.integers(0, 2, steps)
    pictures = [[_gradient(random) for _ in range(steps + 1)] for _ in range(cameras)]
    return Recorded(random.normal(0.2, 0.1, (steps + 1, 7)), actions, pictures)


def real(number: int) -> Recorded:
    """Nine steps of real data: ten states and pictures, and all actions but the last."""
    folder = SAMPLE / f"episode_{number:02d}"
    if not folder.is_dir():
        pytest.skip(f"the real Bridge sample is not at {SAMPLE}")
    about = json.loads((folder / "episode.json").read_text())
    small = [cv2.imread(str(folder / f"im_{number}.jpg"))[..., ::-1] for number in range(10)]
    pictures = [cv2.resize(picture, (640, 480)) for picture in small]
    return Recorded(np.array(about["state"]), np.array(about["action"])[:-1], [pictures], about["language"])


def write(root: Path, task: str, number: int, recorded: Recorded, date: str = DATE, **agent: Any) -> Path:
    """Write ``root/TASK/00/DATE/raw/traj_group{number // 1000}/traj{number}``; ``agent`` adds to agent_data.pkl."""
    dated = root / task / "00" / date
    folder = dated / "raw" / f"traj_group{number // 1000}" / f"traj{number}"
    for camera, pictures in enumerate(recorded.pictures):
        (folder / f"images{camera}").mkdir(parents=True)
        for step, picture in enumerate(pictures):
            cv2.imwrite(str(folder / f"images{camera}" / f"im_{step}.jpg"), picture[..., ::-1])
    (dated / "config.json").write_text(json.dumps({"T": 300}))
    (dated / "collection_metadata.json").write_text(json.dumps({"camera_type": "Logitech C920", "robot": "widowx"}))
    _dump(folder / "obs_dict.pkl", _observed(recorded))
    _dump(folder / "policy_out.pkl", [_commanded(action) for action in recorded.actions])
    _dump(folder / "agent_data.pkl", {"traj_ok": True, "term_t": recorded.steps, "stats": {}, **agent})
    if recorded.language:
        (folder / "lang.txt").write_text(f"{recorded.language}\nconfidence: 1.0\n")
    return folder


def topics(count: int) -> List[Any]:
    """Descriptions of cameras, objects of a class of the recorder that the reader of a pickle does not have."""

    class IMTopic:
        def __init__(self, name: str) -> None:
            self.name, self.width, self.height, self.flip = name, 640, 480, True

    module = types.ModuleType("multicam_server.topic_utils")
    IMTopic.__module__, IMTopic.__qualname__ = module.__name__, "IMTopic"
    module.__dict__["IMTopic"] = IMTopic
    sys.modules["multicam_server"], sys.modules[module.__name__] = types.ModuleType("multicam_server"), module
    return [IMTopic(f"/cam{number}/image_raw") for number in range(count)]


def _observed(recorded: Recorded) -> Dict[str, Any]:
    frames = recorded.steps + 1
    random = np.random.default_rng(0)
    observed: Dict[str, Any] = {name: random.normal(size=(frames, 6)) for name in ("joint_effort", "qpos", "qvel")}
    observed.update({name: recorded.state.copy() for name in ("full_state", "state", "desired_state")})
    observed["eef_transform"] = np.tile(np.eye(4), (frames, 1, 1))
    observed.update({name: np.full((frames, 5), bound) for name, bound in (("high_bound", 0.5), ("low_bound", -0.5))})
    observed["time_stamp"] = [1.6e9 + 0.2 * step for step in range(frames)]
    observed["t_get_obs"] = [0.05] * frames
    observed["env_done"] = [False] * frames
    observed["task_stage"] = [0] * frames
    return observed


def _commanded(action: np.ndarray) -> Dict[str, Any]:
    transforms = {name: np.eye(4) for name in ("new_robot_transform", "delta_robot_transform")}
    return {"actions": action.copy(), **transforms, "policy_type": "VRTeleopPolicy"}


def _dump(path: Path, content: Any) -> None:
    with open(path, "wb") as file:
        pickle.dump(content, file)


def _gradient(random: np.random.Generator) -> np.ndarray:
    corner = random.integers(0, 200, 3)
    rows, columns = np.mgrid[0:480, 0:640]
    return np.stack([corner[0] + rows / 10, corner[1] + columns / 20, 255 - corner[2] - rows / 10], -1).astype(np.uint8)


def box(actions: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The actions as float32, and clipped to the box by numbers written here."""
    high = np.array([0.05] * 3 + [0.25] * 3 + [1.0])
    low = np.array([-0.05] * 3 + [-0.25] * 3 + [0.0])
    return actions.astype(np.float32), np.minimum(np.maximum(actions, low), high).astype(np.float32)
