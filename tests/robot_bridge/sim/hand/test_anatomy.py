import mujoco
import numpy as np
import pytest

from robot_bridge.sim.hand import postures
from robot_bridge.sim.hand.anatomy import BASE_JOINTS, DIGIT_JOINTS, FINGERS
from robot_bridge.sim.hand.world import HandWorld

TIPS = [f"{digit}_tip" for digit in (*FINGERS, "thumb")]


@pytest.fixture
def hands(empty_stage):
    return HandWorld(empty_stage(left=False)), HandWorld(empty_stage(left=True))


def test_the_left_hand_is_the_mirror_image_of_the_right(hands):
    right, left = hands
    for posture in (postures.RELAXED, postures.POINT, *postures.CLAW):
        for tip in TIPS:
            mirrored = postures.tip_in_hand(left.model, posture, tip) * (1, -1, 1)
            np.testing.assert_allclose(postures.tip_in_hand(right.model, posture, tip), mirrored, atol=1e-9)


def test_it_is_as_large_and_heavy_as_a_hand(hands):
    model = hands[0].model
    length = postures.tip_in_hand(model, postures.FLAT, "middle_tip")[0]
    assert 0.17 < length < 0.20
    hand = model.body("hand").id
    assert 0.3 < model.body_subtreemass[hand] < 0.6


def test_every_joint_has_an_actuator_in_the_order_of_the_commands(hands):
    model = hands[0].model
    assert [model.actuator(index).name for index in range(model.nu)] == [*BASE_JOINTS, *DIGIT_JOINTS]


def test_postures_are_within_the_joints_ranges(hands):
    limits = np.array([hands[0].model.joint(name).range for name in DIGIT_JOINTS])
    pairs = list(postures.FAMILIES.values())
    for posture in (
        postures.RELAXED,
        postures.FLAT,
        postures.POINT,
        postures.PADS,
        *[p for pair in pairs for p in pair],
    ):
        assert (posture >= limits[:, 0]).all() and (posture <= limits[:, 1]).all()


def test_the_hand_does_not_collide_with_itself(hands):
    world = hands[0]
    world.data.qpos[[world.model.joint(name).qposadr[0] for name in DIGIT_JOINTS]] = postures.POINT
    mujoco.mj_forward(world.model, world.data)
    assert world.data.ncon == 0
