import numpy as np
import pytest

from robot_bridge.sim.hand.actor import Actor, minimum_jerk, turned
from robot_bridge.sim.hand.postures import POINT
from robot_bridge.sim.hand.world import TICK_S, HandWorld


def actor_of(stage, **more):
    return Actor(HandWorld(stage), np.random.default_rng(0), **more)


def test_minimum_jerk_starts_and_ends_at_rest():
    shares = np.linspace(0, 1, 101)
    way = np.array([minimum_jerk(share) for share in shares])
    assert way[0] == 0 and way[-1] == pytest.approx(1) and (np.diff(way) >= 0).all()
    assert way[1] < 2e-5 and 1 - way[-2] < 2e-5
    assert way[50] == pytest.approx(0.5)


def test_turned_is_yaw_then_pitch_then_roll_and_mirrors():
    frame = turned((0.4, 0.5, 0.3), 1.0)
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(frame[:, 0], (np.cos(0.4) * np.cos(0.5), np.sin(0.4) * np.cos(0.5), -np.sin(0.5)))
    mirror = np.diag((1.0, -1.0, 1.0))
    np.testing.assert_allclose(turned((0.4, 0.5, 0.3), -1.0), mirror @ frame @ mirror, atol=1e-12)


@pytest.mark.parametrize("left", [False, True])
def test_a_finger_tip_arrives_where_it_is_sent_in_the_time_given(empty_stage, play, left):
    actor = actor_of(empty_stage(left))
    actor.tip(POINT, "index_tip")
    ticks = play(actor.world, actor.move((0.2, 0.05, 0.12), (0.3, 0.5, 0.1), POINT, seconds=1.0))
    assert ticks == round(1.0 / TICK_S)
    play(actor.world, actor.wait(0.3))
    tip = actor.world.data.site("index_tip").xpos
    np.testing.assert_allclose(tip, (0.2, 0.05, 0.12), atol=5e-3)


def test_another_tool_does_not_move_the_hand(empty_stage, play):
    actor = actor_of(empty_stage())
    play(actor.world, actor.move((0.1, 0.0, 0.15)))
    before = actor.world.data.ctrl[:3].copy()
    actor.tool((0.05, 0.02, -0.03))
    play(actor.world, actor.wait(TICK_S))
    np.testing.assert_allclose(actor.world.data.ctrl[:3], before, atol=3e-3)


def test_a_line_is_faced_in_the_direction_that_comes_naturally(empty_stage):
    actor = actor_of(empty_stage())
    at = np.array((0.2, 0.0, 0.0))
    natural = actor.facing(at, 0.0)
    for turn in (0.3, 0.3 + np.pi, 0.3 - np.pi):
        assert actor.along(natural + turn, at) == pytest.approx(natural + 0.3)


def test_longer_ways_take_longer_and_the_quick_take_less(empty_stage):
    stage = empty_stage()
    slow, quick = actor_of(stage, pace=1.0), actor_of(stage, pace=2.0)
    assert slow.duration(0.3) > slow.duration(0.1) > 0.2
    assert quick.duration(0.3) == pytest.approx(slow.duration(0.3) / 2)


def test_the_hand_leaves_to_where_nobody_sees_it(empty_stage, play):
    actor = actor_of(empty_stage())
    play(actor.world, actor.move((0.2, 0.0, 0.1)))
    play(actor.world, actor.leave())
    assert actor.world.base[0] < -0.4
