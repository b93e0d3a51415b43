"""What clips are imported from, and folders of frames in the layouts of R3M and VIP."""

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Protocol, Tuple, Union

from vptr_policy.data.pictures import DamagedPicture
from vptr_policy.data.video.jpeg import stored

FRAME_BYTES = 10_000
"""Of a stored frame, roughly."""
LONGEST = 1_000_000
"""Frames of a clip in a manifest; a larger number is taken for a mistake."""
PATTERNS = {"vip-frames": ("{}{:06d}.jpg", 0), "r3m-frames": ("{}/{:06d}.jpg", 1)}
"""How the two data loaders name frame i of a manifest's path, and the first i; VIP's path ends with a slash."""


@dataclass(frozen=True)
class Skip:
    """Something that was left out: a kind to count it by, its name and what is wrong, and how many there are."""

    kind: str
    name: str
    why: str
    count: int = 1
    source: str = ""


@dataclass(frozen=True)
class PictureOptions:
    """How frames are stored, and at what rate they are taken from a video."""

    size: int = 224
    fit: str = "crop"
    quality: int = 90
    fps: float = 5.0


Piece = Union[bytes, Skip]
"""A frame to store, or what stands in its place: the clip is cut there."""


class Source(Protocol):
    """Consecutive frames to cut into clips."""

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def text(self) -> str:
        """What is done in it, if known."""

    @property
    def weight(self) -> int:
        """Bytes that its clips will take, roughly."""

    def files(self) -> Iterator[str]:
        """The files that it is read from, in order; some may not be there."""

    def pieces(self, options: PictureOptions) -> Iterator[Piece]:
        """Its frames in order, with the gaps between them."""


@dataclass(frozen=True)
class ManifestClip:
    """A row of a manifest: frames named by a pattern."""

    name: str
    base: str
    layout: str
    frames: int
    text: str = ""

    @property
    def weight(self) -> int:
        """Bytes that its clips will take, roughly."""
        return FRAME_BYTES * self.frames

    def path(self, number: int) -> str:
        """The file of a frame, counted from 0."""
        pattern, first = PATTERNS[self.layout]
        return pattern.format(self.base, first + number)

    def files(self) -> Iterator[str]:
        """The files of its frames."""
        return map(self.path, range(self.frames))

    def pieces(self, options: PictureOptions) -> Iterator[Piece]:
        """Its frames in order, with the gaps between them."""
        return _pictures(self.files(), options)


@dataclass(frozen=True)
class FrameFolder:
    """A folder of numbered frames."""

    name: str
    home: str
    frames: int
    text: str = ""

    @property
    def weight(self) -> int:
        """Bytes that its clips will take, roughly."""
        return FRAME_BYTES * self.frames

    def files(self) -> Iterator[str]:
        """The files of its frames."""
        return (path for _, path in sorted(_numbered(Path(self.home)).items()))

    def pieces(self, options: PictureOptions) -> Iterator[Piece]:
        """Its frames in order, with the gaps between them."""
        last = None
        for number, path in sorted(_numbered(Path(self.home)).items()):
            if last is not None and number > last + 1:
                names = " to ".join(f"{gap}.png" for gap in sorted({last + 1, number - 1}))
                yield Skip("missing frame", str(Path(self.home) / names), "no such file", number - last - 1)
            last = number
            yield from _pictures([path], options)


def _pictures(paths: Iterable[str], options: PictureOptions) -> Iterator[Piece]:
    for path in paths:
        try:
            yield stored(Path(path).read_bytes(), options.size, options.fit, options.quality)
        except FileNotFoundError:
            yield Skip("missing frame", path, "no such file")
        except DamagedPicture as error:
            yield Skip("corrupt frame", path, str(error))
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            yield Skip("unreadable frame", path, getattr(error, "strerror", None) or str(error))


Found = Tuple[List[Source], List[Skip]]


