"""Kinematics of the WidowX 250 6DOF (wx250s) and the Bridge pose convention.

Poses are (4, 4) homogeneous transforms of the end effector (``ee_gripper``) in base_link. Two implementations of the
same product of exponentials live here:

* modern_robotics is the reference, and solves the general inverse problem (``inverse``).
* ``forward``, ``jacobian`` and ``damped_step`` are the closed form written out in scalars, equal to modern_robotics
  to 1e-9 (tested). On one core of a loaded 2-core machine modern_robotics takes 870 us for one forward transform
  with its Jacobian and 3 ms for an inverse; the scalars take 7 us, a whole damped step 32 us. The servo takes one or
  two steps in each of its 50 Hz ticks, and data generation runs as many servos as it can.

The Bridge convention: a state is x y z and the Euler angles of ``R @ R_DEFAULT.T`` (roll about x first, yaw about z
last), and an action moves the target by adding its translation in base axes and left-multiplying its rotation. On 25
recorded BridgeData V2 snippets, integrating the recorded actions from the recorded states follows the recorded states
to 3.5 mm and 0.015 rad a step and 13 mm and 0.036 rad in nine (medians; doing nothing: 9.4 mm, 0.033 rad and 63 mm,
0.18 rad). tests/robot_bridge/test_kinematics.py repeats this, and tells wrong conventions apart by it.
"""

from math import asin, atan2, cos, pi, sin, sqrt
from typing import Optional, Sequence, Tuple

import modern_robotics
import numpy as np


def _constant(values: Sequence) -> np.ndarray:
    """A float64 array nobody can write to."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


JOINT_NAMES = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate")

JOINT_LOWER = _constant([-3.14158, -1.88496, -2.14675, -3.14158, -1.74533, -3.14158])
JOINT_UPPER = _constant([3.14158, 1.98968, 1.60570, 3.14158, 2.14675, 3.14158])
"""Joint position limits [rad] of the URDF."""

JOINT_SPEED = pi
"""Joint velocity limit [rad/s] of the URDF, the same on all six."""

NEUTRAL_JOINTS = _constant([-0.13192, -0.76239, 0.44485, -0.01994, 1.75641, -0.15953])
"""Bridge's neutral configuration [rad], end effector at (0.120, -0.019, 0.247)."""

SLEEP_JOINTS = _constant([0.0, -1.80, 1.55, 0.0, 0.8, 0.0])
"""Folded on its rest [rad]: here the torque may be switched off without a fall."""

HOME_JOINTS = _constant([0.0, -0.313, 0.254, 0.0, 1.630, 0.0])
"""Gripper down over the middle of the workspace [rad], end effector at (0.22, 0, 0.22)."""

