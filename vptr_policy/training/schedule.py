"""How the learning rate goes over a run, as a factor of each group's own."""

import math

FINAL = 0.01
"""Where the cosine ends."""
SCHEDULES = ("constant", "cosine")


def factor(schedule: str, progress: float, step: int, warm_up: int) -> float:
    """A linear warm-up over the first ``warm_up`` updates times a constant, or a cosine from 1 to ``FINAL``.

    Args:
        schedule: constant (CQL, V-PTR 4.4) or cosine (ICVF, V-PTR 4.4; behaviour cloning).
        progress: share of the run that is done.
        step: updates made.
        warm_up: updates of the warm-up.
    """
    warm = min(1.0, (step + 1) / (warm_up + 1))
    if schedule == "constant":
        return warm
    return warm * (FINAL + (1.0 - FINAL) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0))))
