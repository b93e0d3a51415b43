"""Which states of the simulation are drawn, and with which renderer."""

import threading
import time

import numpy as np

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
    assert woken and woken[0] - offered < 0.05


def test_no_state_is_no_picture():
    start = time.monotonic()
    assert StateSlot(10.0).wait_due(0.05) is None
    assert 0.04 < time.monotonic() - start < 0.5


class Canvas:
    def __init__(self, scene, log):
        self.scene, self.log = scene, log
        log.append(f"open {scene}")

    def render(self, qpos):
        return np.full((2, 2, 3), int(qpos[0]), np.uint8)

    def close(self):
        self.log.append(f"close {self.scene}")


def test_a_new_scene_gets_a_new_renderer():
    log = []
    view = SceneView(lambda scene: Canvas(scene, log))
    for scene, value in (("a", 1.0), ("a", 2.0), ("b", 3.0)):
        assert view.render(WorldState(scene, np.array([value]), 0))[0, 0, 0] == value
    view.close()
    assert log == ["open a", "close a", "open b", "close b"]


def test_a_scene_that_failed_is_tried_again():
    attempts = []

    def make(scene):
        attempts.append(scene)
        if len(attempts) == 1:
            raise ValueError("bad scene")
        return Canvas(scene, [])

    view = SceneView(make)
    for _ in range(2):
        try:
            view.render(state(0.0))
        except ValueError:
            continue
    assert attempts == ["a", "a"]
