"""How an episode moved: the path's length, how smooth it was, how often a limit touched a command."""

from typing import Optional, Sequence

import numpy as np

CUT_OFF_HZ = 10.0
THRESHOLD = 0.05
PADDING = 4
LEAST = 4
"""Commands below which a speed profile has no shape."""


def path_m(moved_m: Sequence[float]) -> Optional[float]:
    """The length of the measured gripper's path [m]; None where nothing was recorded."""
    return float(sum(moved_m)) if moved_m else None


def smoothness(moved_m: Sequence[float], rate_hz: float) -> Optional[float]:
    """Spectral arc length of the speed profile: 0 at best, the more negative the more the gripper starts and stops.

    After Balasubramanian et al., "On the analysis of movement smoothness" (2015), with the paper's constants: the
    length of the curve that the normalised amplitude spectrum draws, up to 10 Hz and to where it stays below 5 %. A
    single movement with the least jerk has about -1.4. None where the arm stood still or there are too few commands.
    """
    speed = np.asarray(moved_m, dtype=float) * rate_hz
    if len(speed) < LEAST or not speed.any() or rate_hz <= 0:
        return None
    count = 2 ** (int(np.ceil(np.log2(len(speed)))) + PADDING)
    frequency = np.arange(count // 2 + 1) * rate_hz / count
    spectrum = np.abs(np.fft.rfft(speed, count))
    spectrum = (spectrum / spectrum.max())[frequency <= CUT_OFF_HZ]
    last = int(np.flatnonzero(spectrum >= THRESHOLD)[-1])
    if last == 0:
        return None
    steps = np.diff(spectrum[: last + 1])
    return float(-np.hypot(1.0 / last, steps).sum())


def clipped(limited: Optional[int], steps: Optional[int]) -> Optional[float]:
    """The share of commands that a limit touched; None where it was not recorded."""
    return limited / steps if limited is not None and steps else None
