"""The types everything speaks, and the Protocols of what touches the world.

Everybody imports this module; it imports nobody but numpy. Conventions (docs/architecture.md):

* State (7,): x y z of the end effector in base_link [m], Euler roll pitch yaw of ``R @ R_DEFAULT.T`` [rad]
  (a gripper pointing straight down reads zero), gripper opening 0..1 (1 open).
* Action (7,): dx dy dz [m], droll dpitch dyaw [rad] in base_link axes over one step of ``STEP_S``,
  then the gripper opening 0..1 (1 open). This is the Bridge convention.
* Images: RGB uint8 (height, width, 3).
* Stamps: seconds on the clock of the robot (ROS time, simulated time), taken at capture.
"""

from dataclasses import dataclass, field
from typing import Dict, Optional, Protocol, Tuple

import numpy as np

STEP_S = 0.2
"""Length of one Bridge step [s]: policies act at 5 Hz."""

ACTION_LOW = np.array([-0.05, -0.05, -0.05, -0.25, -0.25, -0.25, 0.0])
ACTION_HIGH = np.array([0.05, 0.05, 0.05, 0.25, 0.25, 0.25, 1.0])
"""The Bridge action box, per step: metres, radians, gripper opening."""

IMAGE_SIZE = 128
"""Side of the square image a policy sees [px]."""


@dataclass(frozen=True)
class Frame:
    """One camera picture: ``image`` RGB uint8 (H, W, 3), captured at ``stamp_s``, the ``index``-th of its camera."""

    image: np.ndarray
    stamp_s: float
    index: int = 0


@dataclass(frozen=True)
class JointReading:
    """What an arm measured at ``stamp_s``.

    ``positions_rad`` (6,), ``gripper`` 0..1 (1 open). ``velocities_rad_s`` and ``efforts`` are (6,) or None where
    the driver does not report them. Efforts are in the unit of the arm's driver (mA on the real arm), the same
    unit as its configured effort limits.
    """

    positions_rad: np.ndarray
    gripper: float
    stamp_s: float
    velocities_rad_s: Optional[np.ndarray] = None
    efforts: Optional[np.ndarray] = None


@dataclass(frozen=True)
class Observation:
    """What a policy sees: an image (H, W, 3), the Bridge state (7,), and when each was captured [s]."""

    image: np.ndarray
    state: np.ndarray
    image_stamp_s: float
    state_stamp_s: float


@dataclass(frozen=True)
class Action:
    """One Bridge action (7,) for one step, with what the policy says about it (e.g. ``value``)."""

    vector: np.ndarray
    info: Dict[str, float] = field(default_factory=dict)

    def twist(self) -> np.ndarray:
        """The (6,) velocity in base_link [m/s, rad/s] that makes this action in one step."""
        return np.asarray(self.vector[:6], dtype=np.float64) / STEP_S

    @property
    def gripper(self) -> float:
        """Gripper opening 0..1, 1 open."""
        return float(self.vector[6])


@dataclass(frozen=True)
class Executed:
    """What became of an action: the (7,) vector really executed and the names of the limits that touched it."""

    vector: np.ndarray
    limits: Tuple[str, ...] = ()


class StaleData(RuntimeError):
    """A frame or state is older (or newer: clocks disagree) than the reader allows, or the source is frozen."""


class Arm(Protocol):
    """Six joints and a gripper: the seam between the real and the simulated robot."""

    def read(self) -> JointReading:
        """The latest measurement."""

    def send_joints(self, positions_rad: np.ndarray, duration_s: float) -> None:
        """Send (6,) joint targets to be reached in ``duration_s``; returns at once."""

    def set_gripper(self, opening: float) -> None:
        """Set the gripper target 0..1, 1 open; returns at once."""

    def set_torque(self, enabled: bool) -> None:
        """Switch the motors' torque; on the real arm, off means that the arm drops."""

    def close(self) -> None:
        """Release the hardware without moving it."""


class Camera(Protocol):
    """A source of pictures stamped at capture."""

    def read_latest(self, max_age_s: float) -> Frame:
        """The newest frame; raises StaleData when it is older than ``max_age_s`` or the source is frozen."""

    def close(self) -> None:
        """Release the device."""


class Environment(Protocol):
    """The world as the control loop sees it, real over topics or simulated in process."""

    def observe(self) -> Observation:
        """The newest observation; raises StaleData."""

    def apply(self, action: Action) -> Executed:
        """Execute one action over one step and return what was really executed."""

    def finished(self) -> Optional[str]:
        """Why the episode is over (e.g. ``success``), or None while it is not."""


class Policy(Protocol):
    """Maps observations to actions."""

    def reset(self, task: str) -> None:
        """Begin an episode of the named task; raises ValueError on a task the policy does not know."""

    def act(self, observation: Observation) -> Action:
        """The action for this observation."""
