"""The robot as the control loop sees it through topics."""

import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Optional

import numpy as np
import rospy
from sensor_msgs.msg import CompressedImage, Image
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand

from robot_bridge.interface import STEP_S, Action, Executed, Observation, StaleData
from vptr_policy.freshness import FreshnessLimits, FrozenCheck, check_age
from vptr_policy.nodes.pictures import from_compressed, from_raw
from vptr_policy.nodes.ros_pace import WALL_PATIENCE_S
from vptr_policy.runtime import Unready

REFUSALS = 3
"""So many commands refused in a row end the episode."""
CLOCK_JUMP_S = 10.0
"""ROS time that goes on by more than this between two steps has jumped: the simulation was started again."""
_BUFFER_BYTES = 2**24


class TopicEnvironment:
    """Subscribes to camera, state and executed commands; publishes commands. An interface.Environment.

    Each observation has a picture newer than the one before, so that no picture is acted on twice, and the state
    measured nearest to its capture, as in the data. Nothing is ever sent but by ``apply``: the arm holds by silence.
    """

    def __init__(
        self, limits: FreshnessLimits, compressed: bool = False, confirm: Callable[[], bool] = lambda: False
    ) -> None:
        """``confirm`` is asked before each command and may raise; it tells whether it had to wait."""
        self._limits = limits
        self._confirm = confirm
        self._changed = threading.Condition()
        self._picture: Any = None
        self._states: Deque[Any] = deque(maxlen=100)
        self._heard_s = {"picture": -np.inf, "state": -np.inf}
        self._decode = from_compressed if compressed else from_raw
        self._sequence = 0
        self.begin()
        self._commands = rospy.Publisher("/widowx/command", EndEffectorCommand, queue_size=1, tcp_nodelay=True)
        topic, kind = ("/camera/color/image_raw/compressed", CompressedImage) if compressed else _RAW
        rospy.Subscriber(topic, kind, self._on_picture, queue_size=1, buff_size=_BUFFER_BYTES, tcp_nodelay=True)
        rospy.Subscriber("/widowx/state", EndEffectorState, self._on_state, queue_size=1, tcp_nodelay=True)
        rospy.Subscriber("/widowx/executed", ExecutedCommand, self._on_executed, queue_size=10, tcp_nodelay=True)

    def begin(self) -> None:
        """Forget the episode before."""
        self._frozen = FrozenCheck(self._limits)
        self._used_s = 0.0
        self._waited = False
        self._first_sequence = self._sequence + 1
        self._executed = Executed(np.zeros(7))
        self._refusals = 0
        self._refusal = ""
        self._clock_s: Optional[float] = None

    def observe(self) -> Observation:
        """The newest picture and the state at its capture; waits for a picture that was not used yet.

        Raises StaleData when one of them is old, from the future or frozen.
        """
        picture = self._await_picture()
        now = rospy.get_time()
        stamp = picture.header.stamp.to_sec()
        check_age("picture", stamp, now, self._limits)
        check_age("state", self._newest_state().header.stamp.to_sec(), now, self._limits)
        state = min(list(self._states), key=lambda message: abs(message.header.stamp.to_sec() - stamp))
        try:
            image = self._decode(picture)
        except ValueError as error:
            raise StaleData(str(error)) from error
        observation = Observation(image, np.array(state.bridge_state), stamp, state.header.stamp.to_sec())
        self._frozen.check(observation)
        self._used_s = stamp
        return observation

    def apply(self, action: Action) -> Executed:
        """Send the action; returns at once with what the bridge last reported, which is of an earlier command."""
        if self._waited:
            check_age("picture", self._used_s, rospy.get_time(), self._limits)
        self._sequence += 1
        message = EndEffectorCommand(sequence=self._sequence, duration_s=STEP_S, gripper=action.gripper)
        message.header.stamp = rospy.Time.now()
        message.header.frame_id = "base_link"
        message.observation_stamp = rospy.Time.from_sec(self._used_s)
        linear, angular = np.split(action.twist(), 2)
        message.twist.linear.x, message.twist.linear.y, message.twist.linear.z = linear.tolist()
        message.twist.angular.x, message.twist.angular.y, message.twist.angular.z = angular.tolist()
        self._commands.publish(message)
        return self._executed

    def finished(self) -> Optional[str]:
        """None, as the task's success is for others to judge; raises Unready when the bridge cannot act."""
        self._waited = self._confirm()
        self._check_clock()
        self._check_alive("state")
        state = self._newest_state()
        if state.stopped:
            raise Unready(f"stopped: {state.reason or 'call /widowx/resume'}")
        if state.mode == "FAULT":
            raise Unready(f"the bridge is in FAULT: {state.reason}")
        if not state.armed:
            raise Unready("the bridge is not armed: call /widowx/arm first")
        if state.mode == "MOVING":
            raise Unready("the arm is on a move of its own (/widowx/move_to_pose, home or sleep)")
        if self._refusals >= REFUSALS:
            raise Unready(f"the bridge refused {self._refusals} commands in a row: {self._refusal}")
        return None

    def _await_picture(self) -> Any:
        with self._changed:
            while True:
                self._check_alive("picture")
                if self._picture is not None:
                    stamp = self._picture.header.stamp.to_sec()
                    if stamp > self._used_s or rospy.get_time() - stamp > self._limits.max_age_s:
                        return self._picture
                self._changed.wait(0.02)

    def _newest_state(self) -> Any:
        with self._changed:
            return self._states[-1]

    def _check_alive(self, what: str) -> None:
        silent_s = time.monotonic() - self._heard_s[what]
        if silent_s > max(WALL_PATIENCE_S, self._limits.max_age_s):
            raise StaleData(f"no {what} for {silent_s:.1f} s" if np.isfinite(silent_s) else f"no {what} yet")

    def _check_clock(self) -> None:
        now, before = rospy.get_time(), self._clock_s
        self._clock_s = now
        if before is not None and not -self._limits.future_s <= now - before <= CLOCK_JUMP_S:
            raise Unready(f"ROS time jumped by {now - before:.1f} s: was the simulation started again?")

    def _on_picture(self, message: Any) -> None:
        with self._changed:
            self._picture = message
            self._heard_s["picture"] = time.monotonic()
            self._changed.notify_all()

    def _on_state(self, message: Any) -> None:
        with self._changed:
            if self._states and message.header.stamp < self._states[-1].header.stamp:
                self._states.clear()
            self._states.append(message)
            self._heard_s["state"] = time.monotonic()

    def _on_executed(self, message: Any) -> None:
        if message.sequence < self._first_sequence:
            return
        self._executed = Executed(np.array(message.executed), tuple(message.limits))
        self._refusals = 0 if message.accepted else self._refusals + 1
        self._refusal = message.reason
        self._frozen.moved_target(float(np.linalg.norm(message.executed[:3])))


_RAW = ("/camera/color/image_raw", Image)
