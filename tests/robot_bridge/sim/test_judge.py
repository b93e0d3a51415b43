"""The paper's success criteria (appendix C.1), each by a situation made to happen in the physics."""

from typing import Tuple

import mujoco
import numpy as np
import pytest

from robot_bridge.interface import Action
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.expert import Expert, look
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.tasks import MILESTONES, TASKS
from robot_bridge.sim.world import World

OUT, PLACE = "croissant_out_of_colander", [name for name, task in TASKS.items() if not task.takes_out]
PARKED = (0.2, 0.14, 0.22, 0.0, 0.0, 0.0, 1.0)


def put(world: World, name: str, pos: Tuple[float, float, float], quat: Tuple[float, ...] = (1, 0, 0, 0)) -> None:
    """Set a thing down somewhere else and let it come to rest."""
    start = int(world.model.joint(name).qposadr[0])
    world.data.qpos[start : start + 7] = (*pos, *quat)
    dof = int(world.model.joint(name).dofadr[0])
    world.data.qvel[dof : dof + 6] = 0.0
    world.advance(1.5)


def quiet_world(task: str) -> World:
    return World(sample_scene(task, 1, start=PARKED, target_xy=(0.3, -0.09), distractors=[]))


@pytest.fixture(scope="module")
def environment() -> SimEnvironment:
    return SimEnvironment(render=False)


def test_a_croissant_that_fell_out_of_a_knocked_over_colander_is_no_success() -> None:
    world = quiet_world(OUT)
    body = world.model.body("container").id
    for _ in range(60):
        world.data.xfrc_applied[body] = (0.0, -1.0, 2.0, 0.45, 0.0, 0.0)
        world.advance(0.02)
        if world.data.xmat[body][8] < -0.2:
            break
    world.data.xfrc_applied[body] = 0.0
    world.advance(2.0)
    put(world, "container", (0.25, 0.05, 0.0))
    assert world.judge.beyond_rim() and world.judge.resting and world.judge.released
    assert not world.success()
    assert "place" not in world.milestones() and "transport" not in world.milestones()


def test_a_croissant_that_fell_out_is_lost_even_if_it_is_lifted_from_the_counter(environment: SimEnvironment) -> None:
    environment.reset(sample_scene(OUT, 7, distractors=[]))
    expert = Expert(OUT, np.random.default_rng(0), noise=0.0)
    expert.reset(environment)
    world = environment.world
    for _ in range(10):
        environment.apply(Action(np.array([0.0, 0.0, 0.03, 0.0, 0.0, 0.0, 1.0])))
    body = world.model.body("container").id
    for _ in range(60):
        world.data.xfrc_applied[body] = (0.0, -1.0, 2.0, 0.45, 0.0, 0.0)
        world.advance(0.02)
        if world.data.xmat[body][8] < -0.2:
            break
    world.data.xfrc_applied[body] = 0.0
    world.advance(2.0)
    put(world, "container", (0.25, 0.16, 0.0))
    put(world, "target", (0.3, -0.06, 0.021))
    assert world.judge.beyond_rim() and world.judge.fell_out
    _pick_up_and_set_down(environment, expert)
    assert world.judge.released and world.judge.resting and world.judge.beyond_rim()
    assert not world.success() and not {"place", "transport"} & set(world.milestones())


def _pick_up_and_set_down(environment: SimEnvironment, expert: Expert) -> None:
    judge, height = environment.world.judge, environment.world.data.body("target").xpos
    for _ in range(60):
        seen = look(environment)
        lift = np.array([0.0, 0.0, 0.03, 0.0, 0.0, 0.0, 0.0])
        environment.apply(Action(lift if seen.held else expert._approach(seen)))
        if judge.held and height[2] > 0.06:
            break
    assert judge.held and height[2] > 0.06, "it was not lifted from the counter"
    for step, gripper in ((-0.02, 0.0), (0.0, 1.0), (0.03, 1.0), (0.0, 1.0)):
        for _ in range(4):
            done = height[2] < 0.025 and gripper == 0.0
            environment.apply(Action(np.array([0.0, 0.0, 0.0 if done else step, 0.0, 0.0, 0.0, gripper])))


