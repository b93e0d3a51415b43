"""When a picture was captured, on the monotonic clock of this machine."""

from typing import List, Optional

_LONGEST_DELAY_S = 60.0
"""A picture that seems to have travelled longer than this carries a stamp of some other clock."""


def plausible(captured_s: float, arrived_s: float) -> bool:
    """Whether a capture time is one of the arrival's clock: before the arrival, and not absurdly long before."""
    return captured_s > 0.0 and 0.0 <= arrived_s - captured_s <= _LONGEST_DELAY_S


class DeviceClock:
    """Maps stamps of a device's own clock to the monotonic clock by the quickest delivery of the last minute.

    The offset between the clocks is taken as the smallest ``arrival - stamp`` seen, so the jitter of the delivery
    drops out; the delay that even the quickest delivery has stays in. Two windows, the current and the previous one,
    let the offset follow the drift of the device. A device clock that goes backwards (it wrapped) starts afresh.
    """

    def __init__(self, window_s: float = 30.0):
        self._window_s = window_s
        self._offsets: List[float] = []
        self._window_end_s = 0.0
        self._last_stamp_s: Optional[float] = None

    def capture_time(self, stamp_s: float, arrived_s: float) -> float:
        """Monotonic capture time of a picture stamped ``stamp_s`` by the device that arrived at ``arrived_s``."""
        offset_s = arrived_s - stamp_s
        if self._last_stamp_s is None or stamp_s < self._last_stamp_s:
            self._offsets, self._window_end_s = [offset_s], arrived_s + self._window_s
        elif arrived_s >= self._window_end_s:
            self._offsets, self._window_end_s = [self._offsets[-1], offset_s], arrived_s + self._window_s
        self._last_stamp_s = stamp_s
        self._offsets[-1] = min(self._offsets[-1], offset_s)
        return stamp_s + min(self._offsets)
