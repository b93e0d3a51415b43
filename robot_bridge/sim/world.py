"""The simulated world: physics of a scene, advanced by simulated seconds, and how far its task has come."""

from typing import List, Optional, Tuple

import mujoco
import numpy as np

from robot_bridge import kinematics
from robot_bridge.sim.arm_model import FINGER_OPEN_M, JOINTS
from robot_bridge.sim.judge import Judge
from robot_bridge.sim.model import PHYSICS_STEP_S, build_model
from robot_bridge.sim.scene import SceneSpec

ARM_GROUP, GRIPPER_GROUP = 1, 2
ADVANCE_STEPS = 5
"""Physics steps between two updates of the targets and of the judge: 20 ms, the period of the servo."""


class WorldBroken(RuntimeError):
    """The physics diverged: MuJoCo met numbers it cannot integrate and set its state back."""


class World:
    """Physics of one scene. ``qpos`` and ``time_s`` are what a camera in another process needs."""

    def __init__(self, spec: SceneSpec) -> None:
        self.spec = spec
        self.model = build_model(spec)
        self.data = mujoco.MjData(self.model)
        self.closed = False
        self._joints = np.array([self.model.joint(name).qposadr[0] for name in JOINTS])
        self._fingers = [int(self.model.joint(f"{side}_finger").qposadr[0]) for side in ("left", "right")]
        self._gravity_compensation = self.model.body_gravcomp.copy()
        self._ramp: Optional[Tuple[np.ndarray, np.ndarray, float, float]] = None
        self._settle(start_joints(spec), spec.start[6])
        self.judge = Judge(spec, self.model, self.data)

    def _settle(self, joints: np.ndarray, gripper: float) -> None:
        """Park the arm and let the things come to rest before time begins."""
        self.data.qpos[self._joints] = self.data.ctrl[:6] = joints
        self.data.qpos[self._fingers] = self.data.ctrl[6] = gripper * FINGER_OPEN_M
        self._step(50)
        self.data.time = 0.0
        mujoco.mj_forward(self.model, self.data)

    @property
    def time_s(self) -> float:
        """Simulated time since the world was built [s]."""
        return float(self.data.time)

    @property
    def qpos(self) -> np.ndarray:
        """All generalised positions, a copy."""
        return self.data.qpos.copy()

    @property
    def joints_rad(self) -> np.ndarray:
        """(6,) measured arm joints."""
        return self.data.qpos[self._joints].copy()

    @property
    def joint_speeds_rad_s(self) -> np.ndarray:
        """(6,) measured speeds of the arm joints; the arm's joints are the model's first."""
        return self.data.qvel[:6].copy()

    @property
    def efforts_nm(self) -> np.ndarray:
        """(6,) torques the arm's actuators apply."""
        return self.data.actuator_force[:6].copy()

    @property
    def gripper(self) -> float:
        """Measured opening 0..1."""
        qpos, (left, right) = self.data.qpos, self._fingers
        opening = (float(qpos[left]) + float(qpos[right])) / (2.0 * FINGER_OPEN_M)
        return min(1.0, max(0.0, opening))

    def target_joints(self, positions_rad: np.ndarray, duration_s: float) -> None:
        """Drive the arm's targets in a straight line in joint space to ``positions_rad`` (6,) in ``duration_s``."""
        self._ramp = (self.data.ctrl[:6].copy(), np.array(positions_rad), self.time_s, max(duration_s, 0.0))

    def target_gripper(self, opening: float) -> None:
        """Set the gripper's target 0..1."""
        self.data.ctrl[6] = opening * FINGER_OPEN_M

    def torque(self, enabled: bool) -> None:
        """Switch the arm's motors; off, it falls."""
        bits = 0 if enabled else (1 << ARM_GROUP) | (1 << GRIPPER_GROUP)
        if enabled and self.model.opt.disableactuator:
            self._ramp = None
            self.data.ctrl[:6] = self.data.qpos[self._joints]
        self.model.opt.disableactuator = bits
        self.model.body_gravcomp[:] = self._gravity_compensation if enabled else 0.0

    def advance(self, dt_s: float) -> None:
        """Run the physics for ``dt_s`` seconds (rounded to whole physics steps)."""
        steps = round(dt_s / PHYSICS_STEP_S)
        while steps > 0:
            chunk = min(steps, ADVANCE_STEPS)
            self._follow_ramp(chunk * PHYSICS_STEP_S)
            self._step(chunk)
            self.judge.update()
            steps -= chunk

    def _step(self, count: int) -> None:
        """Run ``count`` physics steps; raises WorldBroken where MuJoCo reset itself, which sets its time back."""
        expected = self.time_s + count * PHYSICS_STEP_S
        mujoco.mj_step(self.model, self.data, nstep=count)
        if not self.time_s > expected - PHYSICS_STEP_S / 2:
            raise WorldBroken(
                f"the physics of the scene {self.spec.task} (seed {self.spec.seed}) diverged at {expected:.3f} s: "
                "things overlap or a joint target jumped; exchange the scene"
            )

    def _follow_ramp(self, ahead_s: float) -> None:
        if self._ramp is None:
            return
        begin, end, since_s, duration_s = self._ramp
        share = 1.0 if duration_s <= ahead_s else min(1.0, (self.time_s + ahead_s - since_s) / duration_s)
        self.data.ctrl[:6] = begin + share * (end - begin)
        if share >= 1.0:
            self._ramp = None

    def success(self) -> bool:
        """Whether the task's criterion holds now."""
        return self.judge.success()

    def milestones(self) -> List[str]:
        """Those of reach, grasp, transport and place that were reached so far, in this order."""
        return self.judge.milestones()

    def close(self) -> None:
        """End the world."""
        self.closed = True


def start_joints(spec: SceneSpec) -> np.ndarray:
    """(6,) joints [rad] of the scene's start state; raises ValueError where the arm cannot reach it."""
    seed = kinematics.HOME_JOINTS.copy()
    joints = kinematics.inverse(kinematics.state_to_pose(np.array(spec.start)), seed)
    if joints is None:
        raise ValueError(f"the arm cannot reach the start state {spec.start}; choose one in the workspace box")
    return joints
