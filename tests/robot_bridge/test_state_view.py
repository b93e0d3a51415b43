"""Which states of the simulation are drawn, and with which renderer."""

import threading
import time

import numpy as np
import pytest

from robot_bridge.sim.camera import SceneRenderer
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.tasks import TASKS
from robot_bridge.sim.world import World
from robot_bridge.state_view import SceneView, StateSlot, WorldState


def state(time_s, scene="a"):
    return WorldState(scene, np.zeros(3), int(time_s * 1e9))


def test_one_picture_in_each_period_of_simulated_time():
    slot = StateSlot(rate_hz=10.0)
    drawn = []
    for tick in range(51):
        slot.offer(state(tick * 0.02))
        due = slot.wait_due(0.0)
        if due is not None:
            drawn.append(round(due.stamp_ns / 1e9, 6))
    np.testing.assert_allclose(drawn, np.arange(11) * 0.1)


def test_the_newest_state_is_drawn_after_a_slow_picture():
    slot = StateSlot(rate_hz=10.0)
    slot.offer(state(0.0))
    slot.wait_due(0.0)
    for tick in range(1, 20):
        slot.offer(state(tick * 0.02))
    assert slot.wait_due(0.0).stamp_ns == int(0.38e9)
    assert slot.wait_due(0.0) is None


def test_time_that_jumps_back_is_due_at_once():
    slot = StateSlot(rate_hz=10.0)
    slot.offer(state(100.0))
    assert slot.wait_due(0.0) is not None
    slot.offer(state(0.02))
    assert slot.wait_due(0.0).stamp_ns == int(0.02e9)


def test_a_due_state_wakes_the_waiting_renderer():
    slot = StateSlot(rate_hz=10.0)
    woken = []

    def wait():
        slot.wait_due(2.0)
        woken.append(time.monotonic())

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.05)
    offered = time.monotonic()
    slot.offer(state(0.0))
    waiting.join(2.0)
    assert woken and woken[0] - offered < 1.0  # at once, not after the two seconds of patience


def test_no_state_is_no_picture():
    start = time.monotonic()
    assert StateSlot(10.0).wait_due(0.05) is None
    assert 0.04 < time.monotonic() - start < 0.5


@pytest.fixture(scope="module")
def worlds():
    """Two scenes: their JSON, and the positions of their worlds at the start."""
    specs = [sample_scene(task, seed=1) for task in list(TASKS)[:2]]
    found = []
    for spec in specs:
        world = World(spec)
        found.append((spec, world.qpos.copy()))
        world.close()
    return found


def test_each_state_is_drawn_in_its_own_scene(worlds):
    view = SceneView(64, 48)
    for spec, qpos in (worlds[0], worlds[1], worlds[0]):
        image = view.render(WorldState(spec.to_json(), qpos, 0))
        fresh = SceneRenderer(spec, 64, 48)
        np.testing.assert_array_equal(image, fresh.render(qpos))
        fresh.close()
        assert image.shape == (48, 64, 3) and image.std() > 10
    view.close()


def test_a_broken_state_is_refused_and_the_next_one_drawn(worlds):
    (spec, qpos), (other, _) = worlds
    view = SceneView(64, 48)
    expected = view.render(WorldState(spec.to_json(), qpos, 0))
    for broken in (WorldState("no scene", qpos, 0), WorldState(other.to_json(), qpos[:-1], 0)):
        with pytest.raises(ValueError):
            view.render(broken)
    np.testing.assert_array_equal(view.render(WorldState(spec.to_json(), qpos, 0)), expected)
    view.close()
