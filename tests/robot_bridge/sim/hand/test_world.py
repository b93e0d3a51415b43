import numpy as np
import pytest

from robot_bridge.sim.hand.postures import RELAXED
from robot_bridge.sim.hand.world import LIT, HandWorld, PhysicsDiverged


def hover(world, xyz, ticks=60):
    """Bring the wrist to ``xyz``, hand level."""
    world.command(np.array((*xyz, 0.0, 0.4, 0.0)), RELAXED)
    for _ in range(ticks):
        world.tick()


def test_the_wrist_goes_where_it_is_told(empty_stage):
    world = HandWorld(empty_stage())
    hover(world, (0.05, -0.1, 0.2))
    np.testing.assert_allclose(world.base, (0.05, -0.1, 0.2, 0.0, 0.4, 0.0), atol=2e-3)


def test_what_is_held_moves_with_the_hand_without_a_jerk_and_falls_when_let_go(empty_stage):
    stage = empty_stage()
    cube = stage.add_prop(stage.draw(["cube"]), (0.2, 0.0), 0.3)
    world = HandWorld(stage)
    hover(world, (0.08, -0.02, 0.15))
    before, local = (
        world.position(cube.name),
        world.rotation("hand").T @ (world.position(cube.name) - world.position("hand")),
    )
    world.hold(cube.name)
    for _ in range(10):
        world.tick()
    assert np.linalg.norm(world.position(cube.name) - before) < 2e-3
    hover(world, (0.0, 0.05, 0.25))
    held = world.rotation("hand").T @ (world.position(cube.name) - world.position("hand"))
    np.testing.assert_allclose(held, local, atol=3e-3)
    assert world.position(cube.name)[2] > 0.1
    world.let_go()
    for _ in range(40):
        world.tick()
    assert world.position(cube.name)[2] < 0.03 and world.held == ""


def test_a_handle_is_held_by_a_point_and_the_joint_follows(empty_stage):
    stage = empty_stage()
    drawer = stage.add_fixture("drawer_unit", (0.28, 0.0), 0.0)
    world = HandWorld(stage)
    hover(world, (0.05, 0.0, 0.13))
    world.hold(drawer.name, drawer.fixture.handle)
    hover(world, (-0.04, 0.0, 0.13))
    assert 0.07 < world.joint(drawer.name) < 0.105


def test_fixtures_begin_as_they_are_told(empty_stage):
    stage = empty_stage()
    chest = stage.add_fixture("chest", (0.2, 0.0), 0.0)
    assert HandWorld(stage, {chest.name: 1.7}).joint(chest.name) > 1.5


def test_a_lamp_shines_while_its_button_is_down(empty_stage):
    stage = empty_stage()
    button = stage.add_fixture("buzzer", (0.2, 0.0), 0.0)
    world = HandWorld(stage)
    geom = world.model.geom(f"{button.name}_lamp").id
    dark = world.model.geom_rgba[geom].copy()
    joint = world.model.joint(button.name)
    world.data.qfrc_applied[joint.dofadr[0]] = 3.0
    for _ in range(10):
        world.tick()
    np.testing.assert_allclose(world.model.geom_rgba[geom], LIT, atol=1e-6)
    world.data.qfrc_applied[:] = 0.0
    for _ in range(60):
        world.tick()
    assert world.joint(button.name) < 0.002
    np.testing.assert_array_equal(world.model.geom_rgba[geom], dark)


def test_diverged_physics_is_told(empty_stage):
    world = HandWorld(empty_stage())
    world.tick()
    world.data.qvel[:] = 1e12
    with pytest.raises(PhysicsDiverged, match="diverged at"), np.errstate(all="ignore"):
        for _ in range(5):
            world.tick()