def test_a_grasp_lost_and_taken_again_inside_is_no_fall(environment: SimEnvironment) -> None:
    environment.reset(sample_scene(OUT, 7))
    expert = Expert(OUT, np.random.default_rng(0), noise=0.0)
    expert.reset(environment)
    judge, dropped = environment.world.judge, 0
    for _ in range(90):
        action = expert.act(environment)[0]
        if judge.held and judge.inside() and dropped < 3:
            dropped, action[6] = dropped + 1, 1.0
        environment.apply(Action(action))
        if environment.finished():
            break
    assert dropped == 3 and not judge.fell_out and environment.finished() == "success"


def test_a_croissant_put_outside_by_another_hand_is_no_success() -> None:
    world = quiet_world(OUT)
    put(world, "target", (0.3, -0.23, 0.021))
    assert world.judge.beyond_rim() and world.judge.resting
    assert not world.success()


@pytest.mark.parametrize("task", TASKS)
def test_a_demonstration_passes_all_milestones_in_order(task: str, environment: SimEnvironment) -> None:
    environment.reset(sample_scene(task, 7))
    expert = Expert(task, np.random.default_rng(0), noise=0.0)
    expert.reset(environment)
    seen = []
    for _ in range(60):
        for name in environment.world.milestones():
            if name not in seen:
                seen.append(name)
        if environment.finished():
            break
        environment.apply(Action(expert.act(environment)[0]))
    assert environment.finished() == "success"
    assert environment.world.milestones() == list(MILESTONES)
    assert seen == [name for name in MILESTONES if name in seen]


def test_a_croissant_dropped_back_is_not_counted_as_carried_out(environment: SimEnvironment) -> None:
    environment.reset(sample_scene(OUT, 7))
    expert = Expert(OUT, np.random.default_rng(0), noise=0.0)
    expert.reset(environment)
    world = environment.world
    while not world.judge.carried:
        environment.apply(Action(expert.act(environment)[0]))
    assert not world.success()
    world.target_gripper(1.0)
    world.advance(0.3)
    container = world.data.body("container").xpos
    put(world, "target", (float(container[0]), float(container[1]), 0.026))
    assert world.judge.inside() and not world.judge.carried
    put(world, "target", (float(container[0]), float(container[1]) - 0.15, 0.021))
    assert not world.success()


@pytest.mark.parametrize("task", PLACE)
def test_an_object_at_rest_in_its_container_is_a_success_only_if_all_holds(task: str) -> None:
    world = quiet_world(task)
    assert not world.success()
    x, y, _ = world.data.body("container").xpos.tolist()
    put(world, "target", (x - (0.02 if "knife" in task else 0.0), y, 0.06))
    assert world.success()
    world.target_gripper(0.0)
    world.advance(0.5)
    assert not world.success(), "the gripper is closed: nothing was released"
    world.target_gripper(1.0)
    world.advance(0.5)
    assert world.success()
    put(world, "target", (x, y - 0.14, 0.03))
    assert not world.success(), "beside the container"


@pytest.mark.parametrize("tilt_rad", [0.0, 0.4])
def test_a_tilted_container_is_no_success(tilt_rad: float) -> None:
    world = quiet_world("cucumber_in_bowl")
    x, y, _ = world.data.body("container").xpos.tolist()
    put(world, "target", (x, y, 0.04))
    start = int(world.model.joint("container").qposadr[0])
    world.data.qpos[start + 3 : start + 7] = (np.cos(tilt_rad / 2), np.sin(tilt_rad / 2), 0.0, 0.0)
    mujoco.mj_forward(world.model, world.data)
    world.judge.update()
    assert world.judge.inside() and world.judge.resting and world.judge.released
    assert world.success() == (tilt_rad == 0.0)


def test_falling_is_not_resting() -> None:
    world = quiet_world("cucumber_in_bowl")
    x, y, _ = world.data.body("container").xpos.tolist()
    start = int(world.model.joint("target").qposadr[0])
    world.data.qpos[start : start + 3] = (x, y, 0.15)
    for _ in range(5):
        world.advance(0.02)
        assert not world.success()
