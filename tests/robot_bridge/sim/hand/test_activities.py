"""Every activity does to the world what its words say, by plausible physics; and does not when it is spoilt."""

import mujoco
import numpy as np
import pytest

from robot_bridge.sim.hand.activities.activity import FAULTS
from robot_bridge.sim.hand.activities.repertoire import ACTIVITIES, choose

IDLE = ("point", "rest")


def test_there_is_much_that_a_hand_does():
    assert len(set(ACTIVITIES) - set(IDLE)) >= 16


@pytest.mark.parametrize("name", ACTIVITIES)
@pytest.mark.parametrize("left", [False, True])
def test_it_is_achieved_and_nothing_goes_through_anything(rehearsal, play, name, left):
    activity, world, actor = rehearsal(name, seed=4, left=left)
    assert name in IDLE or name in ("inspect", "shake") or not _done_before(activity, world)
    deepest, fastest, free = [0.0], [0.0], _free_bodies(world)

    def watch():
        if world.data.ncon:
            deepest[0] = max(deepest[0], -float(world.data.contact.dist.min()))
        speeds = [np.linalg.norm(world.data.cvel[body][3:]) for body in free]
        fastest[0] = max([fastest[0], *speeds])

    ticks = play(world, activity.perform(actor), watch)
    play(world, actor.wait(0.1))
    assert activity.achieved(world), activity.text
    assert 1.0 < ticks * 0.02 < 14.0, "seconds"
    assert deepest[0] < 0.008, f"things are {deepest[0]:.4f} m inside each other"
    assert fastest[0] < 3.5, f"something flew at {fastest[0]:.1f} m/s"


def _done_before(activity, world):
    """Whether it counts as achieved before anything was done; some cannot be asked before they have begun."""
    try:
        return activity.achieved(world)
    except AttributeError:
        return False


def _free_bodies(world):
    joints = np.flatnonzero(world.model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    return [int(world.model.jnt_bodyid[joint]) for joint in joints]


SPOILT = [(name, fault) for name, kind in ACTIVITIES.items() for fault in kind.faults]


@pytest.mark.parametrize("name, fault", SPOILT)
def test_it_is_not_achieved_when_it_is_spoilt(rehearsal, play, name, fault):
    activity, world, actor = rehearsal(name, seed=4, fault=fault)
    play(world, activity.perform(actor))
    play(world, actor.wait(0.1))
    assert fault in FAULTS and not activity.achieved(world), activity.text


def test_only_what_is_known_is_chosen_and_never_twice():
    rng = np.random.default_rng(0)
    drawn = [choose(rng, tuple(ACTIVITIES), 3) for _ in range(200)]
    assert all(len(set(names)) == 3 for names in drawn)
    assert {name for names in drawn for name in names} == set(ACTIVITIES)
    assert choose(rng, ("pour",), 3) == ["pour"]
    with pytest.raises(ValueError, match=r"juggle; known: .*pour"):
        choose(rng, ("pour", "juggle"), 1)
