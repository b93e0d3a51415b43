"""When a trial is a success: the task's predicate held for a second without a break, begun within the time limit.

Sessions over ROS and rollouts in process judge by this one criterion, so that their figures mean the same.
"""

from dataclasses import dataclass
from typing import Optional

HOLD_S = 1.0
_ROUNDING_S = 1e-6


@dataclass(frozen=True)
class Criterion:
    """The criterion for one episode; ``deadline_s`` is the last moment at which the predicate may begin to hold.

    ``since_s`` of the methods is when the predicate began to hold, None while it does not; all are seconds on the
    world's clock.
    """

    deadline_s: float

    def open(self, since_s: Optional[float]) -> bool:
        """Whether the predicate holds and began in time, so that it counts if it goes on."""
        return since_s is not None and since_s <= self.deadline_s + _ROUNDING_S

    def met(self, since_s: Optional[float], held_s: float) -> bool:
        """Whether it began in time and has held for long enough."""
        return self.open(since_s) and held_s >= HOLD_S - _ROUNDING_S
