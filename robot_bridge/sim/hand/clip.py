"""One clip: somebody does one thing, or two or three, somewhere; recorded from their eyes."""

import json
import zlib
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np

from robot_bridge.sim.hand.activities.activity import Activity
from robot_bridge.sim.hand.activities.repertoire import ACTIVITIES, choose
from robot_bridge.sim.hand.actor import Actor
from robot_bridge.sim.hand.people import sample_person
from robot_bridge.sim.hand.settings import sample_place
from robot_bridge.sim.hand.stage import PROPS, NoRoom, Stage
from robot_bridge.sim.hand.view import View, sample_head
from robot_bridge.sim.hand.world import TICK_S, HandWorld, PhysicsDiverged
from robot_bridge.sim.shards import encode_jpeg

SOURCE = "simulated hand"
QUALITY = 90
"""Of the JPEGs."""

SHORTEST, LONGEST = 10, 150
"""Frames of a clip."""

FRAME_TICKS = (5, 7, 8, 9, 10)
"""Ticks of 0.02 s between two frames: 10 to 5 frames a second."""

LENGTHS, LENGTH_SHARES = (1, 2, 3), (0.80, 0.15, 0.05)
"""How many activities follow each other."""

FAULTY = 0.12
"""Share of clips in which something goes wrong on purpose."""

LATE, LATE_TICKS = 0.3, (20, 45)
"""Share of clips that begin when the hand is on its way, and how late."""

MOST_OTHERS = 4
"""Things lying about that nobody touches."""

OTHERS_LOWER_M, OTHERS_UPPER_M = (0.04, -0.30), (0.46, 0.30)

ATTEMPTS = 20


@dataclass(frozen=True)
class Clip:
    """A clip as it is stored: its key, what it shows, and its frames as JPEG."""

    key: str
    info: Dict[str, Any]
    jpegs: List[bytes]

    def members(self) -> Dict[str, bytes]:
        """The members of a clip in a shard, by suffix."""
        sizes, sums = [len(jpeg) for jpeg in self.jpegs], [zlib.crc32(jpeg) for jpeg in self.jpegs]
        info = {"frames": len(self.jpegs), **self.info, "sizes": sizes, "crc32": sums}
        return {"json": json.dumps(info, sort_keys=True).encode(), "jpegs": b"".join(self.jpegs)}


def record_clip(view: View, number: int, seed: int, kinds: Tuple[str, ...] = ()) -> Clip:
    """Record the clip of a seed; ``kinds`` limits the activities. Scenes that do not work out are drawn again."""
    problems = []
    for attempt in range(ATTEMPTS):
        try:
            return _record(view, number, seed, np.random.default_rng([seed, attempt]), kinds or tuple(ACTIVITIES))
        except (NoRoom, PhysicsDiverged) as error:
            problems.append(str(error))
    raise RuntimeError(f"no clip of seed {seed} worked out in {ATTEMPTS} attempts: {problems[-1]}")


def _record(view: View, number: int, seed: int, rng: np.random.Generator, kinds: Tuple[str, ...]) -> Clip:
    stage = Stage(sample_person(rng), sample_place(rng), rng)
    names = choose(rng, kinds, int(rng.choice(LENGTHS, p=LENGTH_SHARES)))
    acts = [ACTIVITIES[name](stage) for name in names]
    _add_others(stage)
    world = HandWorld(stage, {body: at for act in acts for body, at in act.starts.items()})
    faults = _faults(acts, rng)
    view.show(world, sample_head(rng))
    ticks = int(rng.choice(FRAME_TICKS))
    jpegs, achieved = _film(view, world, acts, faults, rng, ticks)
    info = {
        "source": SOURCE,
        "text": _text(acts, achieved),
        "activities": names,
        "achieved": achieved,
        "faults": faults,
        "fps": round(1.0 / (ticks * TICK_S), 3),
        "seed": seed,
        "setting": stage.place.setting.name,
        "hand": "left" if stage.person.left else "right",
        "things": sorted({item.kind for item in stage.items.values()}),
    }
    return Clip(f"hand-{number:06d}", info, jpegs)


def _film(
    view: View, world: HandWorld, acts: List[Activity], faults: List[str], rng: np.random.Generator, ticks: int
) -> Tuple[List[bytes], List[bool]]:
    """Perform and record; a share of the clips begins when the hand has come into view already."""
    actor = Actor(world, rng, float(rng.uniform(0.9, 1.5)))
    late = int(rng.integers(LATE_TICKS[0], LATE_TICKS[1])) if rng.uniform() < LATE else 0
    achieved: List[bool] = []
    jpegs: List[bytes] = []
    for tick, _ in enumerate(_performance(actor, acts, faults, achieved)):
        if tick >= late and (tick - late) % ticks == 0:
            jpegs.append(encode_jpeg(view.frame(), QUALITY))
        if len(jpegs) == LONGEST:
            break
        world.tick()
    while len(jpegs) < SHORTEST:
        world.tick()
        jpegs.append(encode_jpeg(view.frame(), QUALITY))
    return jpegs, achieved + [act.achieved(world) for act in acts[len(achieved) :]]


def _performance(actor: Actor, acts: List[Activity], faults: List[str], achieved: List[bool]) -> Iterator[None]:
    """The activities one after the other; ``achieved`` tells of each that is over whether it was."""
    yield from actor.wait(float(actor.rng.uniform(0.02, 0.5)))
    for act, fault in zip(acts, faults):
        actor.fault = fault
        yield from act.perform(actor)
        yield from actor.wait(0.1)
        achieved.append(act.achieved(actor.world))
    yield from actor.leave()
    yield from actor.wait(float(actor.rng.uniform(0.02, 0.6)))


def _faults(acts: List[Activity], rng: np.random.Generator) -> List[str]:
    """What goes wrong with each activity: mostly nothing."""
    faults = []
    for act in acts:
        wrong = bool(act.faults) and rng.uniform() < FAULTY
        faults.append(act.faults[int(rng.integers(len(act.faults)))] if wrong else "")
    return faults


def _text(acts: List[Activity], achieved: List[bool]) -> str:
    """What the person does, in words; what came to nothing was tried."""
    return ", then ".join(act.text if done else f"try to {act.text}" for act, done in zip(acts, achieved))


def _add_others(stage: Stage) -> None:
    """Things lying about, as many as there is room for."""
    kinds = list(PROPS)
    for _ in range(int(stage.rng.integers(MOST_OTHERS + 1))):
        drawn = stage.draw(kinds)
        try:
            at = stage.spot(drawn[2].reach_m, OTHERS_LOWER_M, OTHERS_UPPER_M)
        except NoRoom:
            return
        stage.add_prop(drawn, at, float(stage.rng.uniform(-np.pi, np.pi)))
