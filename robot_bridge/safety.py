"""Limits of the servo and the checks they mean: pure functions of numbers, no state and no clock."""

import difflib
from dataclasses import dataclass, fields, replace
from math import isfinite, sqrt
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

import numpy as np
import yaml

from robot_bridge import kinematics
from robot_bridge.command import Command
from robot_bridge.share import share_path

LIMITS = "config/limits.yaml"
_REMEDY = "copy config/limits.yaml of this package, set your lab's numbers in the copy, and give its path"

LINK_RADIUS_M = 0.03
"""The middle of elbow and wrist keeps this above the floor of the workspace [m]."""
FINGER_SPAN_M, FINGER_ALLOWANCE_M = 0.037, 0.02
"""An open finger is this far beside the end effector, and may be this far below the floor of the workspace [m]."""


@dataclass(frozen=True)
class Limits:
    """Every number the servo is held to; a lab sets its own in config/limits.yaml.

    The names that reports use for them: ``twist_linear``, ``twist_angular``, ``gripper``, ``workspace``, ``leash``,
    ``joint_position``, ``joint_velocity``, ``ik``.
    """

    workspace_lower_m: Tuple[float, ...] = (0.10, -0.25, -0.01)
    """Least x y z of the target in base_link [m]."""
    workspace_upper_m: Tuple[float, ...] = (0.45, 0.25, 0.33)
    """Greatest x y z of the target in base_link [m]."""
    linear_speed_m_s: float = 0.434
    """Greatest norm of the linear twist [m/s]; the corner of the Bridge action box is sqrt(3) * 0.25."""
    angular_speed_rad_s: float = 2.17
    """Greatest norm of the angular twist [rad/s]; the corner of the Bridge action box is sqrt(3) * 1.25."""
    jump_factor: float = 5.0
    """A twist this many times over its cap is a fault of the sender: refused, not capped."""
    leash_m: float = 0.025
    """Greatest distance of the target from the measured position [m]."""
    leash_rad: float = 0.15
    """Greatest angle of the target from the measured orientation [rad]."""
    joint_margin_rad: float = 0.05
    """Distance kept from every joint position limit [rad]."""
    joint_speed_rad_s: float = 3.0
    """Greatest speed of a joint target while servoing [rad/s]; the URDF allows pi."""
    move_speed_rad_s: float = 1.2
    """Greatest speed of a joint target while moving to a pose [rad/s]."""
    move_lag_rad: float = 0.5
    """A joint this far behind its target while moving means that the arm is blocked [rad]."""
    ik_tolerance_m: float = 0.001
    """Position error above which the inverse kinematics has failed [m]."""
    ik_tolerance_rad: float = 0.01
    """Orientation error above which the inverse kinematics has failed [rad]."""
    command_age_s: float = 0.3
    """Greatest age of a command when it arrives [s]."""
    future_tolerance_s: float = 0.01
    """How far ahead of the servo's clock a stamp may be [s]: the resolution of clocks, not a licence."""
    hold_after_s: float = 0.3
    """Silence after which the servo holds, and the greatest duration of a command [s]."""
    idle_after_s: float = 2.0
    """Silence after which the servo is idle [s]."""
    pending_s: float = 0.5
    """Motion accepted but not yet made may take this long; commands beyond are refused [s]."""
    reading_age_s: float = 0.25
    """Greatest age of a measurement [s]."""
    efforts: Optional[Tuple[float, ...]] = None
    """Greatest magnitude of the six efforts in the unit of the arm's driver; None: unchecked."""
    effort_window_s: float = 0.3
    """An effort has to stay over its limit this long to count [s]."""

    def __post_init__(self) -> None:
        for field_ in fields(self):
            value = getattr(self, field_.name)
            numbers = value if isinstance(value, tuple) else (value,)
            unchecked = value is None and field_.name == "efforts"
            if not unchecked and not all(isinstance(n, (int, float)) and isfinite(n) for n in numbers):
                raise ValueError(f"limit {field_.name}: expected finite numbers, got {value!r}")
            if not field_.name.startswith("workspace") and value is not None and min(numbers) < 0:
                raise ValueError(f"limit {field_.name}: expected no negative number, got {value!r}")
        if len(self.workspace_lower_m) != 3 or len(self.workspace_upper_m) != 3:
            raise ValueError("workspace_lower_m and workspace_upper_m: expected three numbers each, x y z in metres")
        if any(low >= high for low, high in zip(self.workspace_lower_m, self.workspace_upper_m)):
            raise ValueError(f"workspace box is empty: {self.workspace_lower_m} is not below {self.workspace_upper_m}")
        if self.efforts is not None and len(self.efforts) != 6:
            raise ValueError(f"efforts: expected six numbers (waist ... wrist_rotate) or null, got {self.efforts}")
        if self.joint_speed_rad_s > kinematics.JOINT_SPEED or self.move_speed_rad_s > kinematics.JOINT_SPEED:
            raise ValueError(f"joint speeds over {kinematics.JOINT_SPEED:.4f} rad/s are beyond what the motors may do")


