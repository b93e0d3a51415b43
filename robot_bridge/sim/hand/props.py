"""What a hand can hold, and how it takes hold of it: the vocabulary, and the whole collection."""

from dataclasses import dataclass
from typing import Callable, Dict, List, Tuple

import numpy as np

from robot_bridge.sim.shapes import Colour, Thing

COLOURS: Dict[str, Colour] = {
    "red": (0.80, 0.13, 0.12),
    "orange": (0.93, 0.48, 0.10),
    "yellow": (0.95, 0.80, 0.15),
    "green": (0.18, 0.55, 0.22),
    "turquoise": (0.12, 0.62, 0.62),
    "blue": (0.14, 0.30, 0.72),
    "purple": (0.45, 0.22, 0.62),
    "pink": (0.93, 0.48, 0.62),
    "brown": (0.45, 0.28, 0.16),
    "white": (0.93, 0.92, 0.90),
    "grey": (0.50, 0.52, 0.54),
    "black": (0.11, 0.11, 0.12),
}
"""The colours things come in, by the word for them."""

GRIPS = ("claw", "pinch", "wrap", "drag")
"""From above with the whole hand, with three fingers, around an upright body; too wide and flat to be held: dragged."""


@dataclass(frozen=True)
class Prop:
    """A movable thing: its shape, the noun for it, and how a hand holds it.

    ``grip`` names a family of postures; ``width_m`` is what the fingers close on, across the thing's y axis;
    ``top_m`` is the height of its top above what it lies on. A thing that is ``round`` looks the same from all sides.
    """

    thing: Thing
    noun: str
    top_m: float
    grip: str
    width_m: float
    round: bool = False
    flat: bool = False
    rolls: bool = False

    @property
    def reach_m(self) -> float:
        """Radius that clears it on the ground."""
        return float(np.hypot(*self.thing.half_m))


@dataclass(frozen=True)
class Kind:
    """A class of props: how one of a colour is made; ``tinted`` ones come in all colours and are named by them."""

    make: Callable[[Colour], Prop]
    tinted: bool


def choose_colour(rng: np.random.Generator, but: Tuple[str, ...] = ()) -> str:
    """The name of a colour."""
    names = [name for name in COLOURS if name not in but]
    return names[int(rng.integers(len(names)))]


def shaded(colour: Colour, factor: float) -> Colour:
    """A darker or lighter shade."""
    return (min(1.0, colour[0] * factor), min(1.0, colour[1] * factor), min(1.0, colour[2] * factor))


def mixed(colour: Colour, other: Colour, share: float = 0.5) -> Colour:
    """``share`` of the way from one colour to another."""
    pairs = list(zip(colour, other))
    return (_mix(pairs[0], share), _mix(pairs[1], share), _mix(pairs[2], share))


def _mix(pair: Tuple[float, float], share: float) -> float:
    return pair[0] + share * (pair[1] - pair[0])


def collection(kinds: List[Tuple[str, Kind]]) -> Dict[str, Kind]:
    """Kinds by name; raises ValueError where a name is used twice."""
    found: Dict[str, Kind] = {}
    for name, kind in kinds:
        if name in found:
            raise ValueError(f"two kinds of props are called {name!r}: give each a name of its own")
        found[name] = kind
    return found
