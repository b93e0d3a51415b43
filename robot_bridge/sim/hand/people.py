"""Whose hands there are: sizes, skin tones, sleeves, gloves, watches."""

from typing import Tuple

import numpy as np

from robot_bridge.sim.hand.anatomy import Person
from robot_bridge.sim.hand.props import COLOURS, choose_colour, mixed
from robot_bridge.sim.shapes import Colour

SKINS: Tuple[Colour, ...] = (
    (0.94, 0.78, 0.68),
    (0.89, 0.70, 0.58),
    (0.82, 0.61, 0.48),
    (0.72, 0.51, 0.37),
    (0.56, 0.38, 0.27),
    (0.42, 0.28, 0.20),
    (0.30, 0.20, 0.15),
)
"""From light to dark, about the steps of the Fitzpatrick scale."""

LEFT_HANDED, GLOVED, BARE, WATCH = 0.35, 0.08, 0.30, 0.25
"""Shares of people."""


def sample_person(rng: np.random.Generator) -> Person:
    """Somebody."""
    lighter = int(rng.integers(len(SKINS) - 1))
    skin = mixed(SKINS[lighter], SKINS[lighter + 1], float(rng.uniform()))
    cloth = mixed(COLOURS[choose_colour(rng)], (0.5, 0.5, 0.52), float(rng.uniform(0.15, 0.65)))
    bare = rng.uniform() < BARE
    start = float(rng.uniform(0.045, 0.13))
    glove = COLOURS[choose_colour(rng)] if rng.uniform() < GLOVED else None
    band = COLOURS[("black", "brown", "grey")[int(rng.integers(3))]] if rng.uniform() < WATCH and start > 0.06 else None
    return Person(
        left=bool(rng.uniform() < LEFT_HANDED),
        scale=float(rng.uniform(0.90, 1.08)),
        skin=skin,
        sleeve=cloth,
        sleeve_m=None if bare else start,
        glove=glove,
        band=band,
        girth=float(rng.uniform(0.94, 1.08)),
    )
