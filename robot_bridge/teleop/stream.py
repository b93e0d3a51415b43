"""A stream of samples kept in a file, one JSON line each, and played again."""

import json
import math
import os
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional

from robot_bridge.teleop import wire
from robot_bridge.teleop.haptics import Haptic
from robot_bridge.teleop.sample import ControllerSample, Input, Notice

CLIENT = "recording"


class StreamError(ValueError):
    """A recorded stream that cannot be read; says where and what to do."""


class StreamWriter:
    """Appends samples to a file; each is on its way to the disk when ``write`` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        data = path.read_bytes()
        if not data.endswith(b"\n"):  # half a line, of a process that was killed
            self._file.truncate(data.rfind(b"\n") + 1)

    def write(self, sample: ControllerSample) -> None:
        """Append one sample; raises OSError where the disk does not take it, and leaves no half of it."""
        line = {
            "received_s": sample.received_s,
            "synthetic": sample.synthetic,
            "sample": json.loads(wire.encode(sample)),
        }
        data = json.dumps(line, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._file.fileno()).st_size
        try:
            written = self._file.write(data)
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError:
            self._file.truncate(before)
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_stream(path: Path) -> Iterator[ControllerSample]:
    """The samples of a file, one by one; a last line without its end was torn and is left out.

    Raises StreamError on any other line that is no sample.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield _sample(json.loads(line))
                except ValueError as error:
                    raise StreamError(f"{path}, line {number}: {error}; remove the line") from error
    except OSError as error:
        raise StreamError(f"cannot read {path}: {error.strerror}; give a recorded stream (JSON lines)") from error


def _sample(content: Any) -> ControllerSample:
    if not isinstance(content, dict) or set(content) != {"received_s", "synthetic", "sample"}:
        raise ValueError("expected the keys received_s, synthetic and sample")
    received_s, synthetic = content["received_s"], content["synthetic"]
    if not isinstance(received_s, float) or not math.isfinite(received_s) or not isinstance(synthetic, bool):
        raise ValueError("expected a finite number in received_s and true or false in synthetic")
    decoded = wire.decode(json.dumps(content["sample"]), received_s, CLIENT)
    if isinstance(decoded, Notice):
        raise ValueError("expected a sample, got a notice")
    return replace(decoded, synthetic=synthetic)


class Replay:
    """A Source that plays a recorded stream, with the clock of now.

    Args:
        path: the recording.
        speed: times faster than it was recorded; None: as fast as it is read.
        clock: monotonic [s].
        sleep: waits [s].
    """

    def __init__(
        self,
        path: Path,
        speed: Optional[float] = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if speed is not None and not 0.0 < speed < math.inf:
            raise ValueError(f"speed is {speed}, expected more than 0, or none for as fast as possible")
        self._samples = read_stream(path)
        self._speed, self._clock, self._sleep = speed, clock, sleep
        self._ahead: Deque[ControllerSample] = deque()
        self._start_s: Dict[str, float] = {}
        self.ended = False

    def read(self, timeout_s: float) -> List[Input]:
        """All that is due, waiting up to ``timeout_s`` for the first; at the end a notice that it is closed."""
        if self.ended or not self._fill():
            return self._end()
        if self._speed is None:
            return [self._stamped(self._ahead.popleft(), self._clock())]
        wait_s = min(self._due(self._ahead[0]) - self._clock(), timeout_s)
        if wait_s > 0.0:
            self._sleep(wait_s)
        due: List[Input] = []
        while self._fill() and self._due(self._ahead[0]) <= self._clock():
            due.append(self._stamped(self._ahead[0], self._due(self._ahead.popleft())))
        return due

    def pulse(self, haptic: Haptic) -> None:
        """Nobody is there to feel it."""

    def problem(self) -> str:
        """Nothing is wrong with a recording that could be read."""
        return "the recording is over" if self.ended else ""

    def close(self) -> None:
        """End it."""
        self._samples = iter(())
        self._ahead.clear()

    def _fill(self) -> bool:
        """Read ahead by one sample; false at the end."""
        if not self._ahead:
            self._ahead.extend(sample for sample in [next(self._samples, None)] if sample is not None)
        return bool(self._ahead)

    def _due(self, sample: ControllerSample) -> float:
        """When a sample is to be played, on the clock of now [s]."""
        if not self._start_s:
            self._start_s = {"recorded": sample.received_s, "now": self._clock()}
        assert self._speed is not None
        return self._start_s["now"] + (sample.received_s - self._start_s["recorded"]) / self._speed

    def _stamped(self, sample: ControllerSample, received_s: float) -> ControllerSample:
        """The sample as if it had come now; its own clock would run at another speed and is left out."""
        return replace(sample, received_s=received_s, stamp_s=sample.stamp_s if self._speed == 1.0 else None)

    def _end(self) -> List[Input]:
        if self.ended:
            return []
        self.ended = True
        return [Notice("closed", "the recording is over", self._clock(), CLIENT)]
