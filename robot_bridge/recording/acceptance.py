"""What an operator looks at before accepting a demonstration: duration, idle share, jerk, tracking losses."""

from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional

import numpy as np

from robot_bridge.interface import STEP_S
from robot_bridge.recording import format as names
from robot_bridge.recording.idle import RULE, IdleRule, idle_steps
from robot_bridge.recording.log import acted, column, duration_s


@dataclass(frozen=True)
class Figures:
    """One episode in numbers; None: it has too few steps, or the log does not tell."""

    duration_s: float
    steps: int
    idle_share: Optional[float]
    """of the steps that would be masked"""
    jerk_m_s3: Optional[float]
    """root mean square of the third derivative of the measured position; smooth teleoperation has less than 10"""
    tracking_losses: Optional[int]
    """how often the hand was lost"""
    clamped_share: Optional[float]
    """of the steps that a limit touched"""
    free_share: Optional[float]
    """of the steps with the clutch released"""

    def row(self) -> Dict[str, Any]:
        """For episode.json."""
        return asdict(self)

    def words(self) -> str:
        """For the operator, in a line."""
        parts = [f"{self.duration_s:.1f} s, {self.steps} steps"]
        if self.idle_share is not None:
            parts.append(f"{self.idle_share:.0%} idle")
        if self.jerk_m_s3 is not None:
            parts.append(f"jerk {self.jerk_m_s3:.1f} m/s^3")
        if self.tracking_losses is not None:
            parts.append("1 tracking loss" if self.tracking_losses == 1 else f"{self.tracking_losses} tracking losses")
        if self.clamped_share:
            parts.append(f"{self.clamped_share:.0%} limited")
        return ", ".join(parts)


def figures(lines: List[Dict[str, Any]], rule: IdleRule = RULE) -> Figures:
    """The figures of the lines of an episode's log, the observation after the last action included."""
    steps = acted(lines)
    seen = lines[: len(steps) + 1]
    action, state = column(steps, names.ACTION), column(seen, names.STATE)
    speeds = column(seen, names.JOINT_SPEEDS)
    return Figures(
        duration_s(seen),
        len(steps),
        None if action is None or state is None else float(idle_steps(action, state, speeds, rule).mean()),
        None if state is None else _jerk(state[:, :3], column(seen, names.STAMP)),
        _losses(column(steps, names.TRACKED)),
        float(np.mean([bool(line.get(names.CLAMPS)) for line in steps])) if steps else None,
        _share_without(column(steps, names.CLUTCH)),
    )


def jerk_m_s3(position: np.ndarray, stamps_s: Optional[np.ndarray] = None) -> Optional[float]:
    """Root mean square of the jerk of positions (N, 3) [m]; None below four, or where the stamps do not rise."""
    if len(position) < 4:
        return None
    stamps = STEP_S * np.arange(len(position)) if stamps_s is None else stamps_s
    times, value = stamps.astype(np.float64), position.astype(np.float64)
    for _ in range(3):
        spans = np.diff(times)
        if (spans <= 0.0).any():
            return None
        value = np.diff(value, axis=0) / spans[:, None]
        times = 0.5 * (times[1:] + times[:-1])
    return float(np.sqrt((value**2).sum(1).mean()))


def _jerk(position: np.ndarray, stamps_s: Optional[np.ndarray]) -> Optional[float]:
    """Without the measurements that were there already a step before: the arm's state comes late at times."""
    if stamps_s is None:
        return jerk_m_s3(position)
    fresh = np.concatenate([[True], np.diff(stamps_s) > 0.0])
    return jerk_m_s3(position[fresh], stamps_s[fresh])


def _losses(tracked: Optional[np.ndarray]) -> Optional[int]:
    if tracked is None:
        return None
    seen = tracked > 0.5
    return int((seen[:-1] & ~seen[1:]).sum() + (0 if seen[0] else 1))


def _share_without(clutch: Optional[np.ndarray]) -> Optional[float]:
    return None if clutch is None else float((clutch < 0.5).mean())
