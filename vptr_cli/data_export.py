"""`vptr data export`: demonstrations in the formats of others, from shards or from recorded episodes."""

from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from tyro.conf import Positional

from vptr_cli.damaged import Damaged
from vptr_cli.formats import Format
from vptr_cli.limits import expect
from vptr_policy.counting import counted

LEFT_OUT = "were left out"


def bridge_raw(
    source: Positional[Path], out: Path, domain: str = "vptr", camera: int = 0, failures: bool = False
) -> int:
    """Bridge raw, DOMAIN/TASK/00/DATE/raw/traj_group0/traj0, as the published converters read it.

    Pictures are those recorded where they are JPEGs of 640 x 480, otherwise resized to it; of episodes those of all
    cameras. Joints that were never recorded are NaN. Episodes of one task are one session, as the converters split each
    session by itself. Written whole or not at all.

    Args:
        source: folder of shards or of recorded episodes.
        out: folder to write; must not exist.
        domain: first folder, for demonstrations that do not name theirs.
        camera: of episodes, whose pictures are images0; those of the others follow.
        failures: write failed demonstrations too; the converters take all for successes.
    """
    from robot_bridge.kinematics import integrate, state_to_pose
    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.bridge_raw_export import Geometry, export

    damaged = Damaged()
    items = _whole(_items(source, camera, failures, damaged), damaged, out)
    places = [(*_folders(item, domain), item) for item in items]
    for name, count in export(places, out, Geometry(state_to_pose, integrate)).items():
        print(f"{out / name}: {counted(count, 'demonstration')}")
    held = len(partition.applying([item.name for item in items], source).val)
    if held:
        print(f"Bridge raw has no place for the split: {counted(held, 'demonstration')} for validation among these")
    return damaged.status(LEFT_OUT)


def bridge_numpy(
    source: Positional[Path],
    out: Path,
    domain: str = "vptr",
    seed: int = 0,
    train_share: float = 0.9,
    camera: int = 0,
    failures: bool = False,
) -> int:
    """Bridge numpy, DOMAIN/TASK/{train,val}/out.npy, which the published code reads with NumPy 1 and 2.

    Pictures are resized to 128 x 128 as for training. Written whole or not at all. The demonstrations of one task are
    in memory at a time (50 KB a step).

    Args:
        source: folder of shards or of recorded episodes.
        out: folder to write; must not exist.
        domain: first folder, for demonstrations that do not name theirs.
        seed: of the split, where `vptr data split` has drawn none.
        train_share: share of each task's demonstrations that goes to train.
        camera: of episodes, whose pictures are `images0`; those of the others follow.
        failures: write failed demonstrations too; the format has no place to say that they failed.
    """
    if not 0.0 < train_share < 1.0:
        raise ValueError(f"--train-share is {train_share}, expected more than 0 and less than 1")
    expect("seed", seed, 0)
    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.bridge_numpy import export

    damaged = Damaged()
    items = _whole(_items(source, camera, failures, damaged), damaged, out)
    drawn = partition.applying([item.name for item in items], source)
    tasks: Dict[Any, List[Any]] = {}
    sides: Dict[Any, List[str]] = {}
    further: Dict[Any, List[Any]] = {}
    for item in items:
        tasks.setdefault(_folders(item, domain), []).append(item.read)
        sides.setdefault(_folders(item, domain), []).append(drawn.side(item.name))
        further.setdefault(_folders(item, domain), []).append(partial(_other_pictures, item))
    for path, count in export(tasks, out, seed, train_share, sides if drawn.val else None, further).items():
        print(f"{out / path}: {counted(count, 'demonstration')}")
    return damaged.status(LEFT_OUT)


def lerobot(source: Positional[Path], out: Path, camera: int = 0, failures: bool = False) -> int:
    """A LeRobot dataset, version 3.0: parquet tables and H.264 films.

    `action` is what is to be imitated; the state, what was commanded and executed, success, masks and what was measured
    of the joints stand beside it. Demonstrations that `vptr data split` keeps for validation are the split `val`.
    Load it with LeRobotDataset("local/NAME", root=OUT). Written whole or not at all.

    Args:
        source: folder of shards or of recorded episodes; all pictures of one size.
        out: folder to write; must not exist.
        camera: of episodes, whose pictures are `image0`; those of the others, which all episodes have, follow.
        failures: write failed demonstrations too; `next.success` tells them apart.
    """
    from vptr_policy.data.robot.lerobot import MEASURED, export

    damaged = Damaged()
    items = _whole(_items(source, camera, failures, damaged), damaged, out)
    common = set.intersection(*(item.measured() for item in items))
    measured = [name for name, extra in MEASURED.items() if extra in common]
    rows = ((*row, _other_pictures(item)) for row, item in zip(_rows(source, items), items))
    counts = export(rows, out, measured, _common_cameras(items))
    print("{}: {episodes} episodes ({train} train, {val} val), {frames} frames".format(out, **counts))
    return damaged.status(LEFT_OUT)


