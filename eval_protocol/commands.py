"""What the commands of one episode say about latency, control rate, limits and motion."""

import math
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence

LONGEST_STEP_S = 5.0
"""An interval between two commands that is longer than this is a pause, not a control step."""


@dataclass
class CommandLog:
    """Collects an episode's commands as the servo reports them; stamps in seconds on the robot's clock.

    ``limited`` counts the commands that any limit touched, ``moved_m`` is how far the measured gripper came in each.
    """

    latencies_s: List[float] = field(default_factory=list)
    intervals_s: List[float] = field(default_factory=list)
    limits: Dict[str, int] = field(default_factory=dict)
    limited: int = 0
    moved_m: List[float] = field(default_factory=list)
    refused: int = 0
    steps: int = 0
    _last_s: Optional[float] = None

    def add(
        self,
        stamp_s: float,
        observation_s: float,
        accepted: bool,
        limits: Sequence[str],
        motion_m: Sequence[float] = (),
    ) -> None:
        """Take one command: when it was computed, from which picture, what the servo did with it.

        ``motion_m`` is by how much the measured gripper moved meanwhile, x y z [m].
        """
        self.steps += 1
        self.refused += not accepted
        self.limited += bool(limits)
        moved_m = math.sqrt(sum(value * value for value in motion_m))
        self.moved_m.append(round(moved_m, 5) if math.isfinite(moved_m) else 0.0)
        for limit in limits:
            self.limits[limit] = self.limits.get(limit, 0) + 1
        if observation_s > 0.0:
            self.latencies_s.append(round(stamp_s - observation_s, 4))
        if self._last_s is not None and 0.0 < stamp_s - self._last_s <= LONGEST_STEP_S:
            self.intervals_s.append(round(stamp_s - self._last_s, 4))
        self._last_s = stamp_s

    def rate_hz(self) -> float:
        """Mean control rate; 0 where there were no two commands."""
        return len(self.intervals_s) / sum(self.intervals_s) if self.intervals_s else 0.0

    def latency_s(self, fraction: float) -> float:
        """The latency that ``fraction`` of the commands kept within; infinite where there was none."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] if ordered else float("inf")
