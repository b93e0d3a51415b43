"""What every activity has in common."""

from abc import ABC, abstractmethod
from typing import Dict, Iterator, List, Tuple

import numpy as np

from robot_bridge.sim.hand.actor import Actor
from robot_bridge.sim.hand.items import PropItem
from robot_bridge.sim.hand.stage import PROPS, Stage
from robot_bridge.sim.hand.world import HandWorld

FAULTS = ("miss", "drop", "abandon")
"""How an action fails: the fingers close beside the thing, it falls on the way, or the person thinks better of it."""


class Activity(ABC):
    """Something a person does with a hand. ``text`` says what, in the imperative."""

    faults: Tuple[str, ...] = ("abandon",)
    """Those of FAULTS that can befall it."""

    starts: Dict[str, float]
    """Where fixtures' joints are at the beginning, by their body."""

    text: str

    def __init__(self, stage: Stage) -> None:
        self.starts = {}
        self.text = self.arrange(stage)

    @abstractmethod
    def arrange(self, stage: Stage) -> str:
        """Put the things needed on the stage; returns the text."""

    @abstractmethod
    def perform(self, actor: Actor) -> Iterator[None]:
        """Move the hand, yielding once a tick."""

    @abstractmethod
    def achieved(self, world: HandWorld) -> bool:
        """Whether what was intended has come about."""


def grips(*names: str) -> List[str]:
    """The kinds of props held in one of the ways."""
    return [kind for kind, made in PROPS.items() if made.make((0.5, 0.5, 0.5)).grip in names]


def flat_kinds() -> List[str]:
    """The kinds of props with a flat top that fit a hand."""
    made = {kind: PROPS[kind].make((0.5, 0.5, 0.5)) for kind in grips("claw")}
    return [kind for kind, prop in made.items() if prop.flat and prop.width_m < 0.066 and not prop.round]


def add_somewhere(stage: Stage, kinds: List[str], margin_m: float = 0.0) -> PropItem:
    """Put one of the kinds down in a free place, turned as a hand likes it."""
    drawn = stage.draw(kinds)
    at = stage.spot(drawn[2].reach_m + margin_m)
    return stage.add_prop(drawn, at, stage.yaw(at))


def apart(world: HandWorld, first: str, second: str) -> float:
    """Horizontal distance of two bodies [m]."""
    return float(np.hypot(*(world.position(first) - world.position(second))[:2]))
