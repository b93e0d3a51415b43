import dataclasses

import numpy as np
import pytest

from robot_bridge.sim.hand.postures import RELAXED
from robot_bridge.sim.hand.view import Head, View, sample_head
from robot_bridge.sim.hand.world import HandWorld

STILL = Head((-0.14, 0.0, 0.46), (0.15, 0.0, 0.0), 52.0, 0.0, (0.0,) * 12, 0.0)


@pytest.fixture(scope="module")
def view():
    renderer = View(64)
    yield renderer
    renderer.close()


def test_the_hand_comes_into_view_from_the_persons_side(view, empty_stage):
    world = HandWorld(empty_stage())
    view.show(world, STILL)
    without = view.frame().astype(int)
    world.command(np.array((0.0, -0.05, 0.12, 0.3, 0.4, 0.0)), RELAXED)
    for _ in range(60):
        world.tick()
    view.show(world, STILL)
    changed = np.abs(view.frame() - without).sum(axis=2) > 60
    assert 0.05 < changed.mean() < 0.7
    assert changed[-16:].mean() > changed[:16].mean(), "the arm comes from below"
    assert changed[:, 32:].mean() > changed[:, :32].mean(), "and, a right one, from the right"


def test_the_head_sways_and_follows_the_hand(view, empty_stage):
    world = HandWorld(empty_stage())
    view.show(world, dataclasses.replace(STILL, restless=1.0))
    places = []
    for _ in range(50):
        world.tick()
        view._turn_head()
        places.append(world.model.cam_pos[0].copy())
    spread = np.ptp(np.array(places), axis=0)
    assert (spread > 1e-3).all() and (spread < 0.06).all()
    view.show(world, STILL)
    gaze = view._gaze.copy()
    world.command(np.array((0.2, 0.2, 0.15, 0.0, 0.0, 0.0)), RELAXED)
    for _ in range(80):
        world.tick()
    view._turn_head()
    assert view._gaze[1] > gaze[1] + 0.01


def test_heads_look_at_the_middle_of_the_surface():
    for seed in range(30):
        head = sample_head(np.random.default_rng(seed))
        assert head.eyes_m[0] < head.gaze_m[0] and head.eyes_m[2] > 0.3
        assert abs(head.gaze_m[1]) < 0.05 and 40 < head.fovy_deg < 75


def test_a_closed_view_can_be_closed_again(empty_stage):
    view = View(64)
    view.show(HandWorld(empty_stage()), STILL)
    assert view.frame().shape == (64, 64, 3)
    view.close()
    view.close()
