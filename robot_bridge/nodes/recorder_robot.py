"""The robot as the recorder knows it: whether a demonstration can be given, and how it gets ready for the next."""

import json
import threading
import time
from typing import Any, Dict, List, Optional

import rosgraph
import rospy
from std_srvs.srv import Trigger
from vptr_widowx.msg import EndEffectorState, SimState
from vptr_widowx.srv import MoveToPose, ResetScene

from robot_bridge.nodes.calls import Unanswered, ask
from robot_bridge.recording.options import RecorderOptions
from robot_bridge.recording.variety import Hint

STALE_S = 1.0
ARM_S, RESET_S, MOVE_S = 5.0, 30.0, 65.0
SLOWLY_S = 3.0
"""A move between demonstrations takes at least this long: people have their hands there."""
READY = ("IDLE", "SERVO", "HOLD")
RESET = "/sim/reset"


class RobotSurroundings:
    """Hears the bridge; between demonstrations builds a new scene (simulated) or moves the arm (both).

    Args:
        options: of the recorder.
        number: how many episodes there are already: each simulated layout is used once.
    """

    def __init__(self, options: RecorderOptions, number: int) -> None:
        self._options, self._number = options, number
        self._poses: Dict[str, List[float]] = options.poses()
        self._state: Optional[EndEffectorState] = None
        self._state_s = float("-inf")
        self._scene = ""
        self._busy, self._problem = False, ""
        rospy.Subscriber("/widowx/state", EndEffectorState, self._hear_state, queue_size=5, tcp_nodelay=True)
        rospy.Subscriber("/sim/state", SimState, self._hear_scene, queue_size=1)

    def obstacle(self) -> str:
        """Why no demonstration can be given now, in words."""
        state = self._state
        if state is None or time.monotonic() - self._state_s > STALE_S:
            return "the robot is not heard: is the bridge running?"
        if self._busy:
            return "the robot gets ready: wait"
        if state.stopped:
            return f"the arm is stopped ({state.reason}): press Y to go on from home"
        if not state.armed:
            return "the arm is disarmed: press Y to arm it and go home, or X for a new start"
        return "" if state.mode in READY else f"the arm is {state.mode}: {state.reason or 'wait'}"

    def prepare(self, hint: Hint) -> None:
        """Begin to get ready; a latched stop stays, and then nothing moves."""
        if self._busy or self._options.between == "stay":
            return
        self._busy, self._problem = True, ""
        self._number += 1
        threading.Thread(target=self._guarded, args=(hint,), name="recorder's preparation", daemon=True).start()

    def preparing(self) -> bool:
        """Whether the robot gets ready."""
        return self._busy

    def problem(self) -> str:
        """Why it did not get ready, in words."""
        return self._problem

    def about(self) -> Dict[str, Any]:
        """The simulated scene, so that a replay meets it again."""
        return {"scene": json.loads(self._scene)} if self._scene else {}

    def _guarded(self, hint: Hint) -> None:
        try:
            self._prepare(hint)
        except (Unanswered, RuntimeError, ValueError) as error:
            self._problem = f"the robot did not get ready: {error}"
            rospy.logwarn("recorder: %s", self._problem)
        finally:
            self._busy = False

    def _prepare(self, hint: Hint) -> None:
        state = self._state
        if state is not None and state.stopped:
            raise RuntimeError("the arm is stopped: press Y to go on from home, then X")
        pose = self._poses.get(hint.start) if self._options.between == "start" else None
        if _is_served(RESET):
            self._reset(hint, pose)
            return
        _call("/widowx/arm", Trigger, timeout_s=ARM_S)
        _call("/widowx/home", Trigger, timeout_s=MOVE_S)
        if pose is not None:
            _call("/widowx/move_to_pose", MoveToPose, pose[:6], pose[6], SLOWLY_S, timeout_s=MOVE_S)

    def _reset(self, hint: Hint, pose: Optional[List[float]]) -> None:
        """A new simulated layout, in which the arm is at the start already."""
        from robot_bridge.sim.layouts import layout

        region = hint.region if pose is not None else ""
        scene = layout(self._options.task, self._options.seed, self._number, pose, region)
        _call(RESET, ResetScene, scene.to_json(), timeout_s=RESET_S)
        _call("/widowx/arm", Trigger, timeout_s=ARM_S)

    def _hear_state(self, message: EndEffectorState) -> None:
        self._state, self._state_s = message, time.monotonic()

    def _hear_scene(self, message: SimState) -> None:
        self._scene = message.scene


def _is_served(service: str) -> bool:
    try:
        rosgraph.Master(rospy.get_name()).lookupService(service)
    except rosgraph.MasterException:
        return False
    return True


def _call(name: str, service: Any, *arguments: Any, timeout_s: float) -> None:
    answer = ask(name, service, *arguments, timeout_s=timeout_s)
    if not answer.success:
        raise RuntimeError(f"{name} refused: {answer.message}")
