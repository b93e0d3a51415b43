"""Random access to clip shards: for each clip its place, for each frame its bytes, in two mapped arrays of a folder."""

import json
import logging
import os
import shutil
import tarfile
import tokenize
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from vptr_policy.data.pictures import DamagedPicture
from vptr_policy.data.video.ownership import check_index, is_progress
from vptr_policy.data.video.shards import BLOCK, FORMAT, INDEX, PROGRESS, scan, shard_paths
from vptr_policy.json_file import read_object
from vptr_policy.replacement import flush, partial_name, recover, replace_folder

CLIP = np.dtype([("shard", "<u4"), ("frames", "<u4"), ("offset", "<u8"), ("first", "<u8")])
"""24 bytes a clip: which shard; how many frames; where in the shard its JPEGs begin; the row of its first frame."""
FRAME = np.dtype([("bytes", "<u4"), ("crc32", "<u4")])
"""8 bytes a frame; the checksum is 0 where the shard has none."""
HOME = "index"
SHARDS, CLIPS, FRAMES = "shards.json", "clips.npy", "frames.npy"
"""The files of an index."""
REMEDY = "it can be made anew from the shards"
OPEN_FILES = 256


class DamagedIndex(ValueError):
    """A file of an index that is not what was written; ``open_clips`` makes it anew."""


