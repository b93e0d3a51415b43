"""The report on each command: what was asked, what the target made of it, what the arm achieved."""

from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np

from robot_bridge import kinematics
from robot_bridge.command import Command, CommandReport


def motion_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The Bridge motion (6,) by which ``integrate`` takes the pose ``start`` to ``end``: [m], roll pitch yaw [rad]."""
    turn = end[:3, :3] @ start[:3, :3].T
    return np.array([*(end[:3, 3] - start[:3, 3]).tolist(), *kinematics.euler_from_rotation(turn)])


@dataclass
class Running:
    """The accepted command under way: where target and arm were when it began, and which limits touched it."""

    command: Command
    target_from: np.ndarray
    measured_from: np.ndarray
    limits: List[str]

    def report(
        self,
        reason: str,
        target: np.ndarray,
        measured: np.ndarray,
        grippers: Tuple[Optional[float], Optional[float]],
        stamp_s: float,
    ) -> CommandReport:
        """Its report, ended at ``stamp_s`` with the given poses (4, 4) and the gripper's target and measurement."""
        sent, read = (float("nan") if opening is None else opening for opening in grippers)
        return CommandReport(
            command=self.command,
            accepted=True,
            reason=reason,
            commanded=self.command.action,
            executed=np.append(motion_between(self.target_from, target), sent),
            achieved=np.append(motion_between(self.measured_from, measured), read),
            limits=tuple(dict.fromkeys(self.limits)),
            ended_s=stamp_s,
        )


def refused(command: Command, reason: str, gripper: Optional[float], stamp_s: float) -> CommandReport:
    """The report on a command that moved nothing; ``commanded`` is NaN where its twist has no six numbers."""
    still = np.append(np.zeros(6), float("nan") if gripper is None else gripper)
    proper = np.shape(command.twist) == (6,)
    asked = command.action if proper else np.full(7, np.nan)
    return CommandReport(command, False, reason, asked, still, still.copy(), (), stamp_s)