def manifest_clips(folder: Path, layout: str) -> Found:
    """The clips of a ``manifest.csv`` with columns path, len and perhaps txt; paths may be relative to the folder.

    Args:
        folder: holds the manifest.
        layout: ``vip-frames`` or ``r3m-frames``.

    Raises:
        ValueError: where there is no manifest, or it lacks a column.
    """
    if not (Path(folder) / "manifest.csv").is_file():
        raise ValueError(
            f"{folder}: no manifest.csv in it; {layout} expects one with path,len or path,len,txt in its first line "
            "and a clip in each line after: write one, or name another --format"
        )
    clips: List[Source] = []
    skips: List[Skip] = []
    for line, row in _manifest(Path(folder) / "manifest.csv"):
        where = f"manifest.csv line {line}"
        if isinstance(row, str):
            skips.append(Skip("wrong manifest row", where, row))
            continue
        count = _count(row["len"])
        if not row["path"]:
            skips.append(Skip("wrong manifest row", where, "it has no path"))
        elif count is None or count > LONGEST:
            skips.append(Skip("wrong manifest row", where, f"len is {row['len']!r}, expected a number of frames"))
        elif count < 1:
            skips.append(Skip("empty clip", f"{where}: {row['path']}", f"len is {count}"))
        else:
            clip = ManifestClip(row["path"], _base(folder, row["path"]), layout, count, row.get("txt") or "")
            clips.append(clip)
            if _is_file(clip.path(count)):
                why = f"len is {count}, but there is {clip.path(count)}: the frames beyond len are left out"
                skips.append(Skip("wrong length", where, why))
    return clips, skips


def frame_folders(folder: Path) -> Found:
    """The folders with frames ``0.png`` or ``0.jpg``, ``1.png`` ... (VIP's layout of custom data), by number."""
    clips: List[Source] = []
    skips: List[Skip] = []
    for home in sorted((path for path in Path(folder).iterdir() if path.is_dir()), key=_numeric):
        frames = _numbered(home)
        if not frames:
            skips.append(Skip("empty clip", home.name, "no frame such as 0.png or 0.jpg in it"))
            continue
        clips.append(FrameFolder(home.name, str(home), len(frames)))
    return clips, skips


def manifest_layout(folder: Path) -> str:
    """Which of the two layouts the frames of a manifest are in, told by where its first frames are; or nothing."""
    path = Path(folder) / "manifest.csv"
    if not path.is_file():
        return ""
    rows = (row for _, row in _manifest(path) if isinstance(row, dict))
    for row in islice(rows, 20):
        for layout in PATTERNS:
            clip = ManifestClip(row["path"], _base(folder, row["path"]), layout, 1)
            if row["path"] and _is_file(clip.path(0)):
                return layout
    return ""


def _is_file(path: str) -> bool:
    """Also of names that no file can have: too long ones, and such with a NUL."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _manifest(path: Path) -> Iterator[Tuple[int, Union[Dict[str, str], str]]]:
    """The rows with the numbers of their lines; what a row lacks is empty. Of what is no row, what is wrong."""
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.DictReader(file, restval="")
        columns = [name.strip() for name in reader.fieldnames or ()]
        missing = [name for name in ("path", "len") if name not in columns]
        if missing:
            raise ValueError(
                "{}: no column {} (it has {}); expected path,len or path,len,txt in its first line".format(
                    path, " and ".join(missing), ", ".join(columns) or "none"
                )
            )
        reader.fieldnames = columns
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.reader.line_num, str(error)  # its own is that of the row before
                continue
            yield reader.line_num, {name: (row[name] or "").strip() for name in columns}


def _base(folder: Path, path: str) -> str:
    return str(Path(folder) / path) + "/" * path.endswith("/")


def _count(text: str) -> Optional[int]:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _numbered(home: Path) -> Dict[int, str]:
    """The frames of a folder by number."""
    found = (path for path in home.iterdir() if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    return {int(path.stem): str(path) for path in found if path.stem.isascii() and path.stem.isdigit()}


def _numeric(path: Path) -> Tuple[int, int, str]:
    return (0, int(path.name), "") if path.name.isascii() and path.name.isdigit() else (1, 0, path.name)
