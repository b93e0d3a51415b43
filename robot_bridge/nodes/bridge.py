"""The bridge node: drives the arm, real or simulated, from /widowx/command. Interface: docs/ros_interface.md."""

import math
import sys
from typing import Any, Callable, Dict, List, Optional

import rospy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_srvs.srv import Trigger, TriggerRequest, TriggerResponse
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand
from vptr_widowx.srv import MoveToPose, MoveToPoseRequest, MoveToPoseResponse

from robot_bridge import kinematics
from robot_bridge.interbotix import InterbotixArm
from robot_bridge.joint_motion import Move
from robot_bridge.nodes.leaving import ends_quietly
from robot_bridge.nodes.master_watch import MasterWatch
from robot_bridge.nodes.messages import to_command, to_executed, to_state
from robot_bridge.pace import Pace
from robot_bridge.rig import RealRig, Rig
from robot_bridge.safety import Limits, load_limits
from robot_bridge.servo import ArmUnready, Mode, ServoStatus

MASTER_PERIOD_S = 0.1
DIAGNOSTICS_EVERY = 50
MOVE_PATIENCE_S = 60.0


class Bridge:
    """Steps a rig at the servo's rate and connects its servo with topics and services."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._steps = 0
        self._late_s: List[float] = []
        self._status: Optional[ServoStatus] = None
        self._state = rospy.Publisher("/widowx/state", EndEffectorState, queue_size=5, tcp_nodelay=True)
        self._executed = rospy.Publisher("/widowx/executed", ExecutedCommand, queue_size=50, tcp_nodelay=True)
        self._diagnostics = rospy.Publisher("/diagnostics", DiagnosticArray, queue_size=5)
        rospy.Subscriber("/widowx/command", EndEffectorCommand, self._receive, queue_size=50, tcp_nodelay=True)
        self._watch = MasterWatch(MASTER_PERIOD_S, on_lost=self._master_lost)
        self._serve()

    def run(self, after_step: Callable[[ServoStatus], None] = lambda _: None) -> None:
        """Step until shutdown; ``after_step`` is called with each status."""
        period_s = self._rig.wall_period_s()
        pace = Pace(period_s)
        while not rospy.is_shutdown():
            self._status = status = self._rig.step()
            after_step(status)
            self._publish(status)
            if self._watch.forgotten is not None:
                raise RuntimeError(self._watch.forgotten)
            if self._rig.wall_period_s() != period_s:
                period_s = self._rig.wall_period_s()
                pace = Pace(period_s)
            self._late_s.append(pace.wait())

    def _serve(self) -> None:
        rospy.Service("/widowx/arm", Trigger, lambda _: self._try(self._arm, "armed"))
        rospy.Service("/widowx/disarm", Trigger, lambda _: self._try(lambda: self._rig.servo.disarm(), "disarmed"))
        rospy.Service("/widowx/stop", Trigger, self._stop)
        rospy.Service("/widowx/resume", Trigger, lambda _: self._try(lambda: self._rig.servo.resume(), "armed"))
        rospy.Service("/widowx/home", Trigger, self._to(kinematics.HOME_JOINTS))
        rospy.Service("/widowx/sleep", Trigger, self._to(kinematics.SLEEP_JOINTS))
        rospy.Service("/widowx/move_to_pose", MoveToPose, self._move_to_pose)

    def _receive(self, message: EndEffectorCommand) -> None:
        self._rig.servo.submit(to_command(message))

    def _arm(self) -> None:
        if self._status is not None and self._status.stopped:
            raise ArmUnready(f"{self._status.reason}: call /widowx/resume, which also arms")
        self._rig.servo.arm()

    def _stop(self, _: TriggerRequest) -> TriggerResponse:
        self._rig.servo.stop("/widowx/stop was called")  # waits for nobody
        return TriggerResponse(success=True, message="stopped until /widowx/resume")

    def _master_lost(self) -> None:
        self._rig.servo.stop("the ROS master is gone: start the launch again")

    def _try(self, call: Callable[[], None], done: str) -> TriggerResponse:
        try:
            call()
        except ArmUnready as error:
            return TriggerResponse(success=False, message=str(error))
        return TriggerResponse(success=True, message=done)

    def _to(self, joints: Any) -> Callable[[TriggerRequest], TriggerResponse]:
        def handle(_: TriggerRequest) -> TriggerResponse:
            return TriggerResponse(*self._await(self._rig.servo.move_joints(joints)))

        return handle

    def _move_to_pose(self, request: MoveToPoseRequest) -> MoveToPoseResponse:
        numbers = [*request.pose, request.gripper, request.duration_s]
        if not all(math.isfinite(number) for number in numbers):
            return MoveToPoseResponse(False, "pose, gripper and duration must be finite numbers")
        pose = kinematics.state_to_pose(request.pose)
        move = self._rig.servo.move_to(pose, request.gripper, request.duration_s)
        return MoveToPoseResponse(*self._await(move))

    @staticmethod
    def _await(move: Move) -> Any:
        if not move.wait(MOVE_PATIENCE_S):
            return False, f"the move did not end in {MOVE_PATIENCE_S:.0f} s of wall time"
        return move.success, move.message or "arrived"

    def _publish(self, status: ServoStatus) -> None:
        self._state.publish(to_state(status))
        for report in self._rig.servo.take_reports():
            self._executed.publish(to_executed(report))
        self._steps += 1
        if self._steps % DIAGNOSTICS_EVERY == 0:
            self._diagnose(status)

    def _diagnose(self, status: ServoStatus) -> None:
        late_s, self._late_s = sorted(self._late_s), []
        level, message = DiagnosticStatus.OK, status.mode
        if status.mode == Mode.FAULT:
            level = DiagnosticStatus.ERROR
        elif status.stopped or not status.armed:
            level = DiagnosticStatus.WARN
        if status.reason:
            message = f"{status.mode}: {status.reason}"
        values = {"late_median_s": late_s[len(late_s) // 2], "late_max_s": late_s[-1]} if late_s else {}
        values["period_s"] = self._rig.wall_period_s()
        pairs = [KeyValue(key, f"{value:.5f}") for key, value in values.items()]
        entry = DiagnosticStatus(level, rospy.get_name() + ": servo", message, "wx250s", pairs)
        array = DiagnosticArray(status=[entry])
        array.header.stamp = rospy.Time.from_sec(self._rig.now_s())
        self._diagnostics.publish(array)


def main() -> None:
    """Run the node; exits with status 1 and one line of reason when it cannot work."""
    rospy.init_node("bridge")
    try:
        with ends_quietly():
            run(rospy.get_param("~", {}))
    except (OSError, RuntimeError, ValueError) as error:
        rospy.logfatal("bridge: %s", error)
        sys.exit(1)


def run(parameters: Dict[str, Any]) -> None:
    """Drive the robot that the private parameters name until shutdown."""
    robot = str(parameters.get("robot", "sim"))
    if robot not in ("sim", "interbotix"):
        raise ValueError(f"~robot is {robot!r}, expected sim or interbotix")
    limits = load_limits(robot, parameters["limits"]) if parameters.get("limits") else load_limits(robot)
    if robot == "interbotix":
        _drive_real(limits)
    else:
        _drive_simulated(limits, parameters)


def _drive_real(limits: Limits) -> None:
    rig = RealRig(InterbotixArm(), limits, lambda: rospy.Time.now().to_sec())
    try:
        Bridge(rig).run()
    finally:
        rig.close()


def _drive_simulated(limits: Limits, parameters: Dict[str, Any]) -> None:
    from robot_bridge.nodes.simulation import Simulation

    simulation = Simulation(limits, parameters)
    try:
        Bridge(simulation.rig).run(simulation.publish)
    finally:
        simulation.rig.close()
