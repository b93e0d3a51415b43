"""Made-up episodes for the tests of recording, written by the real writer; run as a program it records until killed."""

import sys
import time
from pathlib import Path
from typing import Any, Optional

import cv2
import numpy as np

from robot_bridge.recording.episode_writer import EpisodeWriter
from robot_bridge.recording.step import Done, Seen

ABOUT = {"task": "knife_in_pot", "language": "put the knife in the pot"}


def jpeg(number: int, width: int = 64, height: int = 48) -> bytes:
    image = np.full((height, width, 3), (7 * number) % 250, np.uint8)
    image[:, (3 * number) % width] = 255
    return bytes(cv2.imencode(".jpg", image)[1])


def state(number: int) -> np.ndarray:
    return np.array([0.2 + 0.01 * number, 0.0, 0.1, 0.0, 0.0, 0.0, 1.0])


def seen(writer: EpisodeWriter, number: int, **changes: Any) -> Seen:
    stamp = 100.0 + 0.2 * number
    name = writer.add_picture(0, jpeg(number), stamp - 0.02)
    joints = np.full(6, 0.1 * number)
    fields = {"target": state(number), "joints": joints, "joint_speeds": 0.5 * joints, "efforts": -joints, **changes}
    return Seen(state(number), stamp, (name,), (stamp - 0.02,), **fields)


def done(number: int, **changes: Any) -> Done:
    action = np.array([0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    fields = {"achieved": 0.9 * action, "clutch": True, "tracked": True, "latencies_s": {"hand": 0.012}, **changes}
    return Done(**{"action": action, "executed": action, **fields})


def record(folder: Path, steps: int = 5, success: Optional[bool] = True, pause_s: float = 0.0, **about: Any) -> Path:
    """An episode of so many steps; ``success`` as its verdict."""
    folder.mkdir(parents=True)
    writer = EpisodeWriter(folder, {**ABOUT, **about}, sync=False)
    for number in range(steps):
        writer.begin_step(seen(writer, number))
        time.sleep(pause_s)
        writer.end_step(done(number))
    writer.finish(seen(writer, steps), {"success": success})
    return folder


if __name__ == "__main__":
    record(Path(sys.argv[1]), 100000, pause_s=float(sys.argv[2]))
