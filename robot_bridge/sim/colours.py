"""Other colours for a target object: turned on the colour wheel, with a third of the wheel held out of all training.

The turn is from the object's own colours, all of its parts alike. Training scenes are shown as the object is (turn 0)
or, for more diverse data, turned by at most ``SPREAD_DEG`` either way; the variant ``colours`` turns by
``UNSEEN_DEG``, the third of the wheel opposite the object's own hue. The 30 degrees between them are the margin for the
randomised light and shade, so that no training scene shows the object in a hue of the test.
"""

from colorsys import hsv_to_rgb, rgb_to_hsv
from dataclasses import dataclass
from typing import Sequence

import numpy as np

SPREAD_DEG = 90.0
UNSEEN_DEG = (120.0, 240.0)
PALER, DARKER, BRIGHTER = 0.4, 0.35, 0.1
"""How far a full spread takes saturation and brightness from an object's own."""


@dataclass(frozen=True)
class Tint:
    """A change of colours: hue turned by ``hue_deg``, saturation and brightness scaled."""

    hue_deg: float
    saturation: float = 1.0
    brightness: float = 1.0

    def __post_init__(self) -> None:
        good = -360.0 <= self.hue_deg <= 360.0 and 0.0 <= self.saturation <= 2.0 and 0.0 <= self.brightness <= 2.0
        if not good:
            raise ValueError(f"{self}: expected a hue within 360 degrees, saturation and brightness from 0 to 2")

    def colour(self, rgb: Sequence[float]) -> np.ndarray:
        """The colour (3,) that an RGB colour in 0..1 becomes."""
        hue, saturation, brightness = rgb_to_hsv(*(float(value) for value in rgb))
        turned = (hue + self.hue_deg / 360.0) % 1.0
        return np.array(
            hsv_to_rgb(turned, min(1.0, saturation * self.saturation), min(1.0, brightness * self.brightness))
        )


def unseen_tint(rng: np.random.Generator) -> Tint:
    """A tint of the variant ``colours``."""
    return Tint(round(float(rng.uniform(*UNSEEN_DEG)), 3))


def spread_tint(rng: np.random.Generator, spread: float) -> Tint:
    """A tint for training data of a ``spread`` of 0 (none) to 1 (as diverse as the held-out third permits)."""
    if not 0.0 <= spread <= 1.0:
        raise ValueError(f"the spread of colours is {spread}, expected 0 (the objects' own) to 1")
    hue = spread * rng.uniform(-SPREAD_DEG, SPREAD_DEG)
    paler, brighter = 1.0 - spread * rng.uniform(0.0, PALER), 1.0 + spread * rng.uniform(-DARKER, BRIGHTER)
    return Tint(round(float(hue), 3), round(float(paler), 4), round(float(brighter), 4))
