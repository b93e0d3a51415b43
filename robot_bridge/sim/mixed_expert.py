"""A scripted demonstrator of mixed quality: it often fails, as a policy does, and tries again while there is time.

V-PTR's appendix B.3: "a scripted policy that reaches for the object of interest, grasps it with some likelihood, and
places it in the bin. This collected dataset had an overall success rate of 30%". Each attempt draws one mistake, or
none. The mistakes are wrong beliefs about the situation, on which the expert acts as it always does, or a gripper that
opens or closes too soon; so what is recorded as its label is what this demonstrator wants.
"""

from dataclasses import dataclass, replace
from typing import Dict, Tuple

import numpy as np

from robot_bridge.sim.expert import Expert, Situation, Watched

MISTAKES: Dict[str, float] = {"none": 0.08, "beside_object": 0.36, "early": 0.17, "drop": 0.11, "beside_goal": 0.28}
"""How likely an attempt is to go well, to grasp beside the object, to close too soon, to drop it on the way, or to let
go of it beside the goal; many fail in vain. With them 31 % of 1500 episodes of 40 steps of the source tasks succeed."""

MISSED_M = (0.034, 0.055)
"""How far beside the object it takes the object to be."""

MISSED_CLOSING_M, EARLY_CLOSING_M = (0.028, 0.034), (0.035, 0.065)
"""How near it is to that place, or to the object, when it closes: the first so that fingers that came down on the
object close as well."""

CARRIED_STEPS = (1, 5)
"""After how many steps on the way it drops the object."""

STRAY_M = (0.020, 0.055)
"""How far beyond the container's edge it takes the goal to be."""

UNNOTICED = 0.7
"""Share of the missed grasps that the demonstrator carries to the container all the same."""

STRAY_LOWER, STRAY_UPPER = (0.16, -0.24), (0.42, 0.24)
"""Where on the counter it may let go of things: x y [m]."""

CLOSING_STEPS, OPENING_STEPS = 3, 3
OPEN = 0.85
"""Opening of the gripper from which on it is ready for the next attempt."""


@dataclass
class Attempt:
    """One attempt: its mistake, where that leads, and how far it is.

    ``offset`` (2,) [m] is that of the believed object or container, ``trigger`` the distance [m] or the number of
    steps at which the gripper moves too soon. An ``unnoticed`` miss becomes ``empty`` as the gripper has closed: the
    demonstrator goes on as if it held the object. The rest counts steps of closing, carrying and opening.
    """

    mistake: str
    offset: np.ndarray
    trigger: float
    unnoticed: bool
    closing: int = 0
    closed: bool = False
    carried: int = 0
    opening: int = 0
    empty: bool = False


class MixedExpert(Expert):
    """Demonstrates a task as ``Expert`` does, with mistakes."""

    def reset(self, environment: Watched) -> None:
        """Begin an episode in the environment's present scene; raises ValueError on a scene of another task."""
        super().reset(environment)
        self._attempt = self._draw(environment)

    def act(self, environment: Watched) -> Tuple[np.ndarray, np.ndarray]:
        """The action to execute (7,), disturbed, and the label (7,); an attempt ends when the gripper is open again."""
        if self._attempt.closing and environment.world.gripper < OPEN:
            self._attempt.closed = True
        elif self._attempt.closed:
            self._attempt = self._draw(environment)
        return super().act(environment)

    def label(self, seen: Situation) -> np.ndarray:
        """The undisturbed action (7,) for a situation in the course of this attempt."""
        attempt = self._attempt
        believed = self._believed(seen)
        label = super().label(believed)
        if self._closes_early(believed):
            label = np.zeros(7)
        if attempt.mistake == "drop" and self._drops(seen):
            label[6] = 1.0
        attempt.closing += int(label[6] == 0.0)
        if attempt.empty and label[6] == 1.0:
            attempt.empty, attempt.unnoticed = False, False
        return label

    def _draw(self, environment: Watched) -> Attempt:
        """The next attempt."""
        mistake = str(self._rng.choice(list(MISTAKES), p=list(MISTAKES.values())))
        ranges = {"beside_object": MISSED_CLOSING_M, "early": EARLY_CLOSING_M, "drop": CARRIED_STEPS}
        trigger = float(self._rng.uniform(*ranges.get(mistake, (0.0, 0.0))))
        offset = np.zeros(2)
        if mistake == "beside_object":
            offset = self._direction() * self._rng.uniform(*MISSED_M)
        if mistake == "beside_goal":
            offset = self._stray(environment)
        return Attempt(mistake, offset, trigger, bool(self._rng.uniform() < UNNOTICED))

    def _direction(self) -> np.ndarray:
        angle = self._rng.uniform(-np.pi, np.pi)
        return np.array([np.cos(angle), np.sin(angle)])

    def _stray(self, environment: Watched) -> np.ndarray:
        """From the container's centre to a point (2,) beyond its edge, on the counter where there is such a point."""
        centre = np.array(environment.world.data.body("container").xpos[:2])
        offset = np.zeros(2)
        for _ in range(20):
            offset = self._direction() * (self._vessel.outer_m + self._rng.uniform(*STRAY_M))
            if np.all(centre + offset > STRAY_LOWER) and np.all(centre + offset < STRAY_UPPER):
                break
        return offset

    def _believed(self, seen: Situation) -> Situation:
        """The situation as the demonstrator takes it to be."""
        attempt = self._attempt
        shift = np.append(attempt.offset, 0.0)
        if attempt.mistake == "beside_goal":
            return replace(seen, container=seen.container + shift)
        if seen.held or attempt.mistake not in ("beside_object", "early"):
            return seen
        if attempt.closing >= CLOSING_STEPS:
            attempt.empty = attempt.unnoticed
        if attempt.empty:
            return replace(seen, held=True, grasp=seen.state[:3], centre=seen.state[:3])
        return replace(seen, grasp=seen.grasp + shift)

    def _closes_early(self, believed: Situation) -> bool:
        """Whether the gripper closes now because it is nearly there."""
        attempt = self._attempt
        if attempt.mistake not in ("beside_object", "early") or believed.held or attempt.closing >= CLOSING_STEPS:
            return False
        near = np.hypot(*(believed.grasp - believed.state[:3])[:2]) < attempt.trigger
        return attempt.closing > 0 or bool(near and believed.state[2] - believed.grasp[2] < attempt.trigger)

    def _drops(self, seen: Situation) -> bool:
        """Whether the gripper opens now, on the way."""
        attempt = self._attempt
        attempt.carried += int(seen.held)
        attempt.opening += int(attempt.carried > attempt.trigger)
        return 0 < attempt.opening <= OPENING_STEPS
