"""Clips at rest: tar shards in the WebDataset layout.

The members of clip KEY are ``KEY.json`` (``frames``, their number; ``sizes``, the bytes of each JPEG; ``crc32`` of
each; ``source``, ``start`` and ``text``: what it is of) and ``KEY.jpegs``, the JPEGs one after the other. A data folder
holds ``clips-00000.tar`` and so on, and ``index.json``, which tells how it was made. A shard is written under another
name and renamed when it is complete.
"""

import io
import json
import os
import tarfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Sequence, Tuple, Type

PARTIAL = ".partial"
INDEX = "index.json"
PROGRESS = "progress"
"""Folder that an import keeps until it is finished."""
FORMAT = "video-clips"
BLOCK = 512
"""Of tar: a header takes one, content is filled up to a whole number."""


def shard_name(number: int) -> str:
    """The file name of a shard."""
    return f"clips-{number:05d}.tar"


def shard_paths(folder: Path) -> List[Path]:
    """The shards of a data folder by name."""
    return sorted(Path(folder).glob("clips-*.tar"))


def write_json(path: Path, content: Dict[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    partial = path.with_name(path.name + PARTIAL)
    with open(partial, "w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


class ClipWriter:
    """Writes one shard; the file appears under its name only when the ``with`` block ends without an error.

    Without a clip there is no file. Memory holds one clip.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(path.name + PARTIAL)
        self._file: BinaryIO = open(self._partial, "wb")  # noqa: SIM115 - closed in __exit__
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        self.clips = 0
        self.frames = 0

    def __enter__(self) -> "ClipWriter":
        return self

    def add(self, key: str, jpegs: Sequence[bytes], info: Dict[str, Any]) -> None:
        """Append a clip; ``info`` has at least ``source`` and ``text``."""
        if not jpegs or not key or "." in key or "/" in key:
            raise ValueError(f"clip {key!r} of {len(jpegs)} frames: expected a key without '.' and '/', and a frame")
        sizes, sums = [len(jpeg) for jpeg in jpegs], [zlib.crc32(jpeg) for jpeg in jpegs]
        described = {"frames": len(jpegs), **info, "sizes": sizes, "crc32": sums}
        for suffix, data in (("json", json.dumps(described).encode()), ("jpegs", b"".join(jpegs))):
            member = tarfile.TarInfo(f"{key}.{suffix}")
            member.size = len(data)
            self._tar.addfile(member, io.BytesIO(data))
        self.clips += 1
        self.frames += len(jpegs)

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if kind is not None or self.clips == 0:
            self._file.close()
            self._partial.unlink()
            return
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._partial, self._path)


def scan(path: Path) -> Iterator[Tuple[str, Dict[str, Any], int, int]]:
    """The clips of a shard: key, info, and where in the file the JPEGs lie (offset and bytes).

    Reads what is in the JSON members and passes over the pictures. A clip that lacks one of its members has an empty
    info or 0 bytes.

    Raises:
        tarfile.TarError, OSError: where the file is cut off or damaged, after the clips before that place.
    """
    info: Dict[str, Any] = {}
    key, offset, size = "", 0, 0
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            name, _, suffix = member.name.partition(".")
            if name != key and key:
                yield key, info, offset, size
                info, offset, size = {}, 0, 0
            key = name
            if suffix == "json":
                info = _described(tar, member)
            elif suffix == "jpegs":
                offset, size = member.offset_data, member.size
        ended = path.stat().st_size >= tar.offset + 2 * BLOCK
    if key:
        yield key, info, offset, size
    if not ended:  # cut between two members, which the library takes for the end
        raise tarfile.ReadError("the end of the archive is missing")


def _described(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Dict[str, Any]:
    file = tar.extractfile(member)
    try:
        info = json.loads(file.read()) if file else {}
    except (ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}
