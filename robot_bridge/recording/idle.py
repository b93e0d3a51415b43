"""Which steps of a demonstration are idle: they teach a policy to stand still. They are masked, never deleted.

The rule is that of openpi for DROID: a step is idle where no joint's velocity changes by 1e-3 rad/s, in runs of at
least seven. Three things are added: a steady motion is not idle; steps near a gripper event never are, because an arm
waits while its fingers close; and those before the first motion are, however few they are, because they are all in one
place, where a policy begins.
"""

from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

STILL = 0.1
"""Share of a gripper event that an opening may waver by while it stands still."""


@dataclass(frozen=True)
class IdleRule:
    """When a step counts as idle."""

    speed_change_rad_s: float = 1e-3
    """every joint's velocity changes by less, where velocities were recorded"""
    moved_m: float = 1e-3
    """the commanded motion of the step is shorter; without velocities the measured one too"""
    turned_rad: float = 5e-3
    """the commanded turn of the step is smaller; without velocities the measured one too"""
    shortest_run: int = 7
    """fewer idle steps in a row are kept, but for the first of a demonstration"""
    gripper_change: float = 0.1
    """a larger change of the commanded or measured opening, at once or little by little, is a gripper event"""
    protected: int = 5
    """steps before and after a gripper event that are never idle"""

    def __post_init__(self) -> None:
        if self.shortest_run < 1 or self.protected < 0 or min(list(asdict(self).values())[:3]) < 0:
            raise ValueError(f"an idle rule wants positive numbers and a run of at least one step, got {self}")


RULE = IdleRule()


def idle_steps(
    action: np.ndarray, state: np.ndarray, joint_speeds: Optional[np.ndarray] = None, rule: IdleRule = RULE
) -> np.ndarray:
    """(T,) bool for T steps: ``action`` (T, 7), ``state`` (T+1, 7), ``joint_speeds`` (T+1, 6) [rad/s] or None."""
    still = _small(action[:, :6], rule)
    if joint_speeds is not None and np.isfinite(joint_speeds).all():
        still &= (np.abs(np.diff(joint_speeds, axis=0)) < rule.speed_change_rad_s).all(1)
    else:
        still &= _small(_wrapped(np.diff(state[:, :6], axis=0)), rule)
    still &= ~near_gripper_events(action[:, 6], state[:, 6], rule)
    kept = np.zeros(len(still), dtype=bool)
    for start, stop in runs(still):
        kept[start:stop] = start == 0 or stop - start >= rule.shortest_run
    return kept


def runs(flags: np.ndarray) -> List[Tuple[int, int]]:
    """Where ``flags`` (T,) are true: runs (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, np.int8), [0]]))).tolist()
    return list(zip(edges[::2], edges[1::2]))


def describe(rule: IdleRule) -> Dict[str, Any]:
    """The rule for the file of the masks."""
    return asdict(rule)


def _small(motion: np.ndarray, rule: IdleRule) -> np.ndarray:
    return (np.linalg.norm(motion[:, :3], axis=1) < rule.moved_m) & (
        np.linalg.norm(motion[:, 3:6], axis=1) < rule.turned_rad
    )


def _wrapped(motion: np.ndarray) -> np.ndarray:
    """Differences of Euler angles within [-pi, pi)."""
    turned = motion.copy()
    turned[:, 3:] = (turned[:, 3:] + np.pi) % (2.0 * np.pi) - np.pi
    return turned


def near_gripper_events(commanded: np.ndarray, measured: np.ndarray, rule: IdleRule) -> np.ndarray:
    """Whether a step (T,) is within ``protected`` steps of an event; the first command may be one against the state.

    An opening that changes little by little is one event, from the step in which it began to move to the last.
    """
    near = np.zeros(len(commanded), dtype=bool)
    for opening in (np.concatenate([measured[:1], commanded]), measured):
        last = len(opening) - 1
        back = [(last - stop, last - start) for start, stop in _changes(opening[::-1], rule.gripper_change)]
        for start, stop in [*_changes(opening, rule.gripper_change), *back]:
            near[max(start - rule.protected, 0) : stop + rule.protected] = True
    return near


def _changes(opening: np.ndarray, change: float) -> List[Tuple[int, int]]:
    """Where an opening (n,) has changed by more than ``change``, at once or since it stood still: (before, after)."""
    found: List[Tuple[int, int]] = []
    stood, reference = 0, float(opening[0])
    for place, value in enumerate(opening.tolist()):
        if place and (abs(value - reference) > change or abs(value - opening[place - 1]) > change):
            found.append((min(stood, place - 1), place))
            stood, reference = place, value
        elif abs(value - reference) <= STILL * change:
            stood = place
    return found
