"""Everything the hand does, by name, and how often."""

from typing import Dict, List, Tuple, Type

import numpy as np

from robot_bridge.sim.hand.activities.activity import Activity
from robot_bridge.sim.hand.activities.idling import PointAt, Rest
from robot_bridge.sim.hand.activities.lifting import Inspect, Pour, Remove, Shake
from robot_bridge.sim.hand.activities.placing import PlaceIn, PlaceOn, Stack, TakeOut
from robot_bridge.sim.hand.activities.pushing import Drag, KnockDown, Push, Roll, Sweep, TipOver, Wipe
from robot_bridge.sim.hand.activities.working import Close, Open, Press, Turn

_REPERTOIRE: Tuple[Tuple[str, Type[Activity], float], ...] = (
    ("place_on", PlaceOn, 2.0),
    ("place_in", PlaceIn, 2.0),
    ("take_out", TakeOut, 1.5),
    ("stack", Stack, 1.5),
    ("inspect", Inspect, 1.2),
    ("shake", Shake, 0.7),
    ("remove", Remove, 1.0),
    ("pour", Pour, 1.2),
    ("push", Push, 1.3),
    ("roll", Roll, 0.8),
    ("tip_over", TipOver, 0.6),
    ("knock_down", KnockDown, 0.7),
    ("drag", Drag, 1.0),
    ("wipe", Wipe, 1.0),
    ("sweep", Sweep, 0.7),
    ("open", Open, 1.8),
    ("close", Close, 1.3),
    ("press", Press, 1.0),
    ("turn", Turn, 1.0),
    ("point", PointAt, 0.6),
    ("rest", Rest, 0.6),
)

ACTIVITIES: Dict[str, Type[Activity]] = {name: kind for name, kind, _ in _REPERTOIRE}
"""Activities by name."""

_WEIGHTS = {name: weight for name, _, weight in _REPERTOIRE}


def choose(rng: np.random.Generator, kinds: Tuple[str, ...], count: int) -> List[str]:
    """Names of activities that follow each other, each one but once; raises ValueError for unknown names."""
    unknown = [kind for kind in kinds if kind not in ACTIVITIES]
    if unknown or not kinds:
        raise ValueError(f"no activity {', '.join(unknown) or 'named'}; known: {', '.join(ACTIVITIES)}")
    weights = np.array([_WEIGHTS[kind] for kind in kinds])
    chosen = rng.choice(len(kinds), size=min(count, len(kinds)), replace=False, p=weights / weights.sum())
    return [kinds[index] for index in chosen.tolist()]
