"""The simulated world on ROS: /clock, /sim/state and the services that exchange the scene and the speed."""

import math
from typing import Any, Dict

import rospy
from rosgraph_msgs.msg import Clock
from vptr_widowx.msg import SimState
from vptr_widowx.srv import (
    ResetScene,
    ResetSceneRequest,
    ResetSceneResponse,
    SetSpeed,
    SetSpeedRequest,
    SetSpeedResponse,
    TaskStatus,
    TaskStatusRequest,
    TaskStatusResponse,
)

from robot_bridge.safety import Limits
from robot_bridge.servo import ServoStatus
from robot_bridge.sim.rig import SimulatedRig
from robot_bridge.sim.scene import SceneSpec, sample_scene
from robot_bridge.sim.tasks import TASKS

EPOCH_S = 1.0e5
EPOCH_PARAMETER = "/sim/epoch"


class Simulation:
    """A simulated rig with its topics and services.

    Each bridge of a master's life starts its clock a hundred thousand seconds after the one before: ROS time must
    not go back when a bridge that died is started again.
    """

    def __init__(self, limits: Limits, parameters: Dict[str, Any]) -> None:
        speed = float(parameters.get("speed", 1.0))
        if not math.isfinite(speed) or speed < 0.0:
            raise ValueError(f"~speed is {speed}, expected a positive number (0: real time until somebody sets it)")
        scene = str(parameters.get("scene", ""))
        spec = SceneSpec.from_json(scene) if scene else sample_scene(next(iter(TASKS)), 0)
        epoch = int(rospy.get_param(EPOCH_PARAMETER, 0)) + 1
        rospy.set_param(EPOCH_PARAMETER, epoch)
        self.rig = SimulatedRig(spec, limits, epoch * EPOCH_S, speed or 1.0)
        self._clock = rospy.Publisher("/clock", Clock, queue_size=1, tcp_nodelay=True)
        self._state = rospy.Publisher("/sim/state", SimState, queue_size=1, tcp_nodelay=True)
        rospy.Service("/sim/reset", ResetScene, self._reset)
        rospy.Service("/sim/status", TaskStatus, self._status)
        rospy.Service("/sim/set_speed", SetSpeed, self._set_speed)

    def publish(self, _: ServoStatus) -> None:
        """Publish the time and the state of the world after a step."""
        stamp = rospy.Time.from_sec(self.rig.now_s())
        self._clock.publish(Clock(clock=stamp))
        scene, qpos = self.rig.scene()
        message = SimState(scene=scene, qpos=qpos.tolist())
        message.header.stamp = stamp
        self._state.publish(message)

    def _reset(self, request: ResetSceneRequest) -> ResetSceneResponse:
        try:
            scene_id = self.rig.reset(SceneSpec.from_json(request.scene))
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            return ResetSceneResponse(False, f"cannot build this scene: {error}", "")
        return ResetSceneResponse(True, "the scene is built; the arm is disarmed", scene_id)

    def _status(self, _: TaskStatusRequest) -> TaskStatusResponse:
        now = self.rig.task_status()
        return TaskStatusResponse(
            success=now.success,
            held_s=now.held_s,
            since=rospy.Time.from_sec(now.since_s),
            milestones=list(now.milestones),
            scene_id=now.scene_id,
            message=f"success for {now.held_s:.2f} s" if now.success else "not yet",
        )

    def _set_speed(self, request: SetSpeedRequest) -> SetSpeedResponse:
        try:
            self.rig.set_speed(request.speed)
        except ValueError as error:
            return SetSpeedResponse(False, str(error))
        return SetSpeedResponse(True, f"{request.speed:g} times real time")
