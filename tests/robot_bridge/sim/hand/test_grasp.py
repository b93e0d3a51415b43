import mujoco
import numpy as np
import pytest

from robot_bridge.sim.hand import grasp
from robot_bridge.sim.hand.actor import Actor
from robot_bridge.sim.hand.fixtures import FIXTURES, OPENING
from robot_bridge.sim.hand.world import HandWorld


def scene(empty_stage, kind, fault="", left=False, at=(0.16, 0.0)):
    stage = empty_stage(left)
    item = stage.add_prop(stage.draw([kind]), at, stage.yaw(at, 0.2))
    world = HandWorld(stage)
    return item, world, Actor(world, np.random.default_rng(1), 1.2, fault)


def taken(world, generator):
    """Run a generator of the world to its end and return what it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value
        world.tick()


@pytest.mark.parametrize("kind", ["cube", "pencil", "water_bottle", "matchbox", "apple", "hammer"])
@pytest.mark.parametrize("left", [False, True])
def test_a_hand_takes_and_lifts_a_thing_that_it_touches_on_two_sides(empty_stage, play, kind, left):
    item, world, actor = scene(empty_stage, kind, left=left)
    before = world.position(item.name)
    assert taken(world, grasp.take(actor, item))
    assert world.held == item.name and len(world.touching(item.name)) >= 2
    assert np.linalg.norm((world.position(item.name) - before)[:2]) < 0.02, "it was not shoved away"
    play(world, grasp.lift(actor, 0.10))
    assert world.position(item.name)[2] - before[2] > 0.08


def test_a_hand_that_misses_holds_nothing(empty_stage, play):
    item, world, actor = scene(empty_stage, "cube", fault="miss")
    assert not taken(world, grasp.take(actor, item))
    play(world, grasp.lift(actor, 0.10))
    assert world.held == "" and world.position(item.name)[2] < 0.03


def test_what_is_dropped_lies_on_the_way(empty_stage):
    item, world, actor = scene(empty_stage, "cube", fault="drop")
    assert taken(world, grasp.take(actor, item))
    assert not taken(world, grasp.carry(actor, item, (0.16, 0.15, 0.1)))
    assert world.held == ""


def test_a_thing_is_put_down_where_it_should_be(empty_stage, play):
    item, world, actor = scene(empty_stage, "tea_box")
    rest = item.prop.thing.rest_m
    assert taken(world, grasp.take(actor, item))
    play(world, grasp.lift(actor, 0.08))
    assert taken(world, grasp.carry(actor, item, (0.22, 0.12, rest + 0.06)))
    play(world, grasp.put_down(actor, item, (0.22, 0.12, rest)))
    np.testing.assert_allclose(world.position(item.name), (0.22, 0.12, rest), atol=0.012)
    assert world.rotation(item.name)[2, 2] > 0.99 and world.held == ""


@pytest.mark.parametrize("kind", [*OPENING, "buzzer", "dial_box"])
def test_the_handles_way_is_that_of_the_joint(empty_stage, kind):
    stage = empty_stage()
    item = stage.add_fixture(kind, (0.25, 0.03), 0.3)
    low, high = FIXTURES[kind]((0.5, 0.5, 0.5)).limits
    for share in (0.0, 0.4, 0.9):
        world = HandWorld(stage)
        world.data.qpos[world.model.joint(item.name).qposadr[0]] = low + share * (high - low)
        world.data.qvel[:] = 0
        mujoco.mj_kinematics(world.model, world.data)
        expected = world.point(item.name, item.fixture.handle)
        np.testing.assert_allclose(grasp.handle_at(item, low + share * (high - low)), expected, atol=1e-9)
