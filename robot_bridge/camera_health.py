"""How well a stream of pictures runs: its rate, its age, and whether the picture is frozen."""

from collections import deque
from dataclasses import dataclass
from typing import Deque, Optional

import numpy as np

MAX_AGE_S = 1.0
"""Pictures older than this are stale on the Bridge robots."""


@dataclass(frozen=True)
class FrozenLimits:
    """When identical pictures count as a frozen camera.

    A working sensor never gives two identical pictures, for its noise differs. Frozen means more than ``pictures`` in
    a row (the limit of the Bridge robots), or a run of at least three that lasts longer than ``duration_s``.
    """

    pictures: int = 100
    duration_s: float = 3.0


class FrozenDetector:
    """Counts identical pictures in a row."""

    def __init__(self, limits: FrozenLimits):
        self._limits = limits
        self._last: Optional[np.ndarray] = None
        self._since_s = 0.0
        self._run = 0

    def update(self, image: np.ndarray, captured_s: float) -> bool:
        """Take the next picture, captured at ``captured_s``; returns whether the stream is frozen now."""
        if self._last is not None and np.array_equal(self._last, image):
            self._run += 1
        else:
            self._last, self._since_s, self._run = image, captured_s, 1
        return self._frozen(captured_s)

    @property
    def run(self) -> int:
        """How many identical pictures the stream ends with."""
        return self._run

    def _frozen(self, captured_s: float) -> bool:
        lasted_s = captured_s - self._since_s
        return self._run > self._limits.pictures or (self._run >= 3 and lasted_s > self._limits.duration_s)


class RateMeter:
    """Pictures per second over the last seconds."""

    def __init__(self, window_s: float = 2.0):
        self._window_s = window_s
        self._times: Deque[float] = deque()

    def tick(self, now_s: float) -> None:
        """Count one picture that arrived at ``now_s``."""
        self._times.append(now_s)
        self._forget(now_s)

    def rate_hz(self, now_s: float) -> float:
        """Pictures per second of the window that ends at ``now_s``; 0 with fewer than two in it."""
        self._forget(now_s)
        if len(self._times) < 2:
            return 0.0
        span_s = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / span_s if span_s > 0 else 0.0

    def _forget(self, now_s: float) -> None:
        while self._times and now_s - self._times[0] > self._window_s:
            self._times.popleft()


@dataclass(frozen=True)
class CameraHealth:
    """One look at a camera: ``age_s`` is None before the first picture; ``problem`` is empty while all is well."""

    name: str
    pictures: int
    rate_hz: float
    age_s: Optional[float]
    frozen: bool
    reconnects: int
    problem: str
