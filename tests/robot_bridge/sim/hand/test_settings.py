import numpy as np
import pytest

from robot_bridge.sim.hand.people import SKINS, sample_person
from robot_bridge.sim.hand.scenery import scenery
from robot_bridge.sim.hand.settings import SETTINGS, place_assets, sample_place
from robot_bridge.sim.hand.stage import UPPER_M
from robot_bridge.sim.hand.surfaces import SURFACES, surface_png
from robot_bridge.sim.hand.world import HandWorld


@pytest.mark.parametrize("name", SETTINGS)
def test_every_place_can_be_built_and_leaves_room_for_the_hand(empty_stage, name):
    world = HandWorld(empty_stage(setting=name))
    assert world.model.nlight == 2
    setting = SETTINGS[name]
    for part in scenery(setting.scenery, setting.wall_m, seed=3):
        near = part.ends[0] if part.ends else part.pos[0] - part.size[0]
        assert near > UPPER_M[0] + 0.05 or part.pos[2] < 0.01, "scenery stands in the way"


def test_places_differ_and_can_be_had_again():
    drawn = [sample_place(np.random.default_rng(seed)) for seed in range(60)]
    assert {place.setting.name for place in drawn} == set(SETTINGS)
    assert len({place_assets(place) for place in drawn}) > 50
    assert drawn[7] == sample_place(np.random.default_rng(7))


def test_textures_are_pictures_of_their_own():
    files = [surface_png(name) for name in SURFACES]
    assert len(set(files)) == len(SURFACES) and all(file.startswith(b"\x89PNG") for file in files)


def test_people_differ_in_hands_skins_and_sleeves():
    people = [sample_person(np.random.default_rng(seed)) for seed in range(200)]
    assert 0.2 < np.mean([person.left for person in people]) < 0.5
    assert any(person.glove for person in people) and any(person.band for person in people)
    assert any(person.sleeve_m is None for person in people)
    brightness = [sum(person.skin) for person in people]
    assert min(brightness) < sum(SKINS[-1]) + 0.3 and max(brightness) > sum(SKINS[0]) - 0.3
