"""Position control of a gripper that is driven by PWM: the real WidowX gripper has no position mode of its own."""

import logging
import threading
import time
from math import isfinite, nan
from typing import Callable, Optional, Tuple

FINGER_CLOSED_M, FINGER_OPEN_M = 0.010, 0.035
"""Bridge normalises the opening over this travel of the left finger [m]."""

PERIOD_S = 0.02
GAIN = 300.0
"""Share of the full PWM per metre of error: full below 3.3 mm."""
FULL_PWM = 350.0
DEAD_BAND = 50.0
"""The motor does not turn at or below this |PWM|: it would only warm up."""
FEEDBACK_AGE_S = 0.25

log = logging.getLogger(__name__)


def opening_of(finger_m: float) -> float:
    """Gripper opening 0..1 (1 open) of a left finger position [m]; NaN where that is no finite number."""
    if not isfinite(finger_m):
        return nan
    return min(1.0, max(0.0, (finger_m - FINGER_CLOSED_M) / (FINGER_OPEN_M - FINGER_CLOSED_M)))


def finger_of(opening: float) -> float:
    """Left finger position [m] of a gripper opening 0..1."""
    return FINGER_CLOSED_M + min(1.0, max(0.0, opening)) * (FINGER_OPEN_M - FINGER_CLOSED_M)


def pwm_for(target_m: float, finger_m: float) -> float:
    """The PWM, positive opens, that Bridge's P loop answers to a finger at ``finger_m``; 0 in the dead band."""
    pwm = min(1.0, max(-1.0, GAIN * (target_m - finger_m))) * FULL_PWM
    return pwm if abs(pwm) > DEAD_BAND else 0.0


class PwmGripper:
    """The 50 Hz loop, in a thread of its own.

    It does not hang on the servo's cadence: an object must stay held while the servo is idle, and a servo that died
    must not leave a PWM standing that nobody closes the loop on. Without fresh, finite feedback the PWM is 0.

    Args:
        feedback: returns (stamp, left finger position [m]) of the latest measurement, or None before the first.
        drive: sends a PWM.
    """

    def __init__(self, feedback: Callable[[], Optional[Tuple[float, float]]], drive: Callable[[float], None]) -> None:
        self._feedback, self._drive = feedback, drive
        self._target_m: Optional[float] = None
        self._sent = 0.0
        self._stamp: Optional[float] = None
        self._fresh_s = 0.0
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pwm-gripper", daemon=True)

    def start(self) -> None:
        """Start the loop; nothing is driven before the first ``set_opening``."""
        self._thread.start()

    def set_opening(self, opening: float) -> None:
        """Drive to ``opening`` 0..1 and hold there."""
        self._target_m = finger_of(opening)

    def release(self) -> None:
        """Drive no more until the next ``set_opening``."""
        self._target_m = None

    def step(self, now_s: float) -> None:
        """One period of the loop at ``now_s`` on a monotonic clock."""
        measured = self._feedback()
        if measured is not None and not isfinite(measured[1]):
            measured = None
        if measured is not None and measured[0] != self._stamp:
            self._stamp, self._fresh_s = measured[0], now_s
        target = self._target_m
        fresh = measured is not None and now_s - self._fresh_s <= FEEDBACK_AGE_S
        pwm = pwm_for(target, measured[1]) if fresh and measured is not None and target is not None else 0.0
        if pwm != 0.0 or self._sent != 0.0:
            self._drive(pwm)
            self._sent = pwm

    def close(self) -> None:
        """End the loop and leave the motor unpowered."""
        self._quit.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)
        self._drive(0.0)

    def _run(self) -> None:
        while not self._quit.wait(PERIOD_S):
            try:
                self.step(time.monotonic())
            except Exception as error:  # the loop must outlive a driver that restarts
                log.warning("gripper: %s", error)
