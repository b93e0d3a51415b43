"""The things of the hand's scenes: none of them is the robot's, all of them stand."""

import numpy as np
import pytest

from robot_bridge.sim.containers import CONTAINERS
from robot_bridge.sim.hand.fixtures import FIXTURES
from robot_bridge.sim.hand.props import GRIPS, Kind, collection
from robot_bridge.sim.hand.stage import PROPS
from robot_bridge.sim.hand.surfaces import SURFACES
from robot_bridge.sim.hand.vessels import MATS, VESSELS
from robot_bridge.sim.hand.world import HandWorld
from robot_bridge.sim.objects import THINGS
from robot_bridge.sim.textures import texture_files

GREY = (0.5, 0.5, 0.5)


def test_no_thing_and_no_texture_is_shared_with_the_robots_scenes():
    ours = {*PROPS, *VESSELS, *MATS, *FIXTURES, VESSELS["crate"].make(GREY).name}
    theirs = {*THINGS, *CONTAINERS}
    assert len(PROPS) >= 20 and not ours & theirs
    nouns = [PROPS[kind].make(GREY).noun for kind in PROPS]
    nouns += [kind.noun for kind in (*VESSELS.values(), *MATS.values())]
    assert not {noun.replace(" ", "_") for noun in nouns} & theirs
    assert not {f"{name}.png" for name in SURFACES} & set(texture_files())


def test_props_are_named_as_their_kinds():
    for name, kind in PROPS.items():
        prop = kind.make(GREY)
        assert prop.thing.name == name and prop.grip in GRIPS
        assert 0.01 < prop.width_m <= 0.1 and prop.top_m > 0


def test_two_kinds_of_one_name_are_refused():
    kind = Kind(PROPS["cube"].make, True)
    with pytest.raises(ValueError, match="'cube'"):
        collection([("cube", kind), ("cube", kind)])


def test_every_prop_stays_where_it_is_put(empty_stage):
    """All of them in rows on a large surface: nothing sinks in, jumps up, topples or rolls away by itself."""
    stage = empty_stage(setting="playroom")
    places = [(0.0 + 0.16 * row, -0.55 + 0.16 * column) for row in range(6) for column in range(8)]
    items = [stage.add_prop(stage.draw([kind]), at, 0.0) for kind, at in zip(PROPS, places)]
    assert len(items) == len(PROPS)
    world = HandWorld(stage)
    for _ in range(40):
        world.tick()
    for item in items:
        moved = np.linalg.norm(world.position(item.name) - item.xyz_m)
        assert moved < 0.004, f"{item.kind} moved by {moved:.4f} m"
        assert world.rotation(item.name)[2, 2] > 0.99, f"{item.kind} does not stand"
