import numpy as np
import pytest

from robot_bridge.sim.hand import postures
from robot_bridge.sim.hand.world import HandWorld


def test_fingers_close_on_the_width_asked_for(empty_stage):
    model = HandWorld(empty_stage()).model
    for family, closure in postures.closures(model).items():
        assert (np.diff(closure.gaps_m) <= 0).all(), "the gap never widens"
        for width in (0.03, 0.05, 0.07):
            share = closure.share_at(width)
            assert 0.0 < share < 1.0
            tips = [postures.tip_in_hand(model, postures.between(family, share), f"{digit}_tip")
                    for digit in ("index", "middle", "thumb")]  # fmt: skip
            gap = np.linalg.norm((tips[0] + tips[1]) / 2 - tips[2])
            assert gap == pytest.approx(width + postures.TOUCH_M, abs=0.004)
            middle = ((tips[0] + tips[1]) / 2 + tips[2]) / 2
            np.testing.assert_allclose(closure.middle_at(width), middle, atol=0.003)


def test_at_the_level_pitch_thumb_and_fingers_are_at_one_height(empty_stage):
    model = HandWorld(empty_stage()).model
    closure = postures.closures(model)["claw"]
    share, pitch = closure.share_at(0.05), closure.level_at(0.05)
    index, middle, thumb = (
        postures.tip_in_hand(model, postures.between("claw", share), f"{digit}_tip")
        for digit in ("index", "middle", "thumb")
    )
    across = (index + middle) / 2 - thumb
    height = -np.sin(pitch) * across[0] + np.cos(pitch) * across[2]
    assert abs(height) < 0.003