def hdf5(source: Positional[Path], out: Path, size: int = 128, camera: int = 0, failures: bool = False) -> int:
    """An HDF5 file as robomimic reads it, one group a demonstration; lossless, with what robomimic has no place for.

    Args:
        source: folder of shards or of recorded episodes.
        out: file to write; must not exist.
        size: side of the pictures [px], squashed as for training; 0: as they were recorded.
        camera: of episodes, whose pictures are `image`; those of the others are `image_1` and so on.
        failures: write failed demonstrations too; `dones` tells them apart.
    """
    expect("size", size, 0)
    from vptr_policy.data.robot.robomimic import export

    damaged = Damaged()
    items = _whole(_items(source, camera, failures, damaged), damaged, out)
    rows = ((*row, _other_pictures(item)) for row, item in zip(_rows(source, items), items))
    counts = export(rows, out, size, "vptr_widowx")
    print("{}: {train} demonstrations for training, {valid} for validation".format(out, **counts))
    return damaged.status(LEFT_OUT)


def _items(source: Path, camera: int, failures: bool, damaged: Damaged) -> List[Any]:
    """The demonstrations to write; those of validation come last."""
    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.sources import DamagedItem, demonstrations

    found = []
    for item in demonstrations(source, camera, damaged=True):
        if isinstance(item, DamagedItem):
            damaged.add(item.name, item.error)
        elif failures or item.info["success"]:
            found.append(item)
    if not found:
        raise ValueError(f"{source}: no demonstration succeeded (write failures with --failures)")
    drawn = partition.applying([item.name for item in found], source)
    return sorted(found, key=lambda item: drawn.side(item.name) == partition.VAL)


def tell_left_out(folders: List[Path], camera: int, holder: str) -> None:
    """Say it where folders of demonstrations have pictures of other cameras beside ``camera``."""
    from vptr_policy.data.robot.episodes import cameras

    others = [f"images{number}" for number in range(cameras(folders)) if number != camera]
    if others:
        left = ", ".join(others)
        print(f"left out: the pictures of {left}: {holder} one camera, here images{camera}; --camera chooses which")


def _whole(items: List[Any], damaged: Damaged, out: Path) -> List[Any]:
    """Those that can be read: exports are written whole, and one that is damaged would end them half-way."""
    from tqdm import tqdm

    if out.exists():
        raise ValueError(f"{out} exists already: name another, or delete it")
    bar = tqdm(items, "checking", unit="trajectory", dynamic_ncols=True)
    found = [item for item in bar if damaged.read(item) is not None]
    if not found:
        raise ValueError("all demonstrations to write are damaged: `vptr data check` names what is wrong with them")
    return found


def _rows(source: Path, items: List[Any]) -> Iterator[Tuple[Any, Any, str]]:
    """Each demonstration with its masked steps and its side, read one at a time."""
    from tqdm import tqdm

    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.masks import MaskFile, mask_of, read_masks
    from vptr_policy.data.robot.sources import is_shards

    drawn = partition.applying([item.name for item in items], source)
    masks = read_masks(source) if is_shards(source) else MaskFile()
    for item in tqdm(items, "exporting", unit="trajectory", dynamic_ncols=True):
        trajectory = item.read()
        yield trajectory, mask_of(item, masks, len(trajectory.action)).flags(), drawn.side(item.name)


def _common_cameras(items: List[Any]) -> int:
    """How many cameras all demonstrations have; says so where some have more."""
    from vptr_policy.data.robot.episodes import cameras
    from vptr_policy.data.robot.sources import EpisodeItem

    counts = [max(cameras([item.folder]), 1) if isinstance(item, EpisodeItem) else 1 for item in items]
    if max(counts) > min(counts):
        print(f"left out: the pictures of {max(counts) - min(counts)} of {max(counts)} cameras, which not all have")
    return min(counts)


def _other_pictures(item: Any) -> List[List[bytes]]:
    """The pictures of an episode's further cameras; shards have none."""
    from vptr_policy.data.robot.episodes import other_pictures
    from vptr_policy.data.robot.sources import EpisodeItem

    return other_pictures(item.folder, item.camera) if isinstance(item, EpisodeItem) else []


def _folders(item: Any, domain: str) -> Tuple[str, str]:
    return folder_name(item.info.get("domain", domain)), folder_name(item.info["task"])


def folder_name(text: Any) -> str:
    """A name that is one folder and stays below its parent."""
    return "".join(letter if letter.isalnum() or letter in "-_ ." else "_" for letter in str(text)).lstrip(".") or "_"


EXPORTS: Dict[str, Format] = {
    "bridge-raw": Format(bridge_raw),
    "bridge-numpy": Format(bridge_numpy),
    "lerobot": Format(lerobot),
    "hdf5": Format(hdf5),
}
