"""The simulated camera: squashed like Bridge's frames, equal in another process, shadows, faults."""

import numpy as np
import pytest
from PIL import Image

from robot_bridge.interface import StaleData
from robot_bridge.sim.camera import SceneRenderer, SimCamera
from robot_bridge.sim.scene import SceneSpec, sample_scene
from robot_bridge.sim.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(sample_scene("croissant_out_of_colander", 1))


def picture(spec: SceneSpec, qpos: np.ndarray, width: int, height: int, shadows: bool = True) -> np.ndarray:
    renderer = SceneRenderer(spec, width, height, shadows)
    image = renderer.render(qpos)
    renderer.close()
    return image


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_square_picture_is_the_whole_frame_squashed(world: World) -> None:
    square = picture(world.spec, world.qpos, 128, 128)
    whole = Image.fromarray(picture(world.spec, world.qpos, 640, 480))
    squashed = np.asarray(whole.resize((128, 128), Image.Resampling.BOX))
    cropped = np.asarray(whole.crop((80, 0, 560, 480)).resize((128, 128), Image.Resampling.BOX))
    assert difference(square, squashed) < 4.0
    assert difference(square, cropped) > 15.0


def test_the_scene_travels_as_json_and_positions(world: World) -> None:
    here = picture(world.spec, world.qpos, 128, 128)
    there = picture(SceneSpec.from_json(world.spec.to_json()), np.array(world.qpos.tolist()), 128, 128)
    assert np.array_equal(here, there)


def test_changing_the_scene_equals_a_new_renderer(world: World) -> None:
    other = World(sample_scene("knife_in_pot", 2, "containers"))
    renderer = SceneRenderer(world.spec)
    renderer.render(world.qpos)
    renderer.show(other.spec)
    assert np.array_equal(renderer.render(other.qpos), picture(other.spec, other.qpos, 128, 128))
    with pytest.raises(ValueError, match="qpos has"):
        renderer.render(other.qpos[:-1])
    renderer.close()
    renderer.close()


def test_shadows_darken_the_counter(world: World) -> None:
    lit = picture(world.spec, world.qpos, 128, 128, shadows=False)
    shaded = picture(world.spec, world.qpos, 128, 128)
    darker = (lit.astype(int) - shaded).max(axis=2) > 15
    assert 0.02 < darker.mean() < 0.6


def test_frames_are_stamped_with_simulated_time() -> None:
    world = World(sample_scene("knife_in_pot", 0))
    camera = SimCamera(world, 160, 120)
    first = camera.read_latest(1.0)
    world.advance(0.2)
    second = camera.read_latest(1.0)
    assert first.image.shape == (120, 160, 3)
    assert (first.stamp_s, second.stamp_s) == pytest.approx((0.0, 0.2))
    assert (first.index, second.index) == (0, 1)
    world.close()
    with pytest.raises(StaleData, match="closed"):
        camera.read_latest(1.0)
    camera.close()
