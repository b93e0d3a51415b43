"""Whether a stream of samples may still drive an arm; it lives in the process that commands the robot."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from robot_bridge.teleop.sample import ControllerSample, Hand

LIVE, HOLD, LOST = "live", "hold", "lost"

SEQUENCE_GAP = 100
"""A counter that leaps by more than this is another stream's."""
CLOCK_LEAP_S = 0.25
"""A source's clock that leaps ahead by more than this, against ours, was set [s]."""
CLOCK_DRIFT = 1e-3
"""How much slower than ours a source's clock may run before its samples look delayed."""
CLIENT_LEFT_S = 1.0
"""A client that was silent this long has left: another may come [s]."""
SHORTEST_S = 0.002
"""A motion that would have to end sooner is none."""
TOLERANCE_S = 0.01


@dataclass(frozen=True)
class Verdict:
    """``level`` is LIVE, HOLD (send nothing for now) or LOST (open the clutch), ``reason`` why, in words.

    ``left_s``: how much longer the arm may move by what is known now.
    """

    level: str
    reason: str = ""
    left_s: float = 0.0


class Watchdog:
    """Judges the stream of one client by what it says and by when something new came.

    Freshness goes by the right hand's pose: a reader that repeats its last frame forever is silent, whatever its
    counters say. Samples that come late after a stall are as old as the source's own clock tells.
    """

    def __init__(self, hold_s: float, lost_s: float) -> None:
        self._hold_s, self._lost_s = hold_s, lost_s
        self._client: Optional[str] = None
        self._client_s = 0.0
        self._looked_s: Optional[float] = None
        self._forget_clock()
        self.forget("no moving hand has been seen yet")

    def forget(self, why: str) -> None:
        """Begin anew: until a pose has been seen to change nothing is fresh, for the reason ``why``.

        What is known of the client's clock stays: samples that waited somewhere are no fresher for it.
        """
        self._why = why
        self._last: Optional[ControllerSample] = None
        self._fresh_s: Optional[float] = None

    def _forget_clock(self) -> None:
        self._offset_s: Optional[float] = None
        self._offset_at_s = 0.0

    def feed(self, sample: ControllerSample) -> str:
        """Take in a sample; returns why it must open the clutch, in words, or an empty string."""
        fault = self._stranger(sample)
        if fault:
            return fault
        clock = _disorder(self._last, sample) or self._leap(sample)
        if clock:
            self._forget_clock()
        fault = clock or unseen(sample)
        if fault:
            self.forget(fault)
            return fault
        last, self._last = self._last, sample
        delay_s = max(self._delay(sample), 0.5 * sample.round_trip_s)
        if last is not None and (sample.synthetic or _moved(last, sample)):
            self._fresh_s = sample.received_s - delay_s
        return ""

    def look(self, now_s: float) -> Verdict:
        """The verdict at ``now_s``, on the clock of ``received_s``; to be asked in every tick."""
        looked_s, self._looked_s = self._looked_s, now_s
        if looked_s is not None and not -TOLERANCE_S <= now_s - looked_s < self._lost_s:
            self.forget(f"the robot's side itself stood still or jumped by {now_s - looked_s:.2f} s")
        if self._fresh_s is None:
            return Verdict(LOST, self._why)
        age_s = now_s - self._fresh_s
        if age_s < -TOLERANCE_S:
            return Verdict(LOST, f"a sample came {-age_s:.2f} s in the future")
        if age_s >= self._lost_s - 1e-9:
            return Verdict(LOST, f"nothing new for {age_s:.2f} s: is the headset asleep or the cable out?")
        if age_s >= self._hold_s - SHORTEST_S:
            return Verdict(HOLD, f"nothing new for {age_s:.2f} s")
        return Verdict(LIVE, left_s=self._hold_s - age_s)

    def _stranger(self, sample: ControllerSample) -> str:
        if self._client not in (None, sample.client) and sample.received_s - self._client_s < CLIENT_LEFT_S:
            return f"a second client ({sample.client or 'unnamed'}) is sending: close one of the two"
        if self._client not in (None, sample.client):
            self.forget("another client has come")
            self._forget_clock()
        self._client, self._client_s = sample.client, sample.received_s
        return ""

    def _leap(self, sample: ControllerSample) -> str:
        """Why the source's clock cannot be trusted."""
        if sample.stamp_s is None or self._offset_s is None:
            return ""
        leap_s = self._offset_s - (sample.received_s - sample.stamp_s)
        return f"the source's clock leapt ahead by {leap_s:.2f} s" if leap_s > CLOCK_LEAP_S else ""

    def _delay(self, sample: ControllerSample) -> float:
        """By how much later than the quickest ones this sample came [s]."""
        if sample.stamp_s is None:
            return 0.0
        offset_s = sample.received_s - sample.stamp_s
        if self._offset_s is not None:
            self._offset_s += CLOCK_DRIFT * (sample.received_s - self._offset_at_s)
        self._offset_at_s = sample.received_s
        self._offset_s = offset_s if self._offset_s is None else min(self._offset_s, offset_s)
        return offset_s - self._offset_s


def unseen(sample: ControllerSample) -> str:
    """Why the driving hand of ``sample`` is not really seen, in words; empty where it is."""
    if not sample.visible:
        return "the headset shows something else, or was taken off"
    if sample.right is None:
        return "the right controller is gone"
    if sample.right.pose is None:
        return "the right controller is not tracked"
    return "the right controller's position is guessed, not tracked" if sample.right.emulated else ""


def _disorder(last: Optional[ControllerSample], sample: ControllerSample) -> str:
    """What is wrong with the order of two samples of one client."""
    if last is None:
        return ""
    if not 0 < sample.sequence - last.sequence <= SEQUENCE_GAP:
        return f"sample {sample.sequence} came after {last.sequence}: lost, repeated or another stream"
    if sample.received_s < last.received_s:
        return f"our own clock went back by {last.received_s - sample.received_s:.3f} s"
    if (sample.stamp_s is None) != (last.stamp_s is None):
        return "the source's clock came or went"
    if sample.stamp_s is not None and last.stamp_s is not None and sample.stamp_s < last.stamp_s:
        return f"the source's clock went back by {last.stamp_s - sample.stamp_s:.3f} s"
    return ""


def _moved(last: ControllerSample, sample: ControllerSample) -> bool:
    hands = (last.right, sample.right)
    poses = [hand.pose for hand in hands if isinstance(hand, Hand) and hand.pose is not None]
    return len(poses) == 2 and not np.array_equal(poses[0], poses[1])
