"""What to vary next: the start pose and the place of the object that fewest demonstrations have so far."""

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

START_POSES = ("right_front", "left_front", "left_rear", "right_rear")
REGIONS = ("near left", "near middle", "near right", "far left", "far middle", "far right")
"""Of the table, as the robot sees it."""
SIDES, DEPTHS = ("right", "middle", "left"), ("near", "far")
GOAL = 44
"""Demonstrations of a task (V-PTR's target data)."""


def bounds(
    region: str, lower: Tuple[float, float], upper: Tuple[float, float]
) -> Tuple[Tuple[float, float], Tuple[float, float]]:
    """The corners of a region of the table whose corners are ``lower`` and ``upper``: x y in base_link [m]."""
    depth, side = region.split()
    row, column = DEPTHS.index(depth), SIDES.index(side)
    length, width = (upper[0] - lower[0]) / len(DEPTHS), (upper[1] - lower[1]) / len(SIDES)
    low = (lower[0] + row * length, lower[1] + column * width)
    return low, (low[0] + length, low[1] + width)


@dataclass(frozen=True)
class Hint:
    """What the next demonstration should be."""

    start: str
    region: str
    have: int
    """successes with this start pose and region"""
    total: int
    goal: int
    missing: int
    """combinations without any success"""

    def words(self) -> str:
        """For the operator."""
        if self.total >= self.goal:
            return f"{self.total} of {self.goal}: the goal is reached"
        left = f", {self.missing} combinations not covered yet" if self.missing else ""
        return (
            f"{self.total} of {self.goal}; next: start at {self.start}, object {self.region} ({self.have} so far{left})"
        )


class Variety:
    """The combinations to cover, each as often as the others."""

    def __init__(self, starts: Sequence[str] = START_POSES, regions: Sequence[str] = REGIONS, goal: int = GOAL) -> None:
        if not starts or not regions or goal < 1:
            raise ValueError("expected at least one start pose, one region and a goal of at least one demonstration")
        self.goal = goal
        self._places: List[Tuple[str, str]] = [(start, region) for region in regions for start in starts]

    def hint(self, covered: Dict[Tuple[str, str], int]) -> Hint:
        """The least covered combination; among equals, one whose start pose and region are rarest alone.

        Args:
            covered: successes by (start pose, region); others than the known ones count towards the goal only.
        """
        place = min(self._places, key=lambda place: (covered.get(place, 0), self._alone(place, covered)))
        missing = sum(not covered.get(place) for place in self._places)
        return Hint(*place, covered.get(place, 0), sum(covered.values()), self.goal, missing)

    @staticmethod
    def _alone(place: Tuple[str, str], covered: Dict[Tuple[str, str], int]) -> int:
        start, region = place
        return sum(count for (one, other), count in covered.items() if one == start or other == region)
