"""Whether pictures and states may still be acted on: their age, and whether their source is frozen."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from robot_bridge.interface import Observation, StaleData


@dataclass(frozen=True)
class FreshnessLimits:
    """When data are refused."""

    max_age_s: float = 0.5
    """oldest picture and state"""
    future_s: float = 0.1
    """how far a stamp may lie ahead of the clock"""
    frozen_s: float = 1.0
    """how long a picture or state may stay the same while the arm should make it change"""
    frozen_m: float = 0.02
    """how far the arm must have moved (its target, for the state) to expect a change"""


def check_age(what: str, stamp_s: float, now_s: float, limits: FreshnessLimits) -> None:
    """Raise StaleData when ``what``, captured at ``stamp_s``, is too old or from the future."""
    age = now_s - stamp_s
    if not np.isfinite(stamp_s) or stamp_s <= 0.0:
        raise StaleData(f"the {what} carries no capture time")
    if age > limits.max_age_s:
        raise StaleData(f"the {what} is {age:.2f} s old, at most {limits.max_age_s:g} s is allowed")
    if age < -limits.future_s:
        raise StaleData(f"the {what} is stamped {-age:.2f} s in the future: synchronise the clocks")


class FrozenCheck:
    """Remembers since when picture and state have been the same, bit for bit, and what moved meanwhile.

    A still picture is no fault while the arm stands still: the simulated camera has no noise. One that does not
    change while the arm in it moves is.
    """

    def __init__(self, limits: FreshnessLimits) -> None:
        self._limits = limits
        self._picture: Optional[Observation] = None
        self._state: Optional[Observation] = None
        self._commanded_m = 0.0

    def moved_target(self, distance_m: float) -> None:
        """The bridge moved its target this far."""
        self._commanded_m += distance_m

    def check(self, observation: Observation) -> None:
        """Raise StaleData when the camera or the state is frozen."""
        if not np.isfinite(observation.state).all():
            raise StaleData("the state is not finite: the arm cannot be read")
        picture, state = self._picture or observation, self._state or observation
        if not np.array_equal(picture.image, observation.image):
            picture = observation
        if not np.array_equal(state.state, observation.state):
            state, self._commanded_m = observation, 0.0
        self._picture, self._state = picture, state
        moved_m = float(np.linalg.norm(observation.state[:3] - picture.state[:3]))
        self._judge("picture", observation.image_stamp_s - picture.image_stamp_s, moved_m)
        self._judge("state", observation.state_stamp_s - state.state_stamp_s, self._commanded_m)

    def _judge(self, what: str, same_s: float, moved_m: float) -> None:
        if same_s > self._limits.frozen_s and moved_m > self._limits.frozen_m:
            moved = "arm" if what == "picture" else "arm's target"
            raise StaleData(
                f"the {what} is frozen: the same for {same_s:.1f} s while the {moved} moved {1000 * moved_m:.0f} mm"
            )
