"""What stands on a stage: things with a name, words and a place."""

from dataclasses import dataclass
from typing import Tuple, Union

from robot_bridge.sim.containers import Container
from robot_bridge.sim.hand.fixture import Fixture
from robot_bridge.sim.hand.props import Prop


@dataclass(frozen=True)
class Item:
    """One thing on a stage: the name of its body, the words for it, its kind, and where it begins."""

    name: str
    words: str
    kind: str
    xyz_m: Tuple[float, float, float]
    yaw_rad: float


@dataclass(frozen=True)
class PropItem(Item):
    """A prop."""

    prop: Prop


@dataclass(frozen=True)
class VesselItem(Item):
    """A vessel; a slim one can be held like a bottle."""

    vessel: Container


@dataclass(frozen=True)
class FixtureItem(Item):
    """A fixture."""

    fixture: Fixture


Holdable = Union[PropItem, VesselItem]
"""What a whole hand can hold; of a fixture it holds the handle."""