def load_limits(arm: str, path: Optional[Union[str, Path]] = None) -> Limits:
    """Limits for an arm (``sim``, ``interbotix``): the section ``all`` of the YAML file, then the arm's own section.

    The file is config/limits.yaml of this package unless ``path`` names another; raises ValueError that says what is
    wrong with it and what to do.
    """
    path = Path(share_path(LIMITS) if path is None else path)
    content = _read_limits(path)
    if not isinstance(content, dict) or not all(isinstance(content.get(key), dict) for key in ("all", arm)):
        raise ValueError(f"{path}: expected the sections 'all' and '{arm}', each a map from limit to number; {_REMEDY}")
    known = {field_.name for field_ in fields(Limits)}
    settings: Dict[str, Any] = {}
    for name, value in [*content["all"].items(), *content[arm].items()]:
        if name not in known:
            near = difflib.get_close_matches(str(name), sorted(known), n=1)
            raise ValueError(f"{path}: no limit is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        settings[name] = tuple(value) if isinstance(value, list) else value
    try:
        return replace(Limits(), **settings)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _read_limits(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(
            f"{path}: cannot read the limits ({error.strerror}): expected a YAML file of limits; {_REMEDY}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML ({' '.join(str(error).split())}); {_REMEDY}") from error


def refusal(command: Command, now_s: float, last_sequence: Optional[int], limits: Limits) -> str:
    """Why ``command`` must not be executed, in words; empty where it may. ``now_s`` is the clock of its stamp."""
    twist = np.asarray(command.twist, dtype=np.float64)
    if twist.shape != (6,):
        return f"twist has shape {twist.shape}, expected (6,)"
    values = [*twist.tolist(), command.gripper, command.duration_s, command.stamp_s]
    if not all(isfinite(value) for value in values):
        return "not finite: twist, gripper, duration and stamp must be numbers"
    if not 0.0 < command.duration_s <= limits.hold_after_s + 1e-9:
        return f"duration {command.duration_s:.3f} s: expected more than 0 and at most {limits.hold_after_s:.3f} s"
    age = now_s - command.stamp_s
    if age > limits.command_age_s:
        return f"stale: {age:.3f} s old, at most {limits.command_age_s:.3f} s allowed; is the sender late?"
    if age < -limits.future_tolerance_s:
        return f"from the future: stamped {-age:.3f} s ahead; synchronise the clocks of sender and robot"
    if last_sequence is not None and command.sequence <= last_sequence:
        kind = "repeated" if command.sequence == last_sequence else "going backwards"
        return f"sequence {kind}: {command.sequence} after {last_sequence}; is there a second sender?"
    linear, angular = _norm(twist[:3]), _norm(twist[3:])
    if linear > limits.jump_factor * limits.linear_speed_m_s:
        return f"jump: {linear:.2f} m/s is more than {limits.jump_factor:g} times the cap"
    if angular > limits.jump_factor * limits.angular_speed_rad_s:
        return f"jump: {angular:.2f} rad/s is more than {limits.jump_factor:g} times the cap"
    return ""


def _norm(vector: np.ndarray) -> float:
    return sqrt(sum(value * value for value in vector.tolist()))


def cap_twist(twist: np.ndarray, limits: Limits) -> Tuple[np.ndarray, Tuple[str, ...]]:
    """``twist`` (6,) with the norms of both halves capped, directions kept, and the names of the caps that bit."""
    capped, names = np.array(twist, dtype=np.float64), []
    for part, cap, name in (
        (slice(0, 3), limits.linear_speed_m_s, "twist_linear"),
        (slice(3, 6), limits.angular_speed_rad_s, "twist_angular"),
    ):
        norm = _norm(capped[part])
        if norm > cap:
            capped[part] *= cap / norm
            names.append(name)
    return capped, tuple(names)


def clamp_gripper(opening: float) -> Tuple[float, Tuple[str, ...]]:
    """``opening`` clamped to 0..1, named ``gripper`` where that changed it."""
    clamped = min(1.0, max(0.0, opening))
    return clamped, () if clamped == opening else ("gripper",)


def clamp_to_workspace(position: np.ndarray, start: np.ndarray, limits: Limits) -> Tuple[np.ndarray, bool]:
    """``position`` (3,) brought into the box, and whether that changed it.

    From a ``start`` (3,) outside the box the way back in is open and the way further out is not.
    """
    lower, upper = np.minimum(limits.workspace_lower_m, start), np.maximum(limits.workspace_upper_m, start)
    clamped = np.minimum(np.maximum(position, lower), upper)
    return clamped, bool(np.any(clamped != position))


def outside_workspace(position: np.ndarray, limits: Limits) -> str:
    """In words, how ``position`` (3,) is outside the box; empty where it is inside."""
    for name, value, low, high in zip("xyz", position.tolist(), limits.workspace_lower_m, limits.workspace_upper_m):
        if not low <= value <= high:
            return f"{name} = {value:.3f} m is outside the workspace {low:.3f} .. {high:.3f} m"
    return ""


def link_clearance(pose: np.ndarray, shoulder_rad: float, limits: Limits) -> float:
    """How far [m] elbow, wrist and fingers stay above the lowest they may be; negative where one is too low.

    ``pose`` (4, 4) is the end effector's. Costs a microsecond: the servo asks in each tick.
    """
    _, (fore, side, _, tip), _ = pose.tolist()[1:]
    arm = min(tip - kinematics.HAND_M * fore, kinematics.elbow_height(shoulder_rad)) - LINK_RADIUS_M
    return min(arm, tip - FINGER_SPAN_M * abs(side) + FINGER_ALLOWANCE_M) - limits.workspace_lower_m[2]


def leash_fraction(target: np.ndarray, candidate: np.ndarray, measured: np.ndarray, limits: Limits) -> float:
    """How much, 0..1, of the way from ``target`` to ``candidate`` stays on the leash of the measured pose.

    The distance from the measured pose is convex along the way, so the linear bound used here never lets it out. A
    target already beyond its leash may only come back.
    """
    ahead = kinematics.pose_error(candidate, measured)
    before: Optional[np.ndarray] = None
    fraction = 1.0
    for part, leash in ((slice(0, 3), limits.leash_m), (slice(3, 6), limits.leash_rad)):
        then = _norm(ahead[part])
        if then <= leash:
            continue
        if before is None:
            before = kinematics.pose_error(target, measured)
        now = _norm(before[part])
        if then > now:
            fraction = min(fraction, max(0.0, (leash - now) / (then - now)))
    return fraction


def joint_bounds(joints: np.ndarray, limits: Limits) -> Tuple[np.ndarray, np.ndarray]:
    """Lower and upper joint positions (6,) with the margin; joints already beyond it may stay but not go on."""
    lower = np.minimum(kinematics.JOINT_LOWER + limits.joint_margin_rad, joints)
    upper = np.maximum(kinematics.JOINT_UPPER - limits.joint_margin_rad, joints)
    return np.maximum(lower, kinematics.JOINT_LOWER), np.minimum(upper, kinematics.JOINT_UPPER)


def limit_joint_speed(joints: np.ndarray, wanted: np.ndarray, largest_rad: float) -> Tuple[np.ndarray, bool]:
    """``wanted`` (6,) pulled towards ``joints`` so that no joint moves more than ``largest_rad``; whether it was."""
    step = wanted - joints
    largest = max(abs(value) for value in step.tolist())
    if largest <= largest_rad:
        return wanted, False
    return joints + step * (largest_rad / largest), True


def excessive_effort(efforts: Optional[np.ndarray], limits: Limits) -> str:
    """In words, which joint's effort is over its limit; empty where none is or nothing can be checked."""
    if limits.efforts is None or efforts is None or len(efforts) != 6:
        return ""
    for name, effort, most in zip(kinematics.JOINT_NAMES, np.asarray(efforts).tolist(), limits.efforts):
        if not abs(effort) <= most:
            return f"effort of {name} is {effort:.0f}, limit {most:.0f}"
    return ""
