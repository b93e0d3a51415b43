"""A camera that runs by itself: grabs in a thread, keeps the newest picture, notices trouble and reconnects.

What differs between cameras is a `Source`: an open device that gives one picture after the other. All the rest
(freshness, frozen pictures, stalls, reconnection with back-off) is here, once.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, List, NamedTuple, Optional, Protocol

import numpy as np

from robot_bridge.camera_health import CameraHealth, FrozenDetector, FrozenLimits, RateMeter
from robot_bridge.interface import Frame, StaleData

_log = logging.getLogger(__name__)
_FUTURE_TOLERANCE_S = 0.05
_MOST_STUCK_SESSIONS = 3
_HEALTHY_PICTURES = 10
_CLOSE_S = 1.5


class CameraError(RuntimeError):
    """A camera cannot be opened or gives no more pictures; says which, and what to do."""


class SourceEnded(CameraError):
    """A recording came to its end, so reconnecting would be wrong."""


class Capture(NamedTuple):
    """One picture as its source gives it: RGB uint8 (H, W, 3), captured at ``captured_s`` on the monotonic clock."""

    image: np.ndarray
    captured_s: float


class Source(Protocol):
    """An open device or recording. Only one thread uses it."""

    def read(self) -> Capture:
        """Wait for the next picture; raises CameraError when there is none."""

    def close(self) -> None:
        """Release the device."""


@dataclass(frozen=True)
class StreamLimits:
    """When a stream counts as broken, and how patiently it is reconnected."""

    frozen: FrozenLimits = field(default_factory=FrozenLimits)
    stall_s: float = 2.0
    """A source that is silent this long is abandoned and opened again."""
    open_s: float = 20.0
    """A source may take this long from opening to its first picture."""
    first_delay_s: float = 0.25
    longest_delay_s: float = 8.0
    """Reconnection waits ``first_delay_s``, then twice as long each time, up to ``longest_delay_s``."""


class _Session(threading.Thread):
    """One connection to the device, from opening to its end, in its own thread: the device may block for ever."""

    def __init__(self, open_source: Callable[[], Source], accept: Callable[["_Session", Capture], None]):
        super().__init__(name="camera grab", daemon=True)
        self._open_source = open_source
        self._accept = accept
        self.abandoned = threading.Event()
        self.ended = threading.Event()
        self.error: Optional[Exception] = None
        self.pictures = 0
        self.last_sign_s = time.monotonic()

    def run(self) -> None:
        """Grab until abandoned or until the source fails; whatever a driver raises ends only this session."""
        try:
            source = self._open_source()
            try:
                self._grab(source)
            finally:
                source.close()
        except Exception as error:
            self.error = error
        finally:
            self.ended.set()

    def _grab(self, source: Source) -> None:
        while not self.abandoned.is_set():
            capture = source.read()
            if self.abandoned.is_set():
                return
            self.pictures += 1
            self.last_sign_s = time.monotonic()
            self._accept(self, capture)

    def silent_s(self) -> float:
        """Seconds since the last picture, or since the start."""
        return time.monotonic() - self.last_sign_s


class LiveCamera:
    """An `interface.Camera` over any `Source`.

    Args:
        open_source: opens the device; called again at each reconnection, from the grabbing thread.
        name: what to call the camera in messages, e.g. ``webcam /dev/video0``.
        stamp_clock: the clock of the frames' stamps, seconds (ROS time in a node). Ages are measured on the
            monotonic clock whatever this clock does.
        report: told in one line about each loss and recovery.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        name: str,
        stamp_clock: Callable[[], float] = time.time,
        limits: Optional[StreamLimits] = None,
        report: Callable[[str], None] = _log.warning,
    ):
        self._open_source = open_source
        self._name = name
        self._stamp_clock = stamp_clock
        self._limits = limits or StreamLimits()
        self._report = report
        self._changed = threading.Condition()
        self._frozen_detector = FrozenDetector(self._limits.frozen)
        self._meter = RateMeter()
        self._newest: Optional[Frame] = None
        self._captured_s = 0.0
        self._frozen = False
        self._reconnects = 0
        self._problem = ""
        self._ended = False
        self._session: Optional[_Session] = None
        self._stop = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="camera supervisor", daemon=True)
        self._supervisor.start()

    def read_latest(self, max_age_s: float) -> Frame:
        """The newest frame; raises StaleData when it is older than ``max_age_s`` or the picture is frozen."""
        if not max_age_s > 0:
            raise ValueError(f"max_age_s must be a positive number of seconds, got {max_age_s}")
        with self._changed:
            frame, problem = self._newest, self._problem
            age_s = time.monotonic() - self._captured_s
            frozen, run = self._frozen, self._frozen_detector.run
        why = f" ({problem})" if problem else ""
        if frame is None:
            raise StaleData(f"camera {self._name}: no picture yet{why}; check that it is plugged in and free")
        if frozen:
            raise StaleData(
                f"camera {self._name}: frozen, the last {run} pictures are identical{why}; "
                "unplug it, plug it in again and check its lens cap"
            )
        if not -_FUTURE_TOLERANCE_S <= age_s <= max_age_s:
            raise StaleData(
                f"camera {self._name}: newest picture is {age_s:.2f} s old, allowed are {max_age_s:.2f} s{why}; "
                "check its cable, power and USB hub, reconnection goes on by itself"
            )
        return frame

    def wait_next(self, after_index: int, timeout_s: float) -> Optional[Frame]:
        """The newest frame as soon as its index is above ``after_index``, None when none came in ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_after(after_index) or self._stop.is_set(), timeout_s)
            return self._newest if self._has_after(after_index) else None

    def wait_ready(self, timeout_s: float) -> None:
        """Wait for the first picture; raises CameraError with the reason when none came in ``timeout_s``.

        SourceEnded says that none will come, however long one waits.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._ended, timeout_s)
            if self._newest is None:
                reason = self._problem or f"no picture in {timeout_s:.0f} s; check that it is plugged in and free"
                raise (SourceEnded if self._ended else CameraError)(f"camera {self._name}: {reason}")

    def health(self) -> CameraHealth:
        """How the stream runs now."""
        now_s = time.monotonic()
        with self._changed:
            age_s = None if self._newest is None else now_s - self._captured_s
            count = 0 if self._newest is None else self._newest.index
            rate_hz = self._meter.rate_hz(now_s)
            return CameraHealth(self._name, count, rate_hz, age_s, self._frozen, self._reconnects, self._problem)

    def close(self) -> None:
        """Stop grabbing and release the device; a device that blocks is left to its own thread."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._supervisor.join(timeout=2 * _CLOSE_S)

    def _has_after(self, index: int) -> bool:
        return self._newest is not None and self._newest.index > index

    def _accept(self, session: _Session, capture: Capture) -> None:
        with self._changed:
            if session is not self._session:
                return
            self._frozen = self._frozen_detector.update(capture.image, capture.captured_s)
            if self._frozen:
                raise CameraError(f"{self._frozen_detector.run} identical pictures")
            now_s = time.monotonic()
            index = 1 if self._newest is None else self._newest.index + 1
            stamp_s = self._stamp_clock() - (now_s - capture.captured_s)
            self._newest = Frame(capture.image, stamp_s, index)
            self._captured_s = capture.captured_s
            self._meter.tick(now_s)
            recovered, self._problem = bool(self._problem), ""
            self._changed.notify_all()
        if recovered:
            self._report(f"camera {self._name}: pictures again")

    def _supervise(self) -> None:
        delay_s = self._limits.first_delay_s
        stuck: List[_Session] = []
        while not self._stop.is_set():
            stuck = [session for session in stuck if not session.ended.is_set()]
            if len(stuck) < _MOST_STUCK_SESSIONS:
                session = self._run_session()
                stuck.append(session)
                if self._ended:
                    return
                if session.pictures >= _HEALTHY_PICTURES:
                    delay_s = self._limits.first_delay_s
            self._stop.wait(delay_s)
            delay_s = min(2 * delay_s, self._limits.longest_delay_s)

    def _run_session(self) -> _Session:
        session = _Session(self._open_source, self._accept)
        with self._changed:
            self._session = session
        session.start()
        while not session.ended.wait(0.05):
            patience_s = self._limits.stall_s if session.pictures else self._limits.open_s
            if self._stop.is_set() or session.silent_s() > patience_s:
                break
        self._end_session(session)
        return session

    def _end_session(self, session: _Session) -> None:
        session.abandoned.set()
        if self._stop.is_set():
            session.ended.wait(_CLOSE_S)
            return
        problem = str(session.error) if session.error else f"the device blocks, silent for {session.silent_s():.1f} s"
        with self._changed:
            self._session = None
            self._ended = isinstance(session.error, SourceEnded)
            self._reconnects += 0 if self._ended else 1
            news, self._problem = problem != self._problem, problem
            self._changed.notify_all()
        if news:
            self._report(f"camera {self._name}: {problem}; {'stopped' if self._ended else 'reconnecting'}")
