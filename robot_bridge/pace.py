"""Keeping a rate on the monotonic clock."""

import time
from typing import Callable


class Pace:
    """Waits for evenly spaced instants, and gives up the past when it falls behind.

    Args:
        period_s: time between two instants [s].
        slack_s: lag [s] after which the missed instants are dropped instead of being caught up in a burst.
    """

    def __init__(
        self,
        period_s: float,
        slack_s: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.period_s = period_s
        self.dropped = 0
        self._slack_s = slack_s
        self._clock = clock
        self._sleep = sleep
        self._next_s = clock() + period_s

    def wait(self) -> float:
        """Sleep until the next instant; returns how late this call returned [s]."""
        ahead_s = self._next_s - self._clock()
        if ahead_s > 0.0:
            self._sleep(ahead_s)
        late_s = max(self._clock() - self._next_s, 0.0)
        if late_s > self._slack_s:
            self.dropped += int(late_s / self.period_s)
            self._next_s = self._clock()
        self._next_s += self.period_s
        return late_s
