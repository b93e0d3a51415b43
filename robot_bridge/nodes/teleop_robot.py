"""The arm as the teleoperation node knows it: its state and reports from topics, and the calls that move it."""

import math
import threading
import time
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import rospy
from std_srvs.srv import Trigger
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand

from robot_bridge import kinematics
from robot_bridge.nodes.calls import Unanswered, ask
from robot_bridge.nodes.messages import BASE_FRAME
from robot_bridge.teleop.teleoperator import Motion, RobotView

STALE_S = 0.25
"""A state that is older by the wall clock says nothing of the arm any more."""
STOP_S = 3.0
HOME_S = 60.0
READY = ("IDLE", "SERVO", "HOLD")
"""Modes in which commands move an arm that is armed and not stopped."""


class RobotTopics:
    """Hears the bridge and commands it. ``take_reports`` is for the thread that drives the arm.

    ``stops`` counts the stops that were asked for here: what was asked before one is not done after it.
    """

    def __init__(self) -> None:
        self._state: Optional[EndEffectorState] = None
        self._state_s = float("-inf")
        self._reports: List[Any] = []
        self._lock = threading.Lock()
        self._going_home = False
        self._said = ""
        self.stops = 0
        self._command = rospy.Publisher("/widowx/command", EndEffectorCommand, queue_size=10, tcp_nodelay=True)
        rospy.Subscriber("/widowx/state", EndEffectorState, self._hear_state, queue_size=5, tcp_nodelay=True)
        rospy.Subscriber("/widowx/executed", ExecutedCommand, self._hear_report, queue_size=50, tcp_nodelay=True)

    def view(self) -> RobotView:
        """The arm now."""
        state = self._state
        if state is None or not all(math.isfinite(value) for value in state.bridge_state):
            return RobotView(np.eye(4), 1.0, self._obstacle(state) or "the arm cannot be read")
        pose = kinematics.state_to_pose(state.bridge_state[:6])
        return RobotView(pose, min(1.0, max(0.0, state.gripper)), self._obstacle(state))

    def described(self) -> Dict[str, Any]:
        """For the page."""
        state = self._state
        told = {"said": self._said, "stops": self.stops}
        if state is None:
            return {"mode": "", "armed": False, "stopped": False, "reason": self._obstacle(None), **told}
        return {
            "mode": state.mode,
            "armed": state.armed,
            "stopped": state.stopped,
            "reason": state.reason or self._obstacle(state),
            **told,
        }

    def moves_by_itself(self) -> bool:
        """Whether somebody else than a commander moves the arm and its gripper: a service, or a new simulated scene."""
        state = self._state
        return state is not None and (state.mode == "MOVING" or not state.armed)

    def take_reports(self) -> List[Any]:
        """The /widowx/executed that came since the last call."""
        with self._lock:
            taken, self._reports = self._reports, []
        return taken

    def send(self, motion: Motion) -> None:
        """Command a motion."""
        message = EndEffectorCommand(sequence=motion.number, duration_s=motion.duration_s, gripper=motion.gripper)
        message.header.stamp, message.header.frame_id = rospy.Time.now(), BASE_FRAME
        linear, angular = message.twist.linear, message.twist.angular
        linear.x, linear.y, linear.z, angular.x, angular.y, angular.z = motion.twist.tolist()
        self._command.publish(message)

    def stop(self) -> str:
        """Stop the arm; raises RuntimeError where the bridge did not say that it did."""
        with self._lock:
            self.stops += 1
        return str(ask("/widowx/stop", Trigger, timeout_s=STOP_S).message)

    def stop_soon(self) -> None:
        """Stop the arm without waiting for the answer."""
        with self._lock:
            self.stops += 1
        self._in_background(lambda: self._note(self.stop()))

    def go_home(self, asked: int, moved: Callable[[], None]) -> None:
        """Resume or arm, whatever is needed, and go home, without waiting; ``moved`` is called before it moves.

        Nothing is done where there have been more ``stops`` than ``asked``; one that comes meanwhile has the last word.
        """
        state = self._state
        if self._going_home or state is None or self.stops != asked:
            return
        self._going_home = True
        moved()
        self._in_background(lambda: self._home(asked, "/widowx/resume" if state.stopped else "/widowx/arm"))

    def _home(self, asked: int, ready: str) -> None:
        try:
            for name, timeout_s in ((ready, STOP_S), ("/widowx/home", HOME_S)):
                if self.stops != asked:
                    if name != ready:  # the stop may have come before the arm was made ready: then that has lifted it
                        ask("/widowx/stop", Trigger, timeout_s=STOP_S)
                    self._note("a STOP came first: the arm does not go home")
                    return
                answer = ask(name, Trigger, timeout_s=timeout_s)
                if not answer.success:
                    self._note(f"{name} refused: {answer.message}")
                    return
            self._note("")
        finally:
            self._going_home = False

    def _in_background(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Unanswered as error:
                self._note(str(error))

        threading.Thread(target=guarded, name="teleoperator's call", daemon=True).start()

    def _note(self, text: str) -> None:
        self._said = text
        if text:
            rospy.logwarn("teleop: %s", text)

    def _obstacle(self, state: Optional[EndEffectorState]) -> str:
        """Why the arm takes no commands now, in words."""
        silent_s = time.monotonic() - self._state_s
        if state is None:
            return "the robot has not been heard of: is the bridge running?"
        if silent_s > STALE_S:
            return f"the robot has said nothing for {silent_s:.1f} s"
        if self._going_home:
            return "the arm goes home"
        if state.stopped:
            return f"the arm is stopped ({state.reason}): press Y to go on from home"
        if not state.armed:
            return "the arm is disarmed: press Y to arm it and go home"
        return "" if state.mode in READY else f"the arm is {state.mode}: {state.reason or 'wait'}"

    def _hear_state(self, message: EndEffectorState) -> None:
        self._state, self._state_s = message, time.monotonic()

    def _hear_report(self, message: ExecutedCommand) -> None:
        with self._lock:
            self._reports.append(message)
