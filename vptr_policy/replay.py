"""Runs a policy over recorded pictures: what would it have done? Writes its actions and a film strip."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from PIL import Image, ImageDraw

from robot_bridge.interface import ACTION_HIGH, Observation, Policy
from vptr_policy.data.recorded import NEUTRAL_STATE, Recording
from vptr_policy.resize import resize

TILE, PANEL, MARGIN = 160, 92, 26
INK, POLICY, RECORDED, AXIS = (30, 30, 30), (214, 69, 33), (70, 110, 180), (200, 200, 200)
MOTIONS = ("dx", "dy", "dz", "droll", "dpitch", "dyaw")


@dataclass(frozen=True)
class Replay:
    """The actions (T, 7) of a policy on a recording and how long each took [s]."""

    recording: Recording
    actions: np.ndarray
    seconds: np.ndarray

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
    return Replay(recording, np.array(actions), np.array(seconds))


def write_actions(path: Path, task: str, replays: Sequence[Replay]) -> None:
    """All actions, with the recorded ones and the states beside them, as JSON."""
    rows: List[Dict[str, Any]] = []
    for entry in replays:
        recording = entry.recording
        for number, action in enumerate(entry.actions):
            row: Dict[str, Any] = {"recording": recording.name, "frame": number, "action": action.tolist()}
            if recording.actions is not None:
                row["recorded_action"] = recording.actions[number].tolist()
            row["state"] = (NEUTRAL_STATE if recording.states is None else recording.states[number]).tolist()
            row["state_recorded"] = recording.states is not None
            rows.append(row)
    path.write_text(json.dumps({"task": task, "frames": rows}, indent=1) + "\n", encoding="utf-8")


def film_strip(task: str, replays: Sequence[Replay], columns: int = 10) -> Image.Image:
    """One row a recording: evenly chosen pictures as the policy saw them, and under each its action as bars."""
    width = MARGIN + columns * (TILE + 4)
    height = MARGIN + len(replays) * (MARGIN + TILE + PANEL)
    strip = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(strip)
    _legend(draw, task)
    for row, entry in enumerate(replays):
        top = MARGIN + row * (MARGIN + TILE + PANEL)
        draw.text((8, top + 7), f"{entry.recording.name}  {entry.recording.language}", INK)
        count = len(entry.actions)
        chosen = np.unique(np.linspace(0, count - 1, min(columns, count)).round().astype(int))
        for column, frame in enumerate(chosen.tolist()):
            left = 8 + column * (TILE + 4)
            picture = Image.fromarray(resize(entry.recording.pictures[frame])).resize((TILE, TILE))
            strip.paste(picture, (left, top + MARGIN))
            recorded = None if entry.recording.actions is None else entry.recording.actions[frame]
            _panel(draw, left, top + MARGIN + TILE, frame, entry.actions[frame], recorded)
    return strip


def _legend(draw: ImageDraw.ImageDraw, task: str) -> None:
    draw.text((8, 8), f"task: {task}", INK)
    entries = ((300, POLICY, "the policy's action"), (470, RECORDED, "the recorded action"))
    for left, colour, text in entries:
        draw.rectangle((left, 9, left + 12, 19), colour)
        draw.text((left + 18, 8), text, INK)
    draw.text((640, 8), "bars: share of the action box; gripper: filled = closed", INK)


def _panel(
    draw: ImageDraw.ImageDraw, left: int, top: int, frame: int, action: np.ndarray, recorded: Optional[np.ndarray]
) -> None:
    """Bars of the six motions about a zero line, the policy's thick, the recorded thin, and the gripper."""
    middle = left + 42 + 50
    for number, name in enumerate(MOTIONS):
        y = top + 4 + 11 * number
        draw.text((left, y - 1), name, INK)
        draw.line((middle, y, middle, y + 9), AXIS)
        _bar(draw, middle, y + 1, y + 5, action[number] / ACTION_HIGH[number], POLICY)
        if recorded is not None:
            _bar(draw, middle, y + 6, y + 8, recorded[number] / ACTION_HIGH[number], RECORDED)
    draw.text((left, top + 71), "gripper", INK)
    draw.text((left + 100, top + 71), f"frame {frame}", INK)
    _gripper(draw, left + 46, top + 72, action[6], POLICY)
    if recorded is not None:
        _gripper(draw, left + 60, top + 72, recorded[6], RECORDED)


def _bar(draw: ImageDraw.ImageDraw, middle: int, top: int, bottom: int, share: float, colour: Any) -> None:
    end = middle + round(50 * float(np.clip(share, -1, 1)))
    draw.rectangle((min(middle, end), top, max(middle, end), bottom), colour)


def _gripper(draw: ImageDraw.ImageDraw, left: int, top: int, opening: float, colour: Any) -> None:
    draw.rectangle((left, top, left + 9, top + 9), None if opening >= 0.5 else colour, colour)
