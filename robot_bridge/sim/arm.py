"""The simulated wx250s as an Arm: the same seam as the real one."""

import numpy as np

from robot_bridge.interface import JointReading
from robot_bridge.sim.world import World


class SimArm:
    """Six joints and a gripper of a simulated world; efforts in N m, stamps ``epoch_s`` after the world's time."""

    def __init__(self, world: World, epoch_s: float = 0.0) -> None:
        self._world = world
        self._epoch_s = epoch_s

    def read(self) -> JointReading:
        """The joints of this moment, stamped with simulated time."""
        world = self._world
        return JointReading(
            positions_rad=world.joints_rad,
            gripper=world.gripper,
            stamp_s=self._epoch_s + world.time_s,
            velocities_rad_s=world.joint_speeds_rad_s,
            efforts=world.efforts_nm,
        )

    def send_joints(self, positions_rad: np.ndarray, duration_s: float) -> None:
        """Send (6,) joint targets, reached in a straight line in ``duration_s`` of simulated time."""
        positions = np.asarray(positions_rad, dtype=np.float64)
        if positions.shape != (6,) or not np.all(np.isfinite(positions)):
            raise ValueError(f"expected six finite joint targets, got {positions.tolist()}")
        self._world.target_joints(positions, duration_s)

    def set_gripper(self, opening: float) -> None:
        """Set the gripper target 0..1, 1 open."""
        if not 0.0 <= opening <= 1.0:
            raise ValueError(f"gripper opening is {opening}, expected 0..1")
        self._world.target_gripper(opening)

    def set_torque(self, enabled: bool) -> None:
        """Switch the motors; off, the arm falls."""
        self._world.torque(enabled)

    def close(self) -> None:
        """Leave the world as it is: it belongs to whoever built it."""
