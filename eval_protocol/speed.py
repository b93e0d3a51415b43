"""How much faster than real time the simulation may run here: measured with the policy in the loop, not guessed."""

import re
from dataclasses import dataclass
from typing import Callable, Sequence

CANDIDATES = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
LEAST_RATE_HZ = 4.9
MOST_LATENCY_S = 0.13
LEAST_SHARE = 0.97


@dataclass(frozen=True)
class Pass:
    """What a short run of the policy at ``speed`` showed.

    ``rate_hz`` of the control steps and ``latency_s`` (95th percentile, image capture to command), both in simulated
    time; ``achieved`` simulated seconds a wall second.
    """

    speed: float
    rate_hz: float
    latency_s: float
    achieved: float

    def keeps_up(self) -> bool:
        """Whether the 5 Hz control held: in rate, in latency (the data's is 0 to 0.12 s), and in the physics."""
        return (
            self.rate_hz >= LEAST_RATE_HZ
            and self.latency_s <= MOST_LATENCY_S
            and self.achieved >= LEAST_SHARE * self.speed
        )

    def words(self) -> str:
        """The figures in one line."""
        return "{:g} x real time: control {:.2f} Hz, pictures {:.0f} ms old (p95), achieved {:.2f} x: {}".format(
            self.speed,
            self.rate_hz,
            1e3 * self.latency_s,
            self.achieved,
            "keeps up" if self.keeps_up() else "too fast for this machine",
        )


def highest_speed(
    measure: Callable[[float], Pass], say: Callable[[str], None], candidates: Sequence[float] = CANDIDATES
) -> float:
    """The highest of the rising ``candidates`` up to which this machine keeps up; the lowest where it never does."""
    best = candidates[0]
    for speed in candidates:
        shown = measure(speed)
        say(shown.words())
        if not shown.keeps_up():
            break
        best = speed
    return best


def late_picture(reason: str) -> bool:
    """Whether an abort is about pictures that came too late, as they do where a machine is too slow."""
    return re.search(r"picture is [\d.]+ s old|no picture for", reason) is not None
