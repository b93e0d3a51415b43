"""Runs a policy over recorded pictures: what would it have done?"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from robot_bridge.interface import ACTION_HIGH, Observation, Policy
from vptr_policy.data.recorded import NEUTRAL_STATE, Recording


@dataclass(frozen=True)
class Replay:
    """The actions (T, 7) of a policy on a recording, how long each took [s], and the task it was told."""

    recording: Recording
    actions: np.ndarray
    seconds: np.ndarray
    task: str = ""

    def motion_error(self) -> Optional[float]:
        """Mean absolute difference to the recorded motions as a share of the action box, if there are any."""
        if self.recording.actions is None:
            return None
        difference = self.actions[:, :6] - self.recording.actions[:, :6]
        return float(np.abs(difference / ACTION_HIGH[:6]).mean())


def replay(policy: Policy, recording: Recording, task: str) -> Replay:
    """Act on each picture of a recording with the state recorded with it, or the neutral one where there is none."""
    states = recording.states if recording.states is not None else np.tile(NEUTRAL_STATE, (len(recording.pictures), 1))
    policy.reset(task)
    actions, seconds = [], []
    for number, (picture, state) in enumerate(zip(recording.pictures, states)):
        began = time.perf_counter()
        actions.append(policy.act(Observation(picture, state, 0.2 * number, 0.2 * number)).vector)
        seconds.append(time.perf_counter() - began)
    return Replay(recording, np.array(actions), np.array(seconds), task)


def write_actions(path: Path, task: str, replays: Sequence[Replay]) -> None:
    """All actions, with the recorded ones and the states beside them, as JSON."""
    rows: List[Dict[str, Any]] = []
    for entry in replays:
        recording = entry.recording
        for number, action in enumerate(entry.actions):
            row: Dict[str, Any] = {"recording": recording.name, "frame": number, "action": action.tolist()}
            row["task"] = entry.task
            if recording.actions is not None:
                row["recorded_action"] = recording.actions[number].tolist()
            row["state"] = (NEUTRAL_STATE if recording.states is None else recording.states[number]).tolist()
            row["state_recorded"] = recording.states is not None
            rows.append(row)
    path.write_text(json.dumps({"task": task, "frames": rows}, indent=1) + "\n", encoding="utf-8")
