"""What goes into the servo and what it says back: command, report, status, modes."""

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from robot_bridge.interface import STEP_S, JointReading


class Mode:
    """The modes of the servo (``robot_bridge.servo.Servo`` has the table of what leads where)."""

    IDLE = "IDLE"
    SERVO = "SERVO"
    MOVING = "MOVING"
    HOLD = "HOLD"
    FAULT = "FAULT"


@dataclass(frozen=True)
class Command:
    """A twist (6,) [m/s, rad/s] in base_link for ``duration_s``, and a gripper opening 0..1 (1 open).

    ``twist * duration_s`` is the Bridge action it stands for: its angular part are roll, pitch and yaw. ``sequence``
    counts up by one; ``stamp_s`` is when it was computed and ``observation_stamp_s`` when the image it answers was
    captured (0: none), both on the robot's clock.
    """

    sequence: int
    twist: np.ndarray
    gripper: float
    stamp_s: float
    duration_s: float = STEP_S
    observation_stamp_s: float = 0.0

    @property
    def action(self) -> np.ndarray:
        """The Bridge action (7,) asked for."""
        with np.errstate(all="ignore"):  # a command that is no number is reported as it came
            return np.append(np.asarray(self.twist, dtype=np.float64) * self.duration_s, self.gripper)


@dataclass(frozen=True)
class CommandReport:
    """What became of a command that ended at ``ended_s`` (robot's clock) or was refused.

    ``commanded``, ``executed`` (what the target really made) and ``achieved`` (what the measured arm made meanwhile)
    are Bridge actions (7,). ``reason`` says why it was refused, or why it ended early, and is empty otherwise.
    ``limits`` are the names of the limits that touched it.
    """

    command: Command
    accepted: bool
    reason: str
    commanded: np.ndarray
    executed: np.ndarray
    achieved: np.ndarray
    limits: Tuple[str, ...]
    ended_s: float


@dataclass(frozen=True)
class ServoStatus:
    """The servo after a tick.

    ``reading`` and ``pose`` (4, 4) are the latest measurement (None before the first, or while the arm cannot be
    read), ``target_pose`` and ``target_joints`` what the arm is asked to be (None before the first arming).
    """

    mode: str
    armed: bool
    stopped: bool
    reason: str
    reading: Optional[JointReading]
    pose: Optional[np.ndarray]
    target_pose: Optional[np.ndarray]
    target_joints: Optional[np.ndarray]
    gripper_target: Optional[float]