class ClipIndex:
    """The clips of a data folder; pickles as its path, so that worker processes map the arrays themselves.

    Raises:
        DamagedIndex: where its files are not what was written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        home = self.folder / HOME
        described = _description(home)
        self.shards: List[str] = [shard[0] for shard in described["shards"]]
        self.skipped: List[Dict[str, str]] = described["skipped"]
        self.size: int = described["size"]
        self.clips: np.ndarray = _mapped(home / CLIPS, CLIP)
        self.frames: np.ndarray = _mapped(home / FRAMES, FRAME)
        _check(home, self)
        self._files: Dict[int, int] = {}

    def __reduce__(self) -> Tuple[Any, ...]:
        return ClipIndex, (self.folder,)

    def __del__(self) -> None:
        for file in getattr(self, "_files", {}).values():
            os.close(file)

    def __len__(self) -> int:
        return len(self.clips)

    def read(self, clip: int, frames: Sequence[int]) -> List[bytes]:
        """The JPEGs of some frames of a clip.

        Raises:
            DamagedPicture: where the shard does not hold them as the index has them.
        """
        row = self.clips[clip]
        first = int(row["first"])
        listed = np.array(self.frames[first : first + int(row["frames"])])
        ends = int(row["offset"]) + np.cumsum(listed["bytes"], dtype=np.int64)
        return [self._picture(int(row["shard"]), int(ends[frame]), listed[frame]) for frame in frames]

    def name(self, clip: int) -> str:
        """What to call a clip in a message: its shard and key."""
        row = self.clips[clip]
        header = os.pread(self._file(int(row["shard"])), 100, int(row["offset"]) - BLOCK)
        key = header.split(b"\0")[0].decode("ascii", "replace").rsplit(".", 1)[0]
        return f"{self.folder / self.shards[int(row['shard'])]}: clip {key}"

    def _picture(self, shard: int, end: int, frame: np.void) -> bytes:
        file, count = self._file(shard), int(frame["bytes"])
        try:
            data = os.pread(file, count, end - count)
        except OSError as error:
            raise DamagedPicture(f"it cannot be read: {error.strerror}") from error
        if len(data) != count:
            raise DamagedPicture(f"the file ends within it ({len(data)} of {count} bytes)")
        if frame["crc32"] and zlib.crc32(data) != frame["crc32"]:
            raise DamagedPicture("its checksum is not that of the frame that was stored")
        return data

    def _file(self, shard: int) -> int:
        """The open file of a shard; of those last used, ``OPEN_FILES`` stay open."""
        file = self._files.pop(shard, None)
        if file is None:
            file = os.open(str(self.folder / self.shards[shard]), os.O_RDONLY)
        self._files[shard] = file
        if len(self._files) > OPEN_FILES:
            os.close(self._files.pop(next(iter(self._files))))
        return file


def open_clips(folder: Path) -> ClipIndex:
    """The clips of a data folder; its index is made first where there is none of these shards yet, or a damaged one.

    Raises:
        ValueError: where an import into the folder has not ended, or it holds no clip.
    """
    folder = Path(folder)
    paths = find_shards(folder)
    told = about(folder)
    if not told.get("complete", True) or (not told and is_progress(folder / PROGRESS)):
        raise ValueError(f"{folder}: its making was interrupted; run the command that makes it again to finish it")
    with suppress(OSError):  # a folder that can only be read is read as it is
        recover(folder, HOME)
    index = _made(folder, paths)
    if index is not None:
        return index
    build_index(folder, paths, int(told.get("size", 0)))
    return ClipIndex(folder)


def find_shards(folder: Path) -> List[Path]:
    """The shards of a data folder; raises FileNotFoundError where it has none."""
    paths = shard_paths(folder)
    if not paths:
        raise FileNotFoundError(
            f"{folder}: no clips-*.tar here; make some with `vptr data import` or `vptr sim videos`"
        )
    return paths


def about(folder: Path) -> Dict[str, Any]:
    """What the maker of the clips tells of them in ``index.json``; empty where there is none."""
    path = folder / INDEX
    return read_object(path, (), "delete it, it can be made again") if path.exists() else {}


def build_index(folder: Path, paths: Sequence[Path], size: int) -> None:
    """Scan shards and write the arrays of ``ClipIndex``; clips that cannot be used are listed in ``skipped``.

    Args:
        folder: the data folder.
        paths: its shards.
        size: side of the stored pictures [px], 0 if unknown.
    """
    rows: List[Tuple[int, int, int, int]] = []
    parts: List[np.ndarray] = []
    skipped: List[Dict[str, str]] = []
    total = 0
    for number, path in enumerate(paths):
        before = len(rows)
        try:
            for key, info, offset, length in scan(path):
                wrong = _wrong(info, length)
                if wrong:
                    skipped.append({"name": f"{path.name}: clip {key}", "why": wrong})
                    continue
                frames = _frames(info)
                rows.append((number, len(frames), offset, total))
                parts.append(frames)
                total += len(frames)
        except (tarfile.TarError, OSError) as error:
            skipped.append({"name": path.name, "why": f"damaged after its first {len(rows) - before} clips: {error}"})
    if not rows:
        reason = "; ".join(f"{entry['name']}: {entry['why']}" for entry in skipped[:3])
        raise ValueError(f"{folder}: no clip in its shards ({reason or 'they are empty'})")
    described = {"format": FORMAT, "size": size, "shards": stamps(paths), "skipped": skipped}
    write_arrays(folder, np.array(rows, CLIP), np.concatenate(parts), described)


def write_arrays(folder: Path, clips: np.ndarray, frames: np.ndarray, described: Dict[str, Any]) -> None:
    """Put the arrays of an index in their place, all of them or none.

    Raises:
        ValueError: where something else has that name.
    """
    home = folder / HOME
    check_index(home)
    partial = partial_name(home)
    recover(folder, HOME)
    shutil.rmtree(str(partial), ignore_errors=True)
    partial.mkdir()
    try:
        np.save(str(partial / CLIPS), clips, allow_pickle=False)
        np.save(str(partial / FRAMES), frames, allow_pickle=False)
        (partial / SHARDS).write_text(json.dumps(described) + "\n", encoding="utf-8")
        for name in (CLIPS, FRAMES, SHARDS, "."):
            flush(partial / name)
        replace_folder(partial, home)
        flush(folder)
    except OSError:
        if not _is_of(home, shard_paths(folder)):  # else another process of this training has put it there meanwhile
            raise
    finally:
        shutil.rmtree(str(partial), ignore_errors=True)


def stamps(paths: Sequence[Path]) -> List[List[Any]]:
    """What tells that shards are those of an index: names, bytes and times of change [ns]."""
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in paths]


def _made(folder: Path, paths: Sequence[Path]) -> Optional[ClipIndex]:
    """The clips by the index that is there; None where it is not of these shards, or damaged, which is told."""
    try:
        return ClipIndex(folder) if _is_of(folder / HOME, paths) else None
    except DamagedIndex as damage:
        logging.getLogger(__name__).warning("%s, which is done now", damage)
        return None


def _is_of(home: Path, paths: Sequence[Path]) -> bool:
    return (home / SHARDS).is_file() and bool(_description(home)["shards"] == stamps(paths))


def _description(home: Path) -> Dict[str, Any]:
    try:
        return read_object(home / SHARDS, ("shards", "skipped", "size"), REMEDY)
    except ValueError as error:
        raise DamagedIndex(str(error)) from error


def _mapped(path: Path, kind: np.dtype) -> np.ndarray:
    """An array of an index, mapped."""
    try:
        found = np.lib.format.open_memmap(str(path), mode="r")
    except (ValueError, EOFError, OverflowError, SyntaxError, tokenize.TokenError, FileNotFoundError) as error:
        raise DamagedIndex(f"{path} is damaged ({error}): expected an array; {REMEDY}") from error
    if found.dtype != kind or found.ndim != 1:
        raise DamagedIndex(f"{path} is an array {found.shape} of {found.dtype}: expected a row of {kind}; {REMEDY}")
    return found


def _check(home: Path, index: ClipIndex) -> None:
    """Raise DamagedIndex where clips and frames do not fit each other."""
    firsts = np.append(index.clips["first"], np.uint64(len(index.frames)))
    if not len(index) or firsts[0] or not np.array_equal(np.diff(firsts), index.clips["frames"]):
        raise DamagedIndex(
            f"{home / CLIPS} does not fit {FRAMES}: expected its clips to hold {len(index.frames)} frames; {REMEDY}"
        )
    if index.clips["shard"].max() >= len(index.shards):
        raise DamagedIndex(f"{home / CLIPS} names a shard beyond the {len(index.shards)} of {SHARDS}; {REMEDY}")


def _wrong(info: Dict[str, Any], length: int) -> str:
    """What keeps a clip from being used, or nothing."""
    sizes: Any = info.get("sizes")
    sums: Any = info.get("crc32", sizes)
    if not _are_numbers(sizes, 1) or not _are_numbers(sums, 0):
        return "its description is missing or damaged"
    if not sizes:
        return "it is empty"
    if info.get("frames", len(sizes)) != len(sizes) or len(sums) != len(sizes):
        return f"it says {info.get('frames')} frames and lists {len(sizes)}"
    if sum(sizes) != length:
        return f"its pictures take {length} bytes, its description says {sum(sizes)}"
    return ""


def _are_numbers(values: Any, least: int) -> bool:
    """Whether it is a list of whole numbers from ``least`` on that 4 bytes hold."""
    return isinstance(values, list) and all(type(value) is int and least <= value < 2**32 for value in values)


def _frames(info: Dict[str, Any]) -> np.ndarray:
    frames = np.zeros(len(info["sizes"]), FRAME)
    frames["bytes"] = info["sizes"]
    if "crc32" in info:
        frames["crc32"] = info["crc32"]
    return frames
