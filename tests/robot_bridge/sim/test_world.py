"""The simulated world and its arm: motion, torque, determinism."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import List

import numpy as np
import pytest

from robot_bridge import kinematics
from robot_bridge.sim.arm import SimArm
from robot_bridge.sim.containers import CONTAINERS
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.world import World, WorldBroken

REPO = Path(__file__).resolve().parents[3]

EPISODE = """
import hashlib, sys
import numpy as np
from robot_bridge.interface import Action
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.expert import Expert
from robot_bridge.sim.scene import sample_scene

environment = SimEnvironment()
for task in sys.argv[1:]:
    environment.reset(sample_scene(task, 11))
    expert = Expert(task, np.random.default_rng(3), kick_probability=0.1)
    expert.reset(environment)
    for _ in range(8):
        environment.apply(Action(expert.act(environment)[0]))
    bits = environment.world.qpos.tobytes() + environment.observe().image.tobytes()
    print(hashlib.sha256(bits).hexdigest())
"""


def run_episodes(*tasks: str) -> List[str]:
    environment = dict(os.environ, PYTHONPATH=str(REPO), OMP_NUM_THREADS="1")
    command = [sys.executable, "-c", EPISODE, *tasks]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_two_processes_make_the_same_bits_whatever_came_before() -> None:
    alone = run_episodes("knife_in_pot")
    both = run_episodes("croissant_out_of_colander", "knife_in_pot")
    assert both[1:] == alone and both[0] != alone[0]


def test_the_seed_decides_the_world() -> None:
    digests = []
    for seed in (4, 4, 5):
        model = World(sample_scene("cucumber_in_bowl", seed)).model
        looks = (model.qpos0, model.cam_pos, model.cam_quat, model.light_pos, model.geom_rgba, model.mat_rgba)
        digests.append(hashlib.sha256(b"".join(look.tobytes() for look in looks)).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_the_arm_goes_where_it_is_sent_and_stays() -> None:
    world = World(sample_scene("knife_in_pot", 0))
    arm = SimArm(world)
    goal = kinematics.HOME_JOINTS + [0.3, 0.1, -0.1, 0.0, 0.0, 0.4]
    arm.send_joints(goal, 1.0)
    arm.set_gripper(0.0)
    world.advance(0.5)
    halfway = arm.read().positions_rad
    world.advance(2.0)
    reading = arm.read()
    assert world.time_s == pytest.approx(2.5, abs=1e-9) and reading.stamp_s == world.time_s
    assert np.abs(halfway - goal).max() > 0.1
    np.testing.assert_allclose(reading.positions_rad, goal, atol=0.01)
    assert reading.gripper < 0.02
    assert np.abs(reading.velocities_rad_s).max() < 0.01


def test_without_torque_the_arm_falls_and_with_it_it_holds() -> None:
    world = World(sample_scene("knife_in_pot", 0))
    arm = SimArm(world)
    before = kinematics.forward(arm.read().positions_rad)[2, 3]
    arm.set_torque(False)
    world.advance(0.6)
    fallen = kinematics.forward(arm.read().positions_rad)[2, 3]
    assert fallen < before - 0.05
    arm.set_torque(True)
    world.advance(1.0)
    held = kinematics.forward(arm.read().positions_rad)[2, 3]
    world.advance(1.0)
    assert kinematics.forward(arm.read().positions_rad)[2, 3] == pytest.approx(held, abs=0.003)


@pytest.mark.parametrize("joints", [np.zeros(5), np.array([0, 0, 0, 0, 0, np.nan])])
def test_the_arm_refuses_what_are_no_joints(joints: np.ndarray) -> None:
    with pytest.raises(ValueError, match="six finite"):
        SimArm(World(sample_scene("knife_in_pot", 0))).send_joints(joints, 0.1)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_walls_hold_what_is_inside_when_the_container_is_pushed(kind: str) -> None:
    """The object slides against the wall and comes along; it neither falls through the floor nor leaves."""
    task = "croissant_out_of_colander"
    world = World(sample_scene(task, 2, container_kind=kind, target_xy=(0.3, 0.0), distractors=[]))
    body = world.model.body("container").id
    for _ in range(15):
        world.data.xfrc_applied[body, :2] = (0.0, 5.5 if CONTAINERS[kind].mass_kg > 0.4 else 4.5)
        world.advance(0.02)
    world.data.xfrc_applied[body] = 0.0
    world.advance(1.0)
    moved = float(world.data.xpos[body][1])
    vessel = CONTAINERS[kind]
    assert moved > 0.01 and world.judge.upright()
    assert world.judge.inside()
    assert world.data.body("target").xpos[2] > vessel.floor_m + 0.01


def test_an_unreachable_start_is_refused() -> None:
    spec = sample_scene("knife_in_pot", 0, start=(0.9, 0, 0.2, 0, 0, 0, 1))
    with pytest.raises(ValueError, match="cannot reach"):
        World(spec)


def test_physics_that_diverge_are_an_error_and_not_a_world_whose_time_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # MuJoCo leaves its log here
    world = World(sample_scene("knife_in_pot", 0))
    world.advance(0.1)
    world.data.qvel[0] = np.nan
    with pytest.raises(WorldBroken, match="diverged at"):
        world.advance(0.02)
