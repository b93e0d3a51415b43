"""Between the servo's types and ROS messages."""

from typing import Any, Dict, Optional

import numpy as np
import rospy
from geometry_msgs.msg import Point, Pose, Quaternion
from scipy.spatial.transform import Rotation
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand

from robot_bridge import kinematics
from robot_bridge.recording.inbox import Measured
from robot_bridge.recording.step import Done
from robot_bridge.servo import Command, CommandReport, ServoStatus

BASE_FRAME = "base_link"
REFUSED = "refused"
"""Stands among the limits of a command that the servo did not take."""


def to_command(message: EndEffectorCommand) -> Command:
    """The servo's command of a message."""
    linear, angular = message.twist.linear, message.twist.angular
    return Command(
        sequence=message.sequence,
        twist=np.array([linear.x, linear.y, linear.z, angular.x, angular.y, angular.z]),
        gripper=message.gripper,
        stamp_s=message.header.stamp.to_sec(),
        duration_s=message.duration_s,
        observation_stamp_s=message.observation_stamp.to_sec(),
    )


def to_time(stamp_s: float) -> rospy.Time:
    """ROS time of seconds; times before 0 become 0, which ROS cannot express."""
    return rospy.Time.from_sec(max(stamp_s, 0.0))


def to_pose(transform: np.ndarray) -> Pose:
    """A pose message of a (4, 4) transform."""
    quaternion = Rotation.from_matrix(transform[:3, :3]).as_quat()
    return Pose(position=Point(*transform[:3, 3].tolist()), orientation=Quaternion(*quaternion.tolist()))


def to_state(status: ServoStatus) -> EndEffectorState:
    """The state message of a servo status; where the arm cannot be read its numbers are NaN and its stamp 0."""
    message = EndEffectorState(
        mode=status.mode, armed=status.armed, stopped=status.stopped, reason=status.reason, gripper=float("nan")
    )
    message.header.frame_id = BASE_FRAME
    message.bridge_state = [float("nan")] * 7
    message.target = [float("nan")] * 7
    message.joint_positions = [float("nan")] * 6
    if status.reading is None or status.pose is None:
        return message
    reading = status.reading
    message.header.stamp = to_time(reading.stamp_s)
    message.pose = to_pose(status.pose)
    message.bridge_state = [*kinematics.pose_to_state(status.pose).tolist(), reading.gripper]
    if status.target_pose is not None:
        opening = reading.gripper if status.gripper_target is None else status.gripper_target
        message.target = [*kinematics.pose_to_state(status.target_pose).tolist(), opening]
    message.joint_positions = reading.positions_rad.tolist()
    message.joint_velocities = _list(reading.velocities_rad_s)
    message.joint_efforts = _list(reading.efforts)
    message.gripper = reading.gripper
    return message


def to_executed(report: CommandReport) -> ExecutedCommand:
    """The executed message of a command's report."""
    message = ExecutedCommand(
        sequence=report.command.sequence,
        command_stamp=_finite_time(report.command.stamp_s),
        observation_stamp=_finite_time(report.command.observation_stamp_s),
        accepted=report.accepted,
        reason=report.reason,
        commanded=report.commanded.tolist(),
        executed=report.executed.tolist(),
        achieved=report.achieved.tolist(),
        limits=list(report.limits),
    )
    message.header.stamp = to_time(report.ended_s)
    message.header.frame_id = BASE_FRAME
    return message


def to_measured(message: EndEffectorState) -> Optional[Measured]:
    """The measurement of a state message; None where the arm could not be read."""
    state = _finite(message.bridge_state, 7)
    if state is None:
        return None
    return Measured(
        state,
        message.header.stamp.to_sec(),
        _finite(message.target, 7),
        _finite(message.joint_positions, 6),
        _finite(message.joint_velocities, 6),
        _finite(message.joint_efforts, 6),
    )


def to_done(message: ExecutedCommand) -> Done:
    """What was done with a command, as it is recorded; one that was no number counts as none.

    Of one that was refused nothing is to be imitated but what the arm did instead.
    """
    executed = np.where(np.isfinite(message.executed), message.executed, 0.0)
    commanded = _finite(message.commanded, 7)
    if not np.isfinite(message.executed[6]):
        executed[6] = 1.0 if commanded is None else commanded[6]
    latencies: Dict[str, float] = {"command": (message.header.stamp - message.command_stamp).to_sec()}
    if not message.observation_stamp.is_zero():
        latencies["observation"] = (message.command_stamp - message.observation_stamp).to_sec()
    return Done(
        executed if commanded is None else commanded,
        executed,
        _finite(message.achieved, 7),
        None if message.accepted else executed,
        clamps=(*message.limits, *(() if message.accepted else (REFUSED,))),
        latencies_s=latencies,
    )


def _finite(values: Any, count: int) -> Optional[np.ndarray]:
    """So many numbers, None where there are others or one is not finite."""
    row = np.asarray(values, dtype=np.float64)
    return row if row.shape == (count,) and bool(np.isfinite(row).all()) else None


def _finite_time(stamp_s: float) -> rospy.Time:
    return to_time(stamp_s) if np.isfinite(stamp_s) else rospy.Time()


def _list(values: Any) -> Any:
    return [] if values is None else np.asarray(values).tolist()
