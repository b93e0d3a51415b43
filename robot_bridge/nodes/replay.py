"""Replays an episode by the running bridge, of the real arm or the simulated one, while nobody else commands it."""

import time
from typing import Any, Dict, List, Tuple

import numpy as np
import rosgraph
import rospy
from std_srvs.srv import Trigger
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand, TeleopState
from vptr_widowx.srv import MoveToPose, ResetScene, TaskStatus

from robot_bridge import kinematics
from robot_bridge.nodes.calls import Unanswered, ask
from robot_bridge.nodes.messages import BASE_FRAME
from robot_bridge.recording.replay import APPROACH_S, SETTLE_S, Deviation, ReplayCommand, ReplayPlan, deviation
from robot_bridge.recording.rig_replay import ReplayError

QUIET_S = 1.0
"""Before it begins, nobody may have commanded the arm for so long (wall clock)."""
SILENT_S = 1.0
BRIDGE_S, ARM_S, MOVE_S, REPORT_S = 5.0, 5.0, 65.0, 3.0
LOOK_S = 0.002
COMMAND = "/widowx/command"
RESET, STATUS = "/sim/reset", "/sim/status"


class TopicReplay:
    """One replay. Whatever ends it early ends its commands, and the servo holds the arm.

    Args:
        plan: what is to be done.
    """

    def __init__(self, plan: ReplayPlan) -> None:
        self._plan = plan
        self._state = EndEffectorState()
        self._state_s = self._foreign_s = float("-inf")
        self._foreign, self._engaged = "", False
        self._reports: List[ExecutedCommand] = []
        self._ends: Dict[int, int] = {}
        self._reached: Dict[int, Tuple[np.ndarray, np.ndarray]] = {}
        self._limits: List[str] = []
        self._publisher = rospy.Publisher(COMMAND, EndEffectorCommand, queue_size=10, tcp_nodelay=True)
        rospy.Subscriber(COMMAND, EndEffectorCommand, self._hear_command, queue_size=50, tcp_nodelay=True)
        rospy.Subscriber("/widowx/state", EndEffectorState, self._hear_state, queue_size=5, tcp_nodelay=True)
        rospy.Subscriber("/widowx/executed", ExecutedCommand, self._reports.append, queue_size=50, tcp_nodelay=True)
        rospy.Subscriber("/teleop/state", TeleopState, self._hear_hand, queue_size=5)

    def check_alone(self) -> None:
        """Raise ReplayError where the bridge is silent or stopped, or where somebody else commands the arm."""
        deadline = time.monotonic() + BRIDGE_S
        while self._silent() and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        if self._silent():
            raise ReplayError("the robot is not heard: start robot.launch or collect.launch first")
        self._wait_wall(QUIET_S)
        if self._state.mode == "MOVING":
            raise ReplayError("the arm is being moved by somebody else: wait until it has arrived")

    def run(self, state: np.ndarray, stay: bool) -> Deviation:
        """Approach, replay, end at home unless it is to ``stay``; ``state`` (T+1, 7) is the recording. ReplayError."""
        plan = self._plan
        _call("/widowx/arm", Trigger, timeout_s=ARM_S)
        start = kinematics.pose_to_state(kinematics.forward(plan.start_joints)).tolist()
        _call("/widowx/move_to_pose", MoveToPose, start, plan.start_gripper, APPROACH_S, timeout_s=MOVE_S)
        self._reports.clear()
        due_s = _now_s()
        for number, command in enumerate(plan.commands, start=1):
            self._send(number, command)
            due_s = max(due_s + command.duration_s, _now_s())
            self._wait_until(due_s)
        self._wait_until(_now_s() + SETTLE_S)
        self._await_reports()
        last = self._target(), self._pose()
        found = self._compare(state, last)
        if not stay:
            _call("/widowx/home", Trigger, timeout_s=MOVE_S)
        return found

    def _send(self, number: int, command: ReplayCommand) -> None:
        message = EndEffectorCommand(sequence=number, duration_s=command.duration_s, gripper=command.gripper)
        message.header.stamp, message.header.frame_id = rospy.Time.now(), BASE_FRAME
        linear, angular = message.twist.linear, message.twist.angular
        linear.x, linear.y, linear.z, angular.x, angular.y, angular.z = command.twist.tolist()
        if command.ends is not None:
            self._ends[number] = command.ends
        self._publisher.publish(message)

    def _await_reports(self) -> None:
        deadline = time.monotonic() + REPORT_S
        while len(self._reached) < len(self._plan.poses):
            self._look()
            if time.monotonic() > deadline:
                missing = len(self._plan.poses) - len(self._reached)
                raise ReplayError(f"the bridge has not told what became of {missing} steps")
            time.sleep(LOOK_S)

    def _compare(self, state: np.ndarray, last: Tuple[np.ndarray, np.ndarray]) -> Deviation:
        reached = [self._reached[step] for step in sorted(self._reached)]
        reached[-1] = last
        targets, measured = [one[0] for one in reached], [one[1] for one in reached]
        return deviation(self._plan, targets, measured, state, self._limits)

    def _wait_until(self, due_s: float) -> None:
        """Until ROS time is there; raises ReplayError where something comes in between."""
        while _now_s() < due_s:
            self._look()
            time.sleep(LOOK_S)
        self._look()

    def _wait_wall(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._look()
            time.sleep(LOOK_S)

    def _look(self) -> None:
        """Take in reports; raise ReplayError where the replay must not go on."""
        while self._reports:
            self._take(self._reports.pop(0))
        if rospy.is_shutdown():
            raise ReplayError("the replay was interrupted; the arm is held")
        if self._silent():
            raise ReplayError(f"the robot has said nothing for {SILENT_S:g} s")
        if self._state.stopped or self._state.mode == "FAULT":
            raise ReplayError(f"the arm is stopped: {self._state.reason}")
        if time.monotonic() - self._foreign_s < QUIET_S:
            raise ReplayError(f"{self._foreign} commands the arm: end that first")
        if self._engaged:
            raise ReplayError("a hand drives the arm: release the grip first")

    def _take(self, report: ExecutedCommand) -> None:
        if not report.accepted:
            raise ReplayError(f"the servo refused a command: {report.reason}")
        self._limits.extend(report.limits)
        if report.sequence in self._ends:
            self._reached[self._ends[report.sequence]] = self._target(), self._pose()

    def _target(self) -> np.ndarray:
        return kinematics.state_to_pose(self._state.target[:6])

    def _pose(self) -> np.ndarray:
        return kinematics.state_to_pose(self._state.bridge_state[:6])

    def _silent(self) -> bool:
        return time.monotonic() - self._state_s > SILENT_S

    def _hear_state(self, message: EndEffectorState) -> None:
        self._state, self._state_s = message, time.monotonic()

    def _hear_hand(self, message: TeleopState) -> None:
        self._engaged = bool(message.engaged)

    def _hear_command(self, message: Any) -> None:
        sender = message._connection_header["callerid"]
        if sender != rospy.get_name():
            self._foreign, self._foreign_s = sender, time.monotonic()


def replay(plan: ReplayPlan, state: np.ndarray, scene: str, stay: bool) -> Tuple[Deviation, str]:
    """Replay on the robot whose master this process knows; how far it was from the recording, and what the task says.

    Args:
        plan: what is to be done.
        state: (T+1, 7) as recorded.
        scene: JSON of the simulated scene to build first, where the robot is simulated; empty: as it is.
        stay: at the end.

    Raises:
        ReplayError: where it cannot be done, or not to its end; the servo holds the arm then.
    """
    if not rosgraph.is_master_online():
        raise ReplayError("no ROS master answers: start robot.launch or collect.launch first")
    rospy.init_node("replay", anonymous=True, disable_signals=True)
    one = TopicReplay(plan)
    one.check_alone()
    simulated = _is_served(RESET)
    if simulated and scene:
        _call(RESET, ResetScene, scene, timeout_s=MOVE_S)
    found = one.run(state, stay)
    if not simulated:
        return found, ""
    return found, "succeeded" if ask(STATUS, TaskStatus, timeout_s=ARM_S).success else "failed"


def _call(name: str, service: Any, *arguments: Any, timeout_s: float) -> None:
    try:
        answer = ask(name, service, *arguments, timeout_s=timeout_s)
    except Unanswered as error:
        raise ReplayError(str(error)) from error
    if not answer.success:
        raise ReplayError(f"{name} refused: {answer.message}")


def _is_served(service: str) -> bool:
    try:
        rosgraph.Master(rospy.get_name()).lookupService(service)
    except rosgraph.MasterException:
        return False
    return True


def _now_s() -> float:
    return float(rospy.Time.now().to_sec())
