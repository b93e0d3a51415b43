"""Demonstrations as options name them: folders of shards or of episodes, and single ones in them."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple


def open_demonstrations(
    folders: Sequence[Path], cache: Optional[Path], whole: bool = False
) -> Tuple[Tuple[Any, ...], List[Dict[str, Any]]]:
    """The decoded demonstrations of folders of shards, and what their indices say of how they were made.

    Steps that are masked and demonstrations that are kept for validation are marked as not to be learned from.

    Args:
        folders: each with shard-*.tar and index.json.
        cache: where decoded pictures are kept; None: a hidden folder in each of the folders.
        whole: take all steps of all demonstrations, for measures that follow them from step to step.

    Raises:
        ValueError: where a folder is named twice, not finished, incomplete or damaged.
    """
    from robot_bridge.sim.shards import read_folder, read_index, shard_paths
    from vptr_policy.data.demonstrations import fingerprint, open_cache
    from vptr_policy.data.robot.left_out import LeftOut, leave_out

    expect_once(folders)
    caches: List[Any] = []
    made: List[Dict[str, Any]] = []
    for folder in folders:
        paths = shard_paths(folder)
        index = read_index(folder)
        expect_whole(folder, index, paths)
        total = sum(row["trajectories"] for row in index["tasks"].values()) if "tasks" in index else None
        opened = open_cache(cache or folder / ".cache", read_folder(folder), fingerprint(paths), total)
        opened, left_out = (opened, LeftOut()) if whole else leave_out(opened, folder)
        caches.append(opened)
        origin: Dict[str, Any] = {name: index[name] for name in ("command", "plan") if name in index}
        origin.update({name: count for name, count in vars(left_out).items() if count})
        made.append({"folder": str(folder), "fingerprint": opened.fingerprint, "shards": len(paths), **origin})
    return tuple(caches), made


def choose_demonstrations(source: Path, names: Sequence[str], camera: int = 0) -> List[Any]:
    """The demonstrations of those names, in their order, else the first one; raises ValueError naming the nearest."""
    from vptr_policy.data.robot.sources import chosen, demonstrations

    expect_there(source)
    if not names:
        return [next(demonstrations(source, camera))]
    try:
        return list(chosen(source, list(names), camera))
    except ValueError as error:
        known = [item.name for item in demonstrations(source, camera)]
        missing = [name for name in names if name not in known]
        if not missing:
            raise
        near = ", ".join(get_close_matches(missing[0], known, n=3, cutoff=0.0))
        raise ValueError(f"{source}: no demonstration is called {missing[0]!r}; near it: {near}") from error


def expect_there(source: Path) -> None:
    """Raise FileNotFoundError where there is nothing of that name."""
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder")


def expect_once(folders: Sequence[Path]) -> None:
    """Raise ValueError where a folder is named twice: its demonstrations would count twice."""
    places = [folder.resolve() for folder in folders]
    for folder, place in zip(folders, places):
        if places.count(place) > 1:
            raise ValueError(f"{folder} is given twice: name each folder of demonstrations once")


def expect_whole(folder: Path, index: Dict[str, Any], paths: Sequence[Path]) -> None:
    """Raise ValueError where the making of a folder has not ended, or it lacks shards that its index lists."""
    if not index.get("complete", True):
        raise ValueError(f"{folder}: its making was interrupted; run the command that makes it again to finish it")
    missing = sorted(set(index["shards"]) - {path.name for path in paths})
    if missing:
        named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise ValueError(f"{folder}: {named} of its index.json is not there; copy the folder whole, or make it again")
