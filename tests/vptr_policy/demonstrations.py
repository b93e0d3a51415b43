"""Tiny demonstrations whose right action can be read from the picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

import cv2
import numpy as np

from vptr_policy.data.demonstrations import Cache, open_cache


@dataclass(frozen=True)
class Demonstration:
    key: str
    info: Dict[str, Any]
    state: np.ndarray
    action: np.ndarray
    executed: np.ndarray
    label: np.ndarray
    jpegs: List[bytes]


def make(number: int, steps: int = 5, task: str = "knife_in_pot", success: bool = True) -> Demonstration:
    """A red square on gray whose place is the label's first two numbers, and its colour the gripper's."""
    random = np.random.default_rng(number)
    label = np.zeros((steps, 7), np.float32)
    label[:, :2] = random.uniform(-0.04, 0.04, (steps, 2))
    label[:, 6] = random.integers(0, 2, steps)
    frames = [_picture(row) for row in label] + [np.full((128, 128, 3), 90, np.uint8)]
    jpegs = [bytes(cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]) for frame in frames]
    state = random.normal(0, 0.1, (steps + 1, 7)).astype(np.float32)
    noisy = label + np.float32(0.01)
    return Demonstration(f"d{number:03d}", {"task": task, "success": success}, state, noisy, noisy, label, jpegs)


def _picture(label: np.ndarray) -> np.ndarray:
    image = np.full((128, 128, 3), 90, np.uint8)
    x, y = (64 + 1000 * label[:2]).astype(int)
    image[y - 8 : y + 8, x - 8 : x + 8] = (220, 30, 30) if label[6] else (30, 30, 220)
    return image


def make_cache(folder: Path, count: int = 4, steps: int = 5) -> Cache:
    tasks = ("knife_in_pot", "cucumber_in_bowl")
    return open_cache(folder, [make(number, steps, tasks[number % 2]) for number in range(count)], "mark")
