"""`vptr data import` for demonstrations of the robot."""

import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Sequence, Union

from tyro.conf import Positional

from vptr_cli.formats import Format
from vptr_cli.limits import expect


def import_bridge_raw(
    source: Positional[Path],
    out: Path,
    camera: int = 0,
    latency_shift: str = "auto",
    shard_size: int = 32,
) -> int:
    """Bridge as its recorder wrote it: pickles are read without running anything of them.

    Writes the shards that `vptr train` reads: OUT/shard-00000.tar ... and OUT/index.json, which names what was skipped.
    The same command again goes on where it was interrupted. Pictures are kept as they are.

    Args:
        source: any folder above the dated ones.
        out: folder of the shards.
        camera: whose pictures are kept: images{camera}.
        latency_shift: drop the first observation and the last action of what was recorded before 2021-07-23 (auto), of
            all (always) or of nothing (never).
        shard_size: trajectories in a shard.
    """
    from vptr_cli.data_export import tell_left_out
    from vptr_policy.data.robot.bridge_raw import RawOptions, find, parts

    options = RawOptions(camera, latency_shift)
    plan = {"format": "bridge-raw", "camera": camera, "latency_shift": latency_shift, "shard_size": shard_size}
    status = _import(parts(source, options, _positive(shard_size)), source, out, plan)
    tell_left_out(find(source), camera, "shards hold")
    return status


def import_bridge_numpy(source: Positional[Path], out: Path, camera: int = 0) -> int:
    """Bridge as its converter left it: DOMAIN/TASK/{train,val}/out.npy, read without running anything of them.

    Writes the shards that `vptr train` reads: one for each file, and OUT/index.json, which names what was skipped. What
    lies in val is for validation: OUT/split.json keeps it from training.
    The same command again goes on where it was interrupted. Pictures are kept to the pixel.

    Args:
        source: any folder above the out.npy.
        out: folder of the shards.
        camera: whose pictures are kept: images{camera}.
    """
    from vptr_policy.data.robot.bridge_numpy import parts

    status = _import(parts(source, camera), source, out, {"format": "bridge-numpy", "camera": camera})
    _hold_out(out, lambda info: info.get("split") == "val")
    return status


def import_episodes(source: Positional[Path], out: Path, camera: int = 0, shard_size: int = 32) -> int:
    """Our own recorded episodes: folders with episode.json, steps.jsonl and pictures.

    Writes the shards that `vptr train` reads: OUT/shard-00000.tar ... and OUT/index.json, which names what was skipped:
    episodes that were discarded, not judged or damaged. The same command again goes on where it was interrupted, and
    writes again what holds episodes that have changed since, or their verdict.

    Args:
        source: folder of the episodes.
        out: folder of the shards.
        camera: whose pictures are kept: images{camera}.
        shard_size: episodes in a shard.
    """
    from vptr_cli.data_export import tell_left_out
    from vptr_policy.data.robot.episodes import find, parts

    plan = {"format": "episodes", "camera": camera, "shard_size": shard_size}
    status = _import(parts(source, camera, _positive(shard_size)), source, out, plan)
    _carry(source, out)
    tell_left_out(find(source), camera, "shards hold")
    return status


def _carry(source: Path, out: Path) -> None:
    """Masks and split of episodes go with them."""
    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.masks import carried, write_masks
    from vptr_policy.data.robot.sources import demonstrations

    items = list(demonstrations(out))
    masks = carried(items, source)
    if masks.masks:
        write_masks(out, masks)
    drawn = partition.carried({item.name: str(item.info["origin"]) for item in items}, source)
    if drawn.val:
        partition.write(out, drawn)


def _hold_out(out: Path, for_validation: Callable[[Dict[str, Any]], bool]) -> None:
    """Keep from training what the source says is for validation."""
    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.sources import demonstrations

    sides = {item.name: for_validation(item.info) for item in demonstrations(out)}
    if any(sides.values()):
        drawn = partition.told(sides, [name for name, held in sides.items() if held])
        partition.write(out, drawn)
        print(f"{out / partition.FILE}: {len(drawn.train)} train, {len(drawn.val)} val, as the source says")


def import_shards(source: Positional[Path], out: Path, shard_size: int = 32) -> int:
    """Simulated demonstrations or earlier imports: read whole, checked and written again.

    `vptr train` reads such a folder as it is; this is for checking and for bringing several shards into one size. Masks
    and split go along.

    Args:
        source: folder of shard-*.tar.
        out: folder of the new shards.
        shard_size: trajectories in a shard.
    """
    from vptr_policy.data.robot.shards import parts

    plan = {"format": "shards", "shard_size": shard_size}
    status = _import(parts(source, _positive(shard_size)), source, out, plan)
    _copy(source, out)
    return status


