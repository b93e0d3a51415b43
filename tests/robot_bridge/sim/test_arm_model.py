"""The simulated arm has the published kinematics, limits and masses."""

import mujoco
import numpy as np
import pytest

from robot_bridge import kinematics
from robot_bridge.sim.arm_model import JOINTS
from robot_bridge.sim.model import build_model
from robot_bridge.sim.scene import sample_scene

URDF_MASSES_KG = {
    "base": 0.538736,
    "shoulder": 0.480879,
    "upper_arm": 0.430811,
    "upper_forearm": 0.234589,
    "lower_forearm": 0.220991,
    "wrist": 0.084957,
    "gripper": 0.072885 + 0.034199,
    "left_finger": 0.016246,
    "right_finger": 0.016246,
}


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return build_model(sample_scene("knife_in_pot", 0))


def test_forward_kinematics_equal_the_bridges(model: mujoco.MjModel) -> None:
    data, rng = mujoco.MjData(model), np.random.default_rng(0)
    joints_at = [int(model.joint(name).qposadr[0]) for name in JOINTS]
    for _ in range(200):
        joints = rng.uniform(kinematics.JOINT_LOWER, kinematics.JOINT_UPPER)
        data.qpos[joints_at] = joints
        mujoco.mj_kinematics(model, data)
        pose = kinematics.forward_reference(joints)
        site = data.site("ee_gripper")
        np.testing.assert_allclose(site.xpos, pose[:3, 3], atol=1e-6)
        np.testing.assert_allclose(site.xmat.reshape(3, 3), pose[:3, :3], atol=1e-6)


def test_masses_are_the_published_ones(model: mujoco.MjModel) -> None:
    masses = {name: float(model.body(name).mass[0]) for name in URDF_MASSES_KG}
    assert masses == pytest.approx(URDF_MASSES_KG, abs=1e-6)
    assert sum(masses.values()) == pytest.approx(2.1305, abs=0.01)


def test_joint_limits_are_the_published_ones(model: mujoco.MjModel) -> None:
    ranges = np.array([model.joint(name).range for name in JOINTS])
    np.testing.assert_allclose(ranges[:, 0], kinematics.JOINT_LOWER)
    np.testing.assert_allclose(ranges[:, 1], kinematics.JOINT_UPPER)


def test_the_arms_joints_come_first(model: mujoco.MjModel) -> None:
    assert [int(model.joint(name).dofadr[0]) for name in JOINTS] == list(range(6))
    assert [model.actuator(index).name for index in range(6)] == list(JOINTS)
