"""The colours of the test are in no training scene."""

import colorsys
from typing import List

import mujoco
import numpy as np
import pytest

from robot_bridge.sim.colours import SPREAD_DEG, UNSEEN_DEG, Tint, spread_tint, unseen_tint
from robot_bridge.sim.model import build_model
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.tasks import TASKS

VIVID = 0.3
"""Saturation from which on a colour is one; the steel of a knife is none."""


def hues(model: mujoco.MjModel) -> List[float]:
    """Hues [degrees] of the target's coloured parts, in their order; nan where a part is grey."""
    rows = np.flatnonzero((model.geom_bodyid == model.body("target").id) & (model.geom_group == 2))
    colours = [colorsys.rgb_to_hsv(*model.geom_rgba[row, :3].tolist()) for row in rows]
    return [360.0 * hue if saturation > VIVID else float("nan") for hue, saturation, _ in colours]


def turns(task: str, seed: int, variant: str, spread: float) -> np.ndarray:
    """How far each part's hue is from the object's own, 0 to 180 degrees."""
    plain = sample_scene(task, seed, randomise=False)
    other = sample_scene(task, seed, variant, colour_spread=spread)
    apart = np.subtract(hues(build_model(other)), hues(build_model(plain)))
    apart = apart[np.isfinite(apart)]
    assert len(apart) >= 1
    return np.abs((apart + 180.0) % 360.0 - 180.0)


@pytest.mark.parametrize("task", TASKS)
def test_no_training_scene_shows_a_hue_of_the_test(task: str) -> None:
    trained = np.concatenate([turns(task, seed, "train", spread) for seed in range(12) for spread in (0.0, 1.0)])
    tested = np.concatenate([turns(task, seed, "colours", 0.0) for seed in range(12)])
    assert trained.max() < 108.0 < 112.0 < tested.min()
    assert trained.max() > 60.0, "a full spread is diverse"


def test_tints_keep_their_ranges() -> None:
    rng = np.random.default_rng(0)
    unseen = [unseen_tint(rng) for _ in range(300)]
    spread = [spread_tint(rng, 1.0) for _ in range(300)]
    half = [spread_tint(rng, 0.5) for _ in range(300)]
    assert all(UNSEEN_DEG[0] <= tint.hue_deg <= UNSEEN_DEG[1] for tint in unseen)
    assert 80.0 < max(abs(tint.hue_deg) for tint in spread) <= SPREAD_DEG
    assert 40.0 < max(abs(tint.hue_deg) for tint in half) <= SPREAD_DEG / 2
    assert UNSEEN_DEG[0] >= SPREAD_DEG + 30.0 and UNSEEN_DEG[1] + 30.0 <= 360.0 - SPREAD_DEG
    assert spread_tint(rng, 0.0) == Tint(0.0)


def test_a_tint_turns_hue_and_keeps_greys() -> None:
    np.testing.assert_allclose(Tint(120.0).colour((1.0, 0.0, 0.0)), (0.0, 1.0, 0.0), atol=1e-12)
    np.testing.assert_allclose(Tint(77.0).colour((0.5, 0.5, 0.5)), (0.5, 0.5, 0.5))
    np.testing.assert_allclose(Tint(0.0, 0.5, 0.8).colour((1.0, 0.0, 0.0)), (0.8, 0.4, 0.4))


@pytest.mark.parametrize("numbers", [(400.0, 1.0, 1.0), (float("nan"), 1.0, 1.0), (0.0, -0.1, 1.0), (0.0, 1.0, 2.5)])
def test_absurd_tints_are_refused(numbers: tuple) -> None:
    with pytest.raises(ValueError, match="expected a hue"):
        Tint(*numbers)


def test_a_wrong_spread_is_refused() -> None:
    with pytest.raises(ValueError, match=r"spread of colours is 1\.5"):
        sample_scene("knife_in_pot", 0, colour_spread=1.5)


def test_a_tint_changes_the_target_alone() -> None:
    models = [build_model(sample_scene("cucumber_in_bowl", 4, variant)) for variant in ("train", "colours")]
    changed = np.flatnonzero(np.any(models[0].geom_rgba != models[1].geom_rgba, axis=1))
    assert len(changed) and set(models[0].geom_bodyid[changed]) == {models[0].body("target").id}
    np.testing.assert_array_equal(models[0].cam_pos, models[1].cam_pos)
