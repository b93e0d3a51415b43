"""The simulated robot for the bridge: world, arm and servo; the world is exchanged when the scene is."""

import threading
import uuid
from dataclasses import dataclass
from typing import Tuple

import numpy as np

from robot_bridge import kinematics
from robot_bridge.interface import JointReading
from robot_bridge.safety import Limits
from robot_bridge.servo import PERIOD_S, Servo, ServoStatus
from robot_bridge.sim.arm import SimArm
from robot_bridge.sim.scene import SceneSpec
from robot_bridge.sim.success import SuccessWatch
from robot_bridge.sim.world import World

MAX_SPEED = 50.0


@dataclass(frozen=True)
class TaskProgress:
    """How far the task of a scene has come.

    ``success`` has held at each servo period for ``held_s``, since ``since_s`` (simulated time; 0 where it does not).
    ``milestones`` are those reached so far, ``scene_id`` names the very scene.
    """

    success: bool
    held_s: float
    since_s: float
    milestones: Tuple[str, ...]
    scene_id: str


class _SharedArm:
    """A SimArm for several threads: no call comes in between while the physics runs."""

    def __init__(self, arm: SimArm, lock: threading.Lock) -> None:
        self._arm, self._lock = arm, lock

    def read(self) -> JointReading:
        with self._lock:
            return self._arm.read()

    def send_joints(self, positions_rad: np.ndarray, duration_s: float) -> None:
        with self._lock:
            self._arm.send_joints(positions_rad, duration_s)

    def set_gripper(self, opening: float) -> None:
        with self._lock:
            self._arm.set_gripper(opening)

    def set_torque(self, enabled: bool) -> None:
        with self._lock:
            self._arm.set_torque(enabled)

    def close(self) -> None:
        self._arm.close()


class SimulatedRig:
    """A simulated world driven by the servo in simulated time, which never goes back, not even with a new scene.

    One lock guards the world and its clock, for no longer than the physics of a period or a single call of the arm
    takes; the servo is never called under it.

    Args:
        spec: the first scene.
        limits: of the servo.
        epoch_s: simulated time at the start [s].
        speed: times faster than real time.
    """

    def __init__(self, spec: SceneSpec, limits: Limits, epoch_s: float = 0.0, speed: float = 1.0) -> None:
        self._lock, self._exchanging = threading.Lock(), threading.Lock()
        self._now_s = epoch_s
        self.set_speed(speed)
        self.servo = Servo(self._install(World(spec)), limits, self.now_s)

    def reset(self, spec: SceneSpec) -> str:
        """Exchange the world and return the new scene's name; a scene that cannot be built leaves the old one.

        The servo is disarmed, its move ends; a stop stays latched.
        """
        world = World(spec)
        with self._exchanging:
            with self._lock:
                self._world.close()
                arm, scene_id = self._install(world), self._scene_id
            self.servo.exchange(arm, "the scene was exchanged")
        return scene_id

    @property
    def world(self) -> World:
        """The world of the scene, for who steps it, and in the same thread."""
        return self._world

    def state(self) -> np.ndarray:
        """The Bridge state (7,) of this very moment, as no sensor has it."""
        pose = kinematics.forward(self._world.joints_rad)
        return np.append(kinematics.pose_to_state(pose), self._world.gripper)

    def _install(self, world: World) -> _SharedArm:
        self._world, self._scene = world, world.spec.to_json()
        self._scene_id, self._watch = str(uuid.uuid4()), SuccessWatch()
        self._epoch_s = self._now_s - world.time_s
        self._watch.look(world.success(), self._now_s)
        return _SharedArm(SimArm(world, self._epoch_s), self._lock)

    def set_speed(self, speed: float) -> None:
        """Run ``speed`` times faster than real time; raises ValueError outside (0, 50]."""
        if not 0.0 < speed <= MAX_SPEED:
            raise ValueError(f"speed {speed}: expected more than 0 and at most {MAX_SPEED:g}")
        self.speed = speed

    def step(self) -> ServoStatus:
        """One servo tick, then the physics of its period."""
        status = self.servo.tick()
        with self._lock:
            self._world.advance(PERIOD_S)
            self._now_s = self._epoch_s + self._world.time_s
            self._watch.look(self._world.success(), self._now_s)
        return status

    def now_s(self) -> float:
        """Simulated time [s]."""
        return self._now_s

    def wall_period_s(self) -> float:
        """Wall time of one step [s]."""
        return PERIOD_S / self.speed

    def scene(self) -> Tuple[str, np.ndarray]:
        """The scene as JSON and its generalised positions."""
        with self._lock:
            return self._scene, self._world.qpos

    def task_status(self) -> TaskProgress:
        """How far the task has come, as of the latest step."""
        with self._lock:
            since, milestones = self._watch.since_s, tuple(self._world.milestones())
            if since is None:
                return TaskProgress(False, 0.0, 0.0, milestones, self._scene_id)
            return TaskProgress(True, self._now_s - since, since, milestones, self._scene_id)

    def close(self) -> None:
        """Release the world."""
        with self._lock:
            self._world.close()
