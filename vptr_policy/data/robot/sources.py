"""Demonstrations to look into, wherever they lie: a folder of shards, or one of recorded episodes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Protocol, Set

from robot_bridge.recording.format import ABOUT
from vptr_policy.data.robot import episodes, shards
from vptr_policy.data.robot.trajectory import Trajectory


class Item(Protocol):
    """One demonstration that has not been read yet."""

    @property
    def name(self) -> str:
        """Its key in a shard, or the path of its folder below that of the data: masks and splits go by it."""

    @property
    def info(self) -> Dict[str, Any]:
        """What it says about itself; ``task`` and ``success`` at least."""

    def read(self) -> Trajectory:
        """All of it; raises ValueError or OSError where it is damaged."""

    def measured(self) -> Set[str]:
        """Names of what else was recorded; cheaper than to read it all."""


@dataclass(frozen=True)
class ShardItem:
    """A demonstration in a shard."""

    entry: shards.Entry

    @property
    def name(self) -> str:
        """Its key."""
        return self.entry.key

    @property
    def info(self) -> Dict[str, Any]:
        """What it says about itself."""
        return self.entry.info

    def read(self) -> Trajectory:
        """All of it."""
        return self.entry.read()

    def measured(self) -> Set[str]:
        """The names of its extras."""
        return set(self.entry.extras())


@dataclass(frozen=True)
class EpisodeItem:
    """A recorded episode that was judged and not discarded."""

    folder: Path
    name: str
    info: Dict[str, Any]
    number: int
    camera: int = 0

    def read(self) -> Trajectory:
        """All of it."""
        return episodes.read_episode(self.folder, self.number, self.camera, self.name)

    def measured(self) -> Set[str]:
        """What all lines of its log tell."""
        return set(episodes.extras(episodes.read_steps(self.folder), self.camera))


@dataclass(frozen=True)
class DamagedItem:
    """An episode that does not even say what it is."""

    name: str
    error: str
    info: Dict[str, Any] = field(default_factory=lambda: {"task": "unknown", "success": False})

    def read(self) -> Trajectory:
        """Nothing: raises ValueError."""
        raise ValueError(self.error)

    def measured(self) -> Set[str]:
        """Nothing."""
        return set()


def is_shards(folder: Path) -> bool:
    """Whether a folder holds shards; otherwise it is taken as one of episodes."""
    return next(Path(folder).glob("shard-*.tar"), None) is not None


def episode_folders(root: Path) -> Iterator[Path]:
    """The folders of all recorded episodes at or under ``root``, in a fixed order and whatever became of them.

    Each is found once. A link to what lies at, under or above ``root`` is not followed, another one is.
    """
    yield from _episode_folders(Path(root), Path(root).resolve(), set())


def _episode_folders(folder: Path, root: Path, visited: Set[Path]) -> Iterator[Path]:
    place = folder.resolve()
    if place in visited or not folder.is_dir():
        return
    visited.add(place)
    if (folder / ABOUT).is_file():
        yield folder
        return
    for child in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("images")):
        if not (child.is_symlink() and _related(child.resolve(), root)):
            yield from _episode_folders(child, root, visited)


def _related(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents


def demonstrations(folder: Path, camera: int = 0, damaged: bool = False) -> Iterator[Item]:
    """The demonstrations of a folder, one after the other; of episodes those that were judged and not discarded.

    Args:
        folder: of shards, of episodes, or an episode.
        camera: of episodes, whose pictures are read.
        damaged: go on where an episode does not say what it is: reading it raises the error.

    Raises:
        ValueError: where there is none, or one is damaged.
    """
    if is_shards(folder):
        for entry in shards.entries(folder):
            yield ShardItem(entry)
        return
    found = False
    for number, episode in enumerate(episode_folders(folder)):
        name = str(episode.relative_to(folder))
        try:
            about = episodes.read_about(episode)
        except (OSError, ValueError) as error:
            if not damaged:
                raise ValueError(f"{episode}: {error}; `vptr data check` names all that is damaged") from error
            yield DamagedItem(name, str(error))
            continue
        if not about.get("discarded") and isinstance(about.get("success"), bool):
            found = True
            yield EpisodeItem(episode, name, about, number, camera)
    if not found:
        raise ValueError(f"{folder}: neither shard-*.tar nor episodes that were judged are here")


def chosen(folder: Path, names: List[str], camera: int = 0) -> List[Item]:
    """The demonstrations of those names, in their order; raises ValueError where one is not there."""
    found = {item.name: item for item in demonstrations(folder, camera) if item.name in names}
    for name in names:
        if name not in found:
            raise ValueError(f"{folder}: no demonstration is called {name!r}; `vptr data info` names some")
    return [found[name] for name in names]
