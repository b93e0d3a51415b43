"""An episode done again by an arm: planned in advance, approached and ended smoothly."""

from dataclasses import dataclass
from math import ceil
from typing import List, Optional, Sequence, Tuple

import numpy as np

from robot_bridge import kinematics
from robot_bridge.interface import STEP_S
from robot_bridge.kinematics import HOME_JOINTS
from robot_bridge.report import motion_between

APPROACH_S, RETURN_S, SETTLE_S = 2.0, 3.0, 1.0
RAMP = (0.4, 0.7)
"""Speed of the first steps, and in reverse of the last ones, as a share of the recorded speed."""
LONGEST_COMMAND_S = 0.2
FASTEST = 2.0


@dataclass(frozen=True)
class ReplayCommand:
    """A twist (6,) [m/s, rad/s] in base_link for ``duration_s``, the gripper 0..1; ends the recorded step ``ends``."""

    twist: np.ndarray
    gripper: float
    duration_s: float
    ends: Optional[int] = None


@dataclass(frozen=True)
class ReplayPlan:
    """What is to be done: move to ``start_joints`` (6,), command after command, stand still, move to ``end_joints``."""

    start_joints: np.ndarray
    start_gripper: float
    commands: Tuple[ReplayCommand, ...]
    poses: Tuple[np.ndarray, ...]
    """(4, 4) where the target is after each recorded step"""
    end_joints: Optional[np.ndarray]
    """None: stay where the episode ended"""

    @property
    def duration_s(self) -> float:
        """Of the commands, without the moves before and after."""
        return sum(command.duration_s for command in self.commands)


def plan_replay(
    state: np.ndarray,
    actions: np.ndarray,
    joints: Optional[np.ndarray] = None,
    speed: float = 1.0,
    end_joints: Optional[np.ndarray] = HOME_JOINTS,
) -> ReplayPlan:
    """Plan an episode: the executed ``actions`` (T, 7) again, from where it began.

    Args:
        state: (T+1, 7) Bridge states; the first one says where it began.
        actions: as the servo executed them, so that its targets become the recorded ones again.
        joints: (T+1, 6) as they were measured; without them the inverse kinematics finds the first.
        speed: of the recorded one; the first and last steps are slower, so that the arm starts and stops softly.
        end_joints: where the arm goes in the end; None: it stays.

    Raises:
        ValueError: where the speed is out of range or no joints reach the first pose.
    """
    if not 0.0 < speed <= FASTEST:
        raise ValueError(f"speed is {speed:g}, expected more than 0 and at most {FASTEST:g}")
    start = kinematics.state_to_pose(np.asarray(state[0], dtype=np.float64))
    first = kinematics.inverse(start, kinematics.NEUTRAL_JOINTS) if joints is None else np.asarray(joints[0], float)
    if first is None:
        raise ValueError("no joints of this arm reach the pose in which the episode begins: was it another arm?")
    poses: List[np.ndarray] = []
    pose = start if joints is None else kinematics.forward(first)
    for action in actions:
        pose = kinematics.integrate(pose, np.asarray(action, dtype=np.float64)[:6])
        poses.append(pose)
    commands = [
        command for t, action in enumerate(actions) for command in _step(t, action, _pace(t, len(actions), speed))
    ]
    return ReplayPlan(first, float(np.clip(state[0][6], 0.0, 1.0)), tuple(commands), tuple(poses), end_joints)


def _pace(step: int, steps: int, speed: float) -> float:
    """The speed of a step as a share of the recorded one."""
    from_end = min(step, steps - 1 - step)
    return speed * (RAMP[from_end] if from_end < len(RAMP) else 1.0)


def _step(number: int, action: np.ndarray, speed: float) -> List[ReplayCommand]:
    """A recorded step in commands that the servo takes."""
    whole_s = STEP_S / speed
    count = max(1, ceil(whole_s / LONGEST_COMMAND_S - 1e-9))
    twist = np.asarray(action, dtype=np.float64)[:6] / whole_s
    gripper = float(np.clip(action[6], 0.0, 1.0))
    ends = [None] * (count - 1) + [number]
    return [ReplayCommand(twist, gripper, whole_s / count, end) for end in ends]


@dataclass(frozen=True)
class Deviation:
    """How far the replay was from the recording."""

    target_m: float
    """greatest distance of the servo's target from the planned one"""
    measured_m: float
    """greatest distance of the measured position from the recorded one"""
    final_m: float
    """distance of the measured position from the recorded one at the end"""
    turned_rad: float
    """greatest angle of the servo's target from the planned one"""
    limits: Tuple[str, ...]
    """names of the limits that touched a command"""


def deviation(
    plan: ReplayPlan,
    targets: Sequence[np.ndarray],
    measured: Sequence[np.ndarray],
    state: np.ndarray,
    limits: Sequence[str],
) -> Deviation:
    """Compare what was done with what was planned and recorded, after each recorded step.

    Args:
        plan: what was to be done.
        targets: (4, 4) of the servo after each step.
        measured: (4, 4) of the arm after each step.
        state: (T+1, 7) as recorded.
        limits: names of limits that touched commands.
    """
    errors = [motion_between(planned, target) for planned, target in zip(plan.poses, targets)]
    distances = [float(np.linalg.norm(pose[:3, 3] - row[:3])) for pose, row in zip(measured, state[1:])]
    return Deviation(
        max((float(np.linalg.norm(error[:3])) for error in errors), default=0.0),
        max(distances, default=0.0),
        distances[-1] if distances else 0.0,
        max((float(np.linalg.norm(error[3:])) for error in errors), default=0.0),
        tuple(dict.fromkeys(limits)),
    )
