"""The simulated robot for the bridge: world, arm and servo, exchanged together when the scene is."""

import threading
from typing import Tuple

import numpy as np

from robot_bridge.safety import Limits
from robot_bridge.servo import PERIOD_S, Servo, ServoStatus
from robot_bridge.sim.arm import SimArm
from robot_bridge.sim.scene import SceneSpec
from robot_bridge.sim.world import World

MAX_SPEED = 50.0


class SimulatedRig:
    """A simulated world driven by the servo in simulated time, which never goes back, not even with a new scene.

    Args:
        spec: the first scene.
        limits: of the servo.
        epoch_s: simulated time at the start [s].
        speed: times faster than real time.
    """

    def __init__(self, spec: SceneSpec, limits: Limits, epoch_s: float = 0.0, speed: float = 1.0) -> None:
        self._limits = limits
        self.lock = threading.RLock()
        self._now_s = epoch_s
        self.set_speed(speed)
        self._install(World(spec))

    def reset(self, spec: SceneSpec) -> None:
        """Exchange the world; the new servo is disarmed. A scene that cannot be built leaves the old one."""
        world = World(spec)
        with self.lock:
            self._world.close()
            self._install(world)

    def _install(self, world: World) -> None:
        self._world, self._scene = world, world.spec.to_json()
        self._epoch_s = self._now_s - world.time_s
        self.servo = Servo(SimArm(world, self._epoch_s), self._limits, self.now_s)

    def set_speed(self, speed: float) -> None:
        """Run ``speed`` times faster than real time; raises ValueError outside (0, 50]."""
        if not 0.0 < speed <= MAX_SPEED:
            raise ValueError(f"speed {speed}: expected more than 0 and at most {MAX_SPEED:g}")
        self.speed = speed

    def step(self) -> ServoStatus:
        """One servo tick, then the physics of its period."""
        with self.lock:
            status = self.servo.tick()
            self._world.advance(PERIOD_S)
            self._now_s = self._epoch_s + self._world.time_s
            return status

    def now_s(self) -> float:
        """Simulated time [s]."""
        return self._now_s

    def wall_period_s(self) -> float:
        """Wall time of one step [s]."""
        return PERIOD_S / self.speed

    def scene(self) -> Tuple[str, np.ndarray]:
        """The scene as JSON and its generalised positions."""
        with self.lock:
            return self._scene, self._world.qpos

    def task_status(self) -> Tuple[bool, Tuple[str, ...]]:
        """Whether the task's success predicate holds now, and the milestones reached so far."""
        with self.lock:
            return self._world.success(), tuple(self._world.milestones())

    def close(self) -> None:
        """Release the world."""
        with self.lock:
            self._world.close()