def _copy(source: Path, out: Path) -> None:
    """Masks and split of shards go with those that are still there."""
    from vptr_policy.data.robot import partition
    from vptr_policy.data.robot.masks import MaskFile, read_masks, write_masks
    from vptr_policy.data.robot.shards import entries

    names = {entry.key: entry.key for entry in entries(out)}
    file = read_masks(source)
    masks = {name: mask for name, mask in file.masks.items() if name in names}
    if masks:
        write_masks(out, MaskFile(file.rule, masks))
    drawn = partition.carried(names, source)
    if drawn.val:
        partition.write(out, drawn)


def import_hdf5(
    source: Positional[Path],
    out: Path,
    task: str = "",
    image: str = "",
    state: str = "state",
    shard_size: int = 32,
) -> int:
    """An HDF5 file as robomimic writes it, with pictures, Bridge states and actions normalised to [-1, 1].

    What `vptr data export --format hdf5` wrote comes back whole, masks and split included. Writes the shards that
    `vptr train` reads. The same command again goes on where it was interrupted.

    Args:
        source: the file.
        out: folder of the shards.
        task: of demonstrations that do not say theirs; default the name of the file.
        image: observation with the pictures; default `image`, or the only one of uint8 pictures.
        state: observation with the Bridge state: x y z, roll pitch yaw from pointing down, opening.
        shard_size: demonstrations in a shard.
    """
    from vptr_policy.data.robot import robomimic
    from vptr_policy.data.robot.masks import MaskFile, from_flags, write_masks
    from vptr_policy.data.robot.shards import entries

    plan = {"format": "hdf5", "task": task, "image": image, "state": state, "shard_size": shard_size}
    parts = robomimic.parts(source, task, image, state, _positive(shard_size))
    held, flags = robomimic.validation(source), robomimic.masks(source)
    status = _import(parts, source, out, plan)
    _hold_out(out, lambda info: info["origin"] in held)
    file = MaskFile({"from": source.name})
    for entry in entries(out):
        if flags.get(str(entry.info["origin"]), False) is not False:
            file.masks[entry.key] = from_flags(flags[str(entry.info["origin"])])
    if any(mask.runs for mask in file.masks.values()):
        write_masks(out, file)
    return status


def _import(parts: Sequence[Any], source: Path, out: Path, plan: Dict[str, Any]) -> int:
    from tqdm import tqdm

    from robot_bridge.sim.shards import ShardWriter
    from vptr_policy.data.robot.conversion import NAMED, convert, skipped

    if out.resolve() == source.resolve():
        raise ValueError(f"{out} is the source: name another folder")
    index = convert(parts, out, plan, ShardWriter, source)
    rows = skipped(index)
    for row in rows[:NAMED]:
        tqdm.write("skipped {origin}: {reason}".format(**row), file=sys.stderr)
    if len(rows) > NAMED:
        print(f"... and {len(rows) - NAMED} more, all named in {out / 'index.json'}", file=sys.stderr)
    print(
        "{}: {} demonstrations of {} tasks, {} succeeded, {} steps; {} skipped".format(
            out, index["trajectories"], len(index["tasks"]), index["successes"], index["steps"], len(rows)
        )
    )
    return 0


def _positive(size: int) -> int:
    expect("shard-size", size, 1)
    return size


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """The folder and some of those below it: enough to recognise a format without walking through a whole data set."""
    yield folder
    if depth and folder.is_dir():
        inner = (path for path in sorted(folder.iterdir())[:8] if path.is_dir())
        for path in inner:
            yield from _below(path, depth - 1)


def _holds(pattern: str, depth: int, source: Path) -> bool:
    return any(next(folder.glob(pattern), None) is not None for folder in _below(source, depth))


def _format(run: Any, pattern: Union[str, None] = None, depth: int = 0) -> Format:
    return Format(run, None if pattern is None else (lambda source: _holds(pattern, depth, source)))


IMPORTS: Dict[str, Format] = {
    "bridge-raw": _format(import_bridge_raw, "traj_group*/traj*", 7),
    "bridge-numpy": _format(import_bridge_numpy, "out.npy", 4),
    "episodes": _format(import_episodes, "steps.jsonl", 3),
    "shards": _format(import_shards, "shard-*.tar"),
    "hdf5": Format(import_hdf5, lambda source: source.is_file() and source.suffix in (".hdf5", ".h5")),
}
