"""Recordings to act on again: our own recorded episodes with all that they tell, else pictures of others."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List

from robot_bridge.recording.format import ABOUT, FORMAT, STEPS
from vptr_policy.data.pictures import decode
from vptr_policy.data.recorded import Recording, read_recordings
from vptr_policy.data.robot.sources import Item, demonstrations, episode_folders

DESCRIBED = ("state", "action", "language")
"""What an episode.json that is not ours may tell of the pictures beside it."""


@dataclass(frozen=True)
class TaskRecording(Recording):
    """A recording that may say its task."""

    task: str = ""
    """empty where it does not say"""


def open_recordings(path: Path) -> List[TaskRecording]:
    """Our own episodes at or under ``path`` that were judged and kept, else what ``read_recordings`` finds there.

    Of an episode the last picture, after which nothing was done, is left out.
    Raises ValueError where there is nothing to read, and where what is there is damaged or of no known kind.
    """
    path = Path(path)
    described = list(episode_folders(path))
    if any((folder / STEPS).is_file() for folder in described):
        return [_of_episode(path, item) for item in demonstrations(path)]
    for folder in described:
        _expect_described(folder)
    return [TaskRecording(**vars(recording)) for recording in read_recordings(path)]


def _of_episode(root: Path, item: Item) -> TaskRecording:
    """A recorded episode with the commanded actions."""
    folder = root / item.name
    try:
        trajectory = item.read()
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: {error}; `vptr data check` names all that is damaged") from error
    name = folder.resolve().name if folder == root else item.name
    pictures = [decode(jpeg) for jpeg in trajectory.jpegs[:-1]]
    language, task = (str(item.info.get(key) or "") for key in ("language", "task"))
    return TaskRecording(name, pictures, trajectory.state[:-1], trajectory.action, language, task)


def _expect_described(folder: Path) -> None:
    """Raise ValueError where an episode.json tells nothing of the pictures beside it: it must not be passed over."""
    try:
        about: Any = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{folder / ABOUT} is not JSON ({error}): correct it, or remove it") from error
    if isinstance(about, dict) and about.get("format") == FORMAT:
        raise ValueError(f"{folder}: {ABOUT} is of a recorded episode, but its {STEPS} is missing: copy it whole")
    if not isinstance(about, dict) or not any(name in about for name in DESCRIBED):
        raise ValueError(
            f"{folder / ABOUT} tells nothing that can be used: expected one of our recorder's, or an object with "
            f"{', '.join(DESCRIBED)} of the pictures beside it; remove it to take the pictures alone"
        )
