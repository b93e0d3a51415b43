"""Episodes to look at again: made just now, or read from what was recorded."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from robot_bridge.interface import STEP_S, Observation
from vptr_policy.data.pictures import DamagedPicture, decode
from vptr_policy.data.recorded import NEUTRAL_STATE, Recording, read_recordings
from vptr_policy.data.robot import episodes
from vptr_policy.data.robot.shards import Entry, entries
from vptr_policy.data.robot.trajectory import Trajectory

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


def read_rollouts(
    folder: Path,
    condition: str,
    tasks: Sequence[str],
    count: Optional[int],
    seed: int,
    on_damage: Callable[[str], None] = lambda _told: None,
) -> Iterator[Rollout]:
    """Rollouts from a folder of shards, of our own episodes, or of pictures with or without an episode.json.

    Args:
        folder: what was recorded.
        condition: that it was recorded in.
        tasks: those wanted; empty: all there are. Of pictures the task is what episode.json has as language.
        count: rollouts of each task at most, drawn at random; None: all.
        seed: of the draw.
        on_damage: told of each rollout that is left out because a picture of it is damaged.

    Raises:
        ValueError: where there is nothing to read, nothing of these tasks, or nothing whole.
    """
    found = [one for one in _find(Path(folder)) if not tasks or one[0] in tasks]
    if not found:
        raise ValueError("{}: no episode of {} here".format(folder, ", ".join(tasks) or "any task"))
    order = np.random.default_rng(seed).permutation(len(found)).tolist()
    chosen: List[int] = []
    for task in sorted({task for task, _ in found}):
        chosen += [number for number in order if found[number][0] == task][:count]
    damaged: List[str] = []
    for number in sorted(chosen):
        try:
            rollout = found[number][1](condition)
        except DamagedPicture as error:
            damaged.append(str(error))
            on_damage(damaged[-1])
            continue
        yield rollout
    if len(damaged) == len(chosen):
        raise ValueError(f"{folder}: all {len(chosen)} episodes are damaged, as {damaged[0]}")


def _find(folder: Path) -> List[Tuple[str, Callable[[str], Rollout]]]:
    """The task of each episode of a folder, and what reads it."""
    if any(folder.glob("shard-*.tar")):
        return [(str(entry.info.get("task", "")), partial(_of_entry, entry)) for entry in entries(folder)]
    if folder.is_dir() and any(folder.rglob(episodes.STEPS)):
        judged = [path for path in episodes.find(folder) if _is_judged(path)]
        return [(str(episodes.read_about(path)["task"]), partial(_of_episode, path)) for path in judged]
    return [(one.language, partial(_of_recording, one)) for one in read_recordings(folder)]


def _is_judged(folder: Path) -> bool:
    """Whether an episode has an outcome and is to be kept."""
    about = episodes.read_about(folder)
    return isinstance(about.get("success"), bool) and not about.get("discarded")


def _of_entry(entry: Entry, condition: str) -> Rollout:
    return _of_trajectory(entry.read(), condition)


def _of_episode(folder: Path, condition: str) -> Rollout:
    return _of_trajectory(episodes.read_episode(folder, 0), condition)


def _of_trajectory(trajectory: Trajectory, condition: str) -> Rollout:
    pictures = [_decode(trajectory.key, number, jpeg) for number, jpeg in enumerate(trajectory.jpegs)]
    success = trajectory.info.get("success")
    return Rollout(
        trajectory.key,
        str(trajectory.info.get("task", "")),
        _observations(pictures, trajectory.state),
        condition,
        success if isinstance(success, bool) else None,
    )


def _decode(name: str, number: int, jpeg: bytes) -> np.ndarray:
    try:
        return decode(jpeg)
    except DamagedPicture as error:
        raise DamagedPicture(f"{name}: picture {number}: {error}") from error


def _of_recording(recording: Recording, condition: str) -> Rollout:
    states = np.tile(NEUTRAL_STATE, (len(recording.pictures), 1)) if recording.states is None else recording.states
    return Rollout(recording.name, recording.language, _observations(recording.pictures, states), condition)


def _observations(pictures: Sequence[np.ndarray], states: np.ndarray) -> Tuple[Observation, ...]:
    return tuple(
        Observation(picture, np.asarray(state, dtype=np.float64), STEP_S * t, STEP_S * t)
        for t, (picture, state) in enumerate(zip(pictures, states))
    )
