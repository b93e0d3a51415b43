"""Stages, actors and performances without pictures."""

import numpy as np
import pytest

from robot_bridge.sim.hand.activities.repertoire import ACTIVITIES
from robot_bridge.sim.hand.actor import Actor
from robot_bridge.sim.hand.anatomy import Person
from robot_bridge.sim.hand.settings import sample_place
from robot_bridge.sim.hand.stage import Stage
from robot_bridge.sim.hand.world import HandWorld


def person(left=False, scale=1.0):
    return Person(left, scale, skin=(0.8, 0.6, 0.5), sleeve=(0.2, 0.3, 0.6))


@pytest.fixture
def empty_stage():
    def make(left=False, seed=0, setting="desk"):
        rng = np.random.default_rng(seed)
        return Stage(person(left), sample_place(rng, setting), rng)

    return make


@pytest.fixture
def rehearsal(empty_stage):
    """An activity on its own stage, ready to be performed: (activity, world, actor)."""

    def make(name, seed=0, left=False, fault=""):
        stage = empty_stage(left, seed)
        activity = ACTIVITIES[name](stage)
        world = HandWorld(stage, activity.starts)
        return activity, world, Actor(world, np.random.default_rng(seed), 1.2, fault)

    return make


@pytest.fixture
def play():
    """Run a performance to its end, calling ``watch`` after every tick."""

    def run(world, performance, watch=lambda: None):
        ticks = 0
        for _ in performance:
            world.tick()
            watch()
            ticks += 1
        return ticks

    return run
