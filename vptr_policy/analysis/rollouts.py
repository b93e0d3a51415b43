"""Episodes to look at again: made just now, or read from what was recorded."""

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np

from robot_bridge.interface import STEP_S, Observation
from vptr_policy.data.recorded import NEUTRAL_STATE, Recording, read_recordings
from vptr_policy.data.robot import episodes
from vptr_policy.data.robot.shards import entries
from vptr_policy.data.robot.trajectory import Trajectory
from vptr_policy.data.video.jpeg import decode

WITHOUT, WITH = "without distractors", "with distractors"
CONDITIONS = (WITHOUT, WITH)


@dataclass(frozen=True)
class Rollout:
    """T observations of an episode, the one in which it ended included."""

    name: str
    task: str
    """empty where the recording does not say"""
    observations: Tuple[Observation, ...]
    condition: str
    success: Optional[bool] = None
    """None where nobody judged it"""
    masks: Optional[Tuple[np.ndarray, ...]] = None
    """where a simulator can tell: what each pixel of each picture shows"""

    @property
    def outcome(self) -> str:
        """success, failure or unjudged."""
        return "unjudged" if self.success is None else "success" if self.success else "failure"


def read_rollouts(folder: Path, condition: str, tasks: Sequence[str], count: int, seed: int) -> List[Rollout]:
    """Rollouts from a folder of shards, of our own episodes, or of pictures with or without an episode.json.

    Args:
        folder: what was recorded.
        condition: that it was recorded in.
        tasks: those wanted; empty: all there are.
        count: rollouts of each task at most, drawn at random.
        seed: of the draw.

    Raises:
        ValueError: where there is nothing to read, or nothing of these tasks.
    """
    folder = Path(folder)
    random = np.random.default_rng(seed)
    if any(folder.glob("shard-*.tar")):
        found = [entry for entry in entries(folder) if not tasks or entry.info.get("task") in tasks]
        chosen = [found[i] for i in _draw([str(entry.info.get("task", "")) for entry in found], count, random)]
        rollouts = [_of_trajectory(entry.read(), condition) for entry in chosen]
    elif folder.is_dir() and any(folder.rglob(episodes.STEPS)):
        read = [episodes.read_episode(path, number) for number, path in enumerate(_judged(folder, tasks))]
        chosen_episodes = [read[i] for i in _draw([str(one.info["task"]) for one in read], count, random)]
        rollouts = [_of_trajectory(one, condition) for one in chosen_episodes]
    else:
        recordings = read_recordings(folder)
        chosen_recordings = [recordings[i] for i in _draw([""] * len(recordings), count, random)]
        rollouts = [_of_recording(one, condition) for one in chosen_recordings]
    if not rollouts:
        raise ValueError("{}: no episode of {} here".format(folder, ", ".join(tasks) or "any task"))
    return rollouts


def _judged(folder: Path, tasks: Sequence[str]) -> List[Path]:
    """Episode folders with an outcome, of these tasks."""
    kept = []
    for path in episodes.find(folder):
        about = episodes.read_about(path)
        judged = isinstance(about.get("success"), bool) and not about.get("discarded")
        if judged and (not tasks or about["task"] in tasks):
            kept.append(path)
    return kept


def _draw(groups: Sequence[str], count: int, random: np.random.Generator) -> List[int]:
    """Up to ``count`` numbers of each group, in order."""
    order = random.permutation(len(groups))
    kept: List[int] = []
    for name in sorted(set(groups)):
        kept += [int(number) for number in order if groups[number] == name][:count]
    return sorted(kept)


def _of_trajectory(trajectory: Trajectory, condition: str) -> Rollout:
    pictures = [decode(jpeg) for jpeg in trajectory.jpegs]
    success = trajectory.info.get("success")
    return Rollout(
        trajectory.key,
        str(trajectory.info.get("task", "")),
        _observations(pictures, trajectory.state),
        condition,
        success if isinstance(success, bool) else None,
    )


def _of_recording(recording: Recording, condition: str) -> Rollout:
    states = np.tile(NEUTRAL_STATE, (len(recording.pictures), 1)) if recording.states is None else recording.states
    return Rollout(recording.name, recording.language, _observations(recording.pictures, states), condition)


def _observations(pictures: Sequence[np.ndarray], states: np.ndarray) -> Tuple[Observation, ...]:
    return tuple(
        Observation(picture, np.asarray(state, dtype=np.float64), STEP_S * t, STEP_S * t)
        for t, (picture, state) in enumerate(zip(pictures, states))
    )