R_DEFAULT = _constant([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
"""Orientation of a gripper pointing straight down, which the Bridge state calls zero rotation."""

HOME_POSE = _constant([[1, 0, 0, 0.458325], [0, 1, 0, 0], [0, 0, 1, 0.36065], [0, 0, 0, 1]])
"""End effector pose at zero joints (``M`` of the product of exponentials)."""

SCREW_AXES = _constant(
    [
        [0, 0, 1, 0, 0, 0],
        [0, 1, 0, -0.11065, 0, 0],
        [0, 1, 0, -0.36065, 0, 0.04975],
        [1, 0, 0, 0, 0.36065, 0],
        [0, 1, 0, -0.36065, 0, 0.29975],
        [1, 0, 0, 0, 0.36065, 0],
    ]
).T
"""(6, 6) screw axes in base_link as columns (w; v), the ``Slist`` of modern_robotics."""

_SHOULDER_Z, _UPPER_X, _UPPER_Z = 0.11065, 0.04975, 0.25
_FOREARM, HAND_M = 0.25, 0.158575
"""Wrist to end effector, along the hand [m]."""

INVERSE_TOLERANCE_RAD = 1e-3
INVERSE_TOLERANCE_M = 1e-3
DAMPING = 1e-4
"""lambda^2 of the damped least squares."""
TRACK_STEPS, TRUST_RAD = 3, 0.2
"""How many damped steps ``track`` takes at most, and how far one may move a joint."""

Vector3 = Tuple[float, float, float]


def _chain(joints: np.ndarray) -> Tuple[Vector3, ...]:
    """Axes and points of the chain: shoulder axis, forearm axis, wrist axis, hand x, y, z, elbow, wrist, tip."""
    q1, q2, q3, q4, q5, q6 = joints.tolist()
    c1, s1, c2, s2 = cos(q1), sin(q1), cos(q2), sin(q2)
    c23, s23, c4, s4 = cos(q2 + q3), sin(q2 + q3), cos(q4), sin(q4)
    c5, s5, c6, s6 = cos(q5), sin(q5), cos(q6), sin(q6)
    reach, rise = c2 * _UPPER_X + s2 * _UPPER_Z, c2 * _UPPER_Z - s2 * _UPPER_X
    elbow = (c1 * reach, s1 * reach, _SHOULDER_Z + rise)
    a = (c1 * c23, s1 * c23, -s23)
    wrist = (elbow[0] + _FOREARM * a[0], elbow[1] + _FOREARM * a[1], elbow[2] + _FOREARM * a[2])
    b = (-s1 * c4 + c1 * s23 * s4, c1 * c4 + s1 * s23 * s4, c23 * s4)
    d = (s1 * s4 + c1 * s23 * c4, -c1 * s4 + s1 * s23 * c4, c23 * c4)
    x = (c5 * a[0] - s5 * d[0], c5 * a[1] - s5 * d[1], c5 * a[2] - s5 * d[2])
    e = (s5 * a[0] + c5 * d[0], s5 * a[1] + c5 * d[1], s5 * a[2] + c5 * d[2])
    y = (c6 * b[0] + s6 * e[0], c6 * b[1] + s6 * e[1], c6 * b[2] + s6 * e[2])
    z = (c6 * e[0] - s6 * b[0], c6 * e[1] - s6 * b[1], c6 * e[2] - s6 * b[2])
    tip = (wrist[0] + HAND_M * x[0], wrist[1] + HAND_M * x[1], wrist[2] + HAND_M * x[2])
    return (-s1, c1, 0.0), a, b, x, y, z, elbow, wrist, tip


def elbow_height(shoulder_rad: float) -> float:
    """Height of the elbow joint in base_link [m]: it depends on the shoulder only."""
    return _SHOULDER_Z + cos(shoulder_rad) * _UPPER_Z - sin(shoulder_rad) * _UPPER_X


def _pose_of(chain: Tuple[Vector3, ...]) -> np.ndarray:
    x, y, z, p = chain[3], chain[4], chain[5], chain[8]
    return np.array(
        [(x[0], y[0], z[0], p[0]), (x[1], y[1], z[1], p[1]), (x[2], y[2], z[2], p[2]), (0.0, 0.0, 0.0, 1.0)]
    )


def _jacobian_of(chain: Tuple[Vector3, ...]) -> np.ndarray:
    """Columns (axis x (tip - point); axis) of the six joints."""
    shoulder, forearm, wrist, hand, _, _, elbow_at, wrist_at, tip = chain
    rows = [(-tip[1], tip[0], 0.0, 0.0, 0.0, 1.0)]
    for axis, point in (
        (shoulder, (0.0, 0.0, _SHOULDER_Z)),
        (shoulder, elbow_at),
        (forearm, wrist_at),
        (wrist, wrist_at),
    ):
        rx, ry, rz = tip[0] - point[0], tip[1] - point[1], tip[2] - point[2]
        ax, ay, az = axis
        rows.append((ay * rz - az * ry, az * rx - ax * rz, ax * ry - ay * rx, ax, ay, az))
    rows.append((0.0, 0.0, 0.0, hand[0], hand[1], hand[2]))
    return np.array(rows).T


def forward(joints: np.ndarray) -> np.ndarray:
    """End effector pose (4, 4) in base_link of ``joints`` (6,) [rad]."""
    return _pose_of(_chain(np.asarray(joints, dtype=np.float64)))


def jacobian(joints: np.ndarray) -> np.ndarray:
    """(6, 6) map of joint velocities to the end effector's velocity [m/s] and rotation [rad/s] in base_link axes."""
    return _jacobian_of(_chain(np.asarray(joints, dtype=np.float64)))


def forward_reference(joints: np.ndarray) -> np.ndarray:
    """``forward`` by modern_robotics: the independent reference."""
    return modern_robotics.FKinSpace(HOME_POSE, SCREW_AXES, np.asarray(joints, dtype=np.float64))


def pose_error(target: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """(6,) translation [m] and rotation vector [rad], both in base_link axes, that take ``pose`` to ``target``."""
    (a, b, c, x), (d, e, f, y), (g, h, i, z), _ = target.tolist()
    (j, k, m, u), (n, o, p, v), (q, r, s, w), _ = pose.tolist()
    skew_x = (g * n + h * o + i * p) - (d * q + e * r + f * s)
    skew_y = (a * q + b * r + c * s) - (g * j + h * k + i * m)
    skew_z = (d * j + e * k + f * m) - (a * n + b * o + c * p)
    cosine = (a * j + b * k + c * m + d * n + e * o + f * p + g * q + h * r + i * s - 1.0) / 2.0
    sine = sqrt(skew_x * skew_x + skew_y * skew_y + skew_z * skew_z) / 2.0
    if sine < 1e-6 and cosine < 0.0:
        return np.concatenate([(x - u, y - v, z - w), _half_turn(target[:3, :3] @ pose[:3, :3].T)])
    scale = 0.5 if sine < 1e-9 else atan2(sine, cosine) / (2.0 * sine)
    return np.array((x - u, y - v, z - w, scale * skew_x, scale * skew_y, scale * skew_z))


def _half_turn(rotation: np.ndarray) -> np.ndarray:
    """Rotation vector of a turn by pi, where the skew part of the matrix vanishes."""
    outer = (rotation + np.eye(3)) / 2.0
    column = outer[:, int(np.argmax(np.diag(outer)))]
    return pi * column / np.linalg.norm(column)


def displace(pose: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """``pose`` moved by a (6,) translation [m] and rotation vector [rad] in base_link axes: undoes ``pose_error``."""
    x, y, z, a, b, c = motion.tolist()
    angle = sqrt(a * a + b * b + c * c)
    if angle < 1e-12:
        moved = pose.copy()
    else:
        k, versine = sin(angle) / angle, (1.0 - cos(angle)) / (angle * angle)
        turn = np.array(
            [
                (1.0 - versine * (b * b + c * c), versine * a * b - k * c, versine * a * c + k * b, 0.0),
                (versine * a * b + k * c, 1.0 - versine * (a * a + c * c), versine * b * c - k * a, 0.0),
                (versine * a * c - k * b, versine * b * c + k * a, 1.0 - versine * (a * a + b * b), 0.0),
                (0.0, 0.0, 0.0, 1.0),
            ]
        )
        moved = turn @ pose
        moved[:3, 3] = pose[:3, 3]
    moved[:3, 3] += (x, y, z)
    return moved


def damped_step(
    joints: np.ndarray,
    target: np.ndarray,
    largest_rad: float,
    lower: np.ndarray = JOINT_LOWER,
    upper: np.ndarray = JOINT_UPPER,
) -> Tuple[np.ndarray, np.ndarray]:
    """One damped-least-squares step from ``joints`` (6,) towards ``target`` (4, 4).

    ``dq = J^T (J J^T + lambda^2 I)^-1 e``, scaled down so that no joint moves by more than ``largest_rad`` and clipped
    to ``lower`` and ``upper``. Returns the new joints (6,) and the (6,) pose error that was left *before* the step.
    """
    chain = _chain(joints)
    error = pose_error(target, _pose_of(chain))
    return _step(joints, chain, error, largest_rad, lower, upper), error


def _step(
    joints: np.ndarray,
    chain: Tuple[Vector3, ...],
    error: np.ndarray,
    largest_rad: float,
    lower: np.ndarray,
    upper: np.ndarray,
) -> np.ndarray:
    matrix = _jacobian_of(chain)
    normal = matrix @ matrix.T
    normal.flat[::7] += DAMPING
    step = matrix.T @ np.linalg.solve(normal, error)
    largest = max(abs(value) for value in step.tolist())
    if largest > largest_rad:
        step *= largest_rad / largest
    return np.minimum(np.maximum(joints + step, lower), upper)


def track(
    joints: np.ndarray, target: np.ndarray, lower: np.ndarray, upper: np.ndarray, tolerance: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Joints (6,) near ``joints`` and within bounds that follow ``target`` (4, 4), with the (6,) error they leave.

    At most ``TRACK_STEPS`` damped steps, ended when every component of the error [m, rad] is below ``tolerance``. A
    target 5 mm and 0.02 rad ahead takes one to 1e-4, which the next tick's steps take on.
    """
    chain = _chain(joints)
    error = pose_error(target, _pose_of(chain))
    for _ in range(TRACK_STEPS):
        joints = _step(joints, chain, error, TRUST_RAD, lower, upper)
        chain = _chain(joints)
        error = pose_error(target, _pose_of(chain))
        if max(abs(value) for value in error.tolist()) < tolerance:
            break
    return joints, error


def within_limits(joints: np.ndarray, margin_rad: float = 0.0) -> bool:
    """Whether all six joints keep ``margin_rad`` from their position limits."""
    return bool(np.all(joints >= JOINT_LOWER + margin_rad) and np.all(joints <= JOINT_UPPER - margin_rad))


def _solve(pose: np.ndarray, seed: np.ndarray) -> Optional[np.ndarray]:
    """One IKinSpace from ``seed``, wrapped to +-pi, refined by damped steps, or None."""
    joints, converged = modern_robotics.IKinSpace(
        SCREW_AXES, HOME_POSE, pose, seed, INVERSE_TOLERANCE_RAD, INVERSE_TOLERANCE_M
    )
    joints = (joints + pi) % (2.0 * pi) - pi
    if not converged or not within_limits(joints):
        return None
    for _ in range(3):
        joints, _ = damped_step(joints, pose, largest_rad=0.1)
    return joints


def inverse(pose: np.ndarray, seed: np.ndarray) -> Optional[np.ndarray]:
    """Joints (6,) [rad] within their limits that reach ``pose`` (4, 4), or None where no solution was found.

    Tries modern_robotics' IKinSpace from ``seed`` (6,) first, then from a gripper-down configuration that looks at the
    pose: Newton's iteration may leave the limits from one seed and keep them from another.
    """
    pose = np.asarray(pose, dtype=np.float64)
    if pose.shape != (4, 4) or not np.all(np.isfinite(pose)):
        raise ValueError(f"expected a finite (4, 4) pose, got {pose.tolist()}")
    facing = HOME_JOINTS.copy()
    facing[0] = atan2(pose[1, 3], pose[0, 3])
    for start in (np.asarray(seed, dtype=np.float64), facing):
        joints = _solve(pose, start)
        if joints is not None:
            return joints
    return None


def rotation_from_euler(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """``Rz(yaw) Ry(pitch) Rx(roll)`` (3, 3)."""
    cr, sr, cp, sp, cy, sy = cos(roll), sin(roll), cos(pitch), sin(pitch), cos(yaw), sin(yaw)
    return np.array(
        [
            (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
            (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
            (-sp, cp * sr, cp * cr),
        ]
    )


def euler_from_rotation(rotation: np.ndarray) -> Vector3:
    """Roll, pitch, yaw [rad] of ``Rz(yaw) Ry(pitch) Rx(roll)``; at a pitch of +-pi/2 the roll is called 0."""
    sine = -rotation[2, 0]
    if abs(sine) > 1.0 - 1e-12:
        return 0.0, asin(max(-1.0, min(1.0, sine))), atan2(-rotation[0, 1], rotation[1, 1])
    return (
        atan2(rotation[2, 1], rotation[2, 2]),
        atan2(sine, sqrt(rotation[2, 1] ** 2 + rotation[2, 2] ** 2)),
        atan2(rotation[1, 0], rotation[0, 0]),
    )


def pose_to_state(pose: np.ndarray) -> np.ndarray:
    """First six numbers of the Bridge state of ``pose``: x y z [m], Euler angles of ``R @ R_DEFAULT.T`` [rad]."""
    return np.array([*pose[:3, 3].tolist(), *euler_from_rotation(pose[:3, :3] @ R_DEFAULT.T)])


def state_to_pose(state: np.ndarray) -> np.ndarray:
    """Pose (4, 4) of a Bridge state (6,) or (7,); raises ValueError on what is no number."""
    if not np.isfinite(state).all():
        raise ValueError(f"expected a finite Bridge state, got {np.asarray(state).tolist()}")
    pose = np.eye(4)
    pose[:3, :3] = rotation_from_euler(*np.asarray(state, dtype=np.float64)[3:6].tolist()) @ R_DEFAULT
    pose[:3, 3] = state[:3]
    return pose


def integrate(pose: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """``pose`` after one Bridge action: translation adds in base axes, ``R_new = Rz Ry Rx R`` (``delta`` (6,) m, rad).

    Bridge pivots the translation about the measured position, ``p + R_delta (p_target - p) + d``; here it adds
    exactly, so that the sum of the actions is where the target is.
    """
    moved = pose.copy()
    moved[:3, :3] = rotation_from_euler(delta[3], delta[4], delta[5]) @ pose[:3, :3]
    moved[:3, 3] += delta[:3]
    return moved
