import numpy as np
import pytest

from robot_bridge.sim.hand.stage import LOWER_M, UPPER_M, NoRoom


def test_a_full_surface_is_told(empty_stage):
    stage = empty_stage()
    with pytest.raises(NoRoom, match=r"no free place of radius 0\.050 m among"):
        for _ in range(100):
            stage.spot(0.05)


def test_things_keep_their_distance(empty_stage):
    stage = empty_stage()
    spots = [stage.spot(0.03) for _ in range(5)]
    gaps = [np.hypot(a[0] - b[0], a[1] - b[1]) for index, a in enumerate(spots) for b in spots[:index]]
    assert min(gaps) > 2 * 0.03
    assert all(LOWER_M[0] <= x <= UPPER_M[0] and LOWER_M[1] <= y <= UPPER_M[1] for x, y in spots)


def test_no_two_things_of_a_stage_are_of_one_kind_or_have_the_same_words(empty_stage):
    stage = empty_stage()
    kinds = ["cube", "domino", "lime", "marker"]
    items = [stage.add_prop(stage.draw(kinds), (0.1, 0.05 * index), 0.0) for index in range(4)]
    assert sorted(item.kind for item in items) == sorted(kinds)
    assert len({item.words for item in items}) == len({item.name for item in items}) == 4


def test_what_has_a_colour_is_named_by_it(empty_stage):
    stage = empty_stage()
    assert stage.draw(["cube"], "green")[1] == "green cube"
    assert stage.draw(["lime"], "green")[1] == "lime"
    assert stage.add_vessel("crate", (0.2, 0.0), 0.0).words == "wooden crate"
    green, red = (stage.draw(["cube"], colour)[2].thing.parts[0].colour for colour in ("green", "red"))
    assert green[1] > green[0] and red[0] > red[1]


def test_a_thing_lies_across_the_way_of_the_hand(empty_stage):
    for left in (False, True):
        stage = empty_stage(left)
        yaw = stage.yaw((0.2, 0.0), 0.0)
        way = np.arctan2(0.30 if not left else -0.30, 0.2 + 0.34)
        assert np.cos(yaw - way) == pytest.approx(0.0, abs=1e-6)
