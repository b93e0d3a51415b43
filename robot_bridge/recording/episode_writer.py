"""Writes one episode: each write is complete or absent, so that a killed recorder loses at most the step in flight."""

import json
import os
from pathlib import Path
from typing import Any, Dict, Optional

from robot_bridge.recording import format as names
from robot_bridge.recording.step import Done, Seen


class RecordingError(RuntimeError):
    """An episode cannot be written; what was written before is whole. Says why, and what to do."""


class EpisodeWriter:
    """An episode that is being recorded, in a folder that must exist and be empty.

    Pictures come first, by ``add_picture``; then ``begin_step`` with what was seen, ``end_step`` with what was done,
    and so on; ``finish`` after the last ``end_step`` wants what was seen then. One thread.

    Args:
        folder: of the episode.
        about: what episode.json says from the start: ``task``, ``language`` and whatever the recorder knows.
        sync: have the disk keep each step before going on, so that a power failure too costs the step in flight only.
    """

    def __init__(self, folder: Path, about: Dict[str, Any], sync: bool = True) -> None:
        self.folder, self.steps = folder, 0
        self._sync = sync
        self._pictures: Dict[int, int] = {}
        self._pending: Optional[Dict[str, Any]] = None
        self._about = {"format": names.FORMAT, "success": None, "finished": False, **about}
        write_whole(folder / names.ABOUT, self._about, sync)
        self._log = AppendOnly(folder / names.STEPS, sync)
        self._frames = AppendOnly(folder / names.FRAMES, False)

    def add_picture(self, camera: int, jpeg: bytes, stamp_s: float) -> str:
        """Write a picture captured at ``stamp_s``; returns its path within the episode."""
        number = self._pictures.get(camera, 0)
        name = names.picture_name(camera, number)
        path = self.folder / name
        if number == 0:
            _attempt(path, lambda: path.parent.mkdir(exist_ok=True))
        _write(path, jpeg, self._sync)
        self._frames.add({"image": name, names.STAMP: round(stamp_s, 9)})
        self._pictures[camera] = number + 1
        return name

    def begin_step(self, seen: Seen) -> None:
        """What is seen before the next step."""
        line = seen.line(self.steps)
        write_whole(self.folder / names.PENDING, line, self._sync)
        self._pending = line

    def end_step(self, done: Done) -> None:
        """What was done in the step that was begun."""
        if self._pending is None:
            raise ValueError("no step was begun: call begin_step first")
        self._log.add({**self._pending, **done.fields()})
        self.steps, self._pending = self.steps + 1, None

    def finish(self, seen: Optional[Seen], about: Dict[str, Any]) -> None:
        """End the episode with what is seen after its last step, and with what episode.json is to say of it.

        ``seen`` None takes what was seen before the step in flight, which then never was.
        """
        line = self._pending if seen is None else seen.line(self.steps)
        if line is not None:
            self._log.add(line)
        write_whole(self.folder / names.ABOUT, {**self._about, **about, "finished": True}, self._sync)
        (self.folder / names.PENDING).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the files; what is not finished stays so."""
        self._log.close()
        self._frames.close()


class AppendOnly:
    """A file of JSON lines; a line that cannot be written whole is taken back."""

    def __init__(self, path: Path, sync: bool) -> None:
        self._path, self._sync = path, sync
        self._file = _attempt(path, lambda: os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))

    def add(self, row: Dict[str, Any]) -> None:
        """Append a line; raises RecordingError where the disk does not take it."""
        _attempt(self._path, lambda: self._write(json.dumps(row, allow_nan=False).encode() + b"\n"))

    def _write(self, data: bytes) -> None:
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, data)
            while written < len(data):  # what a full disk leaves of it; the next write says why
                written += os.write(self._file, data[written:])
            if self._sync:
                os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, before)
            raise

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def write_whole(path: Path, content: Dict[str, Any], sync: bool) -> None:
    """Replace a JSON file, whole or not at all; raises RecordingError."""
    part = path.with_name(path.name + ".part")
    _write(part, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode(), sync)
    _attempt(path, lambda: os.replace(str(part), str(path)))


def _write(path: Path, data: bytes, sync: bool) -> None:
    def write() -> None:
        try:
            with open(path, "wb") as file:
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    _attempt(path, write)


def _attempt(path: Path, call: Any) -> Any:
    try:
        return call()
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be written ({error.strerror}): what was recorded before is whole; make room on the disk or "
            "choose another folder, then keep or discard this episode"
        ) from error
