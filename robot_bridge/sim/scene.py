"""What a simulated scene is, as plain data: task, variant, seed, kitchen, placements and start state."""

import json
from dataclasses import asdict, dataclass
from math import pi
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from robot_bridge.sim.colours import Tint, spread_tint, unseen_tint
from robot_bridge.sim.containers import CONTAINERS
from robot_bridge.sim.objects import THINGS
from robot_bridge.sim.tasks import Kinds, Task, find_task

TABLE_LOWER_M = (0.19, -0.155)
TABLE_UPPER_M = (0.375, 0.155)
"""The part of the counter on which targets and containers are placed: x y in base_link."""

START_NAMES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
START_LOWER = (0.19, -0.14, 0.11, 0.0, 0.0, -0.25)
START_UPPER = (0.36, 0.14, 0.22, 0.0, 0.0, 0.25)
"""Start poses of the end effector (Bridge state); the protocol's four start poses lie well inside."""

YAW_RAD = 0.45
"""Objects lie within this of the forward direction, which a gripper turns to in two steps."""

UNDER_GRIPPER = 0.25
"""Share of scenes with the object under the gripper or slightly shifted, as in the evaluation protocol."""

UNDER_SHIFT_M = 0.055
ATTEMPTS = 400

STREAMS = {"distractors": 1, "targets": 2, "containers": 3}
"""Variants with random numbers of their own; the scenes of the others are those of ``train`` but for what they vary."""

COLOUR_STREAM = 11

FARTHEST_M, WIDEST_RAD = 1.0, 2.0 * pi
"""No thing lies and no start state is farther from the base than this in any axis, none is turned by more."""


@dataclass(frozen=True)
class Placement:
    """A thing of a kind at x y [m] in base_link, turned by ``yaw_rad``."""

    kind: str
    x_m: float
    y_m: float
    yaw_rad: float = 0.0

    def __post_init__(self) -> None:
        what = f"the placement of the {self.kind}"
        check_number(f"x_m of {what}", self.x_m, -FARTHEST_M, FARTHEST_M)
        check_number(f"y_m of {what}", self.y_m, -FARTHEST_M, FARTHEST_M)
        check_number(f"yaw_rad of {what}", self.yaw_rad, -WIDEST_RAD, WIDEST_RAD)


@dataclass(frozen=True)
class SceneSpec:
    """All that determines a simulated world; equal specs make bit-equal worlds.

    ``start`` is the Bridge state (7,) the arm starts in. ``randomise`` draws camera, lights and colours from ``seed``;
    ``tint`` changes the target's colours before.
    """

    task: str
    variant: str
    seed: int
    kitchen: int
    randomise: bool
    start: Tuple[float, ...]
    target: Placement
    container: Placement
    distractors: Tuple[Placement, ...] = ()
    tint: Optional[Tint] = None

    def __post_init__(self) -> None:
        find_task(self.task).kinds_of(self.variant)
        if self.kitchen not in (0, 1):
            raise ValueError(f"kitchen is {self.kitchen}, expected 0 or 1")
        if len(self.start) != 7:
            raise ValueError(f"start has {len(self.start)} numbers, expected the 7 of a Bridge state")
        bounds = [(-FARTHEST_M, FARTHEST_M)] * 3 + [(-WIDEST_RAD, WIDEST_RAD)] * 3 + [(0.0, 1.0)]
        for name, value, (low, high) in zip(START_NAMES, self.start, bounds):
            check_number(f"{name} of the start state", value, low, high)
        check_number("seed", self.seed, 0, 2**63 - 1)
        check_kind("object", [self.target.kind, *(item.kind for item in self.distractors)], THINGS)
        check_kind("container", [self.container.kind], CONTAINERS)

    def to_json(self) -> str:
        """One line of JSON; without a tint, as scenes were written before there were tints."""
        fields = asdict(self)
        if self.tint is None:
            del fields["tint"]
        return json.dumps(fields)

    @classmethod
    def from_json(cls, text: str) -> "SceneSpec":
        """The spec written by ``to_json``; raises ValueError where the text is no scene."""
        try:
            fields = json.loads(text)
            fields["start"] = tuple(float(value) for value in fields["start"])
            for name in ("target", "container"):
                fields[name] = Placement(**fields[name])
            fields["distractors"] = tuple(Placement(**item) for item in fields["distractors"])
            fields["tint"] = Tint(**fields["tint"]) if fields.get("tint") else None
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a scene description: {error!r}; expected the JSON of SceneSpec.to_json") from error


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError where ``value`` is no number from ``low`` to ``high``."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, expected a number from {low:g} to {high:g}")


def check_kind(noun: str, kinds: Sequence[str], known: Dict) -> None:
    """Raise ValueError where a kind is not known."""
    for kind in kinds:
        if kind not in known:
            raise ValueError(f"no {noun} {kind!r}; known: {', '.join(sorted(known))}")


def sample_scene(
    task: str,
    seed: int,
    variant: str = "train",
    *,
    kitchen: Optional[int] = None,
    randomise: bool = True,
    start: Optional[Sequence[float]] = None,
    target_kind: Optional[str] = None,
    container_kind: Optional[str] = None,
    target_xy: Optional[Tuple[float, float]] = None,
    container_xy: Optional[Tuple[float, float]] = None,
    distractors: Optional[Sequence[Placement]] = None,
    turn: Optional[int] = None,
    colour_spread: float = 0.0,
    clutter: int = 0,
) -> SceneSpec:
    """A scene of ``task`` drawn from ``seed``; what is given explicitly is kept, the rest is placed clear of it.

    For a task that takes the object out, ``target_xy`` places the container and the object in it. Where ``turn`` is
    given, a task of an axis takes the kinds on it in turn instead of drawing one. ``colour_spread`` (0 to 1) widens the
    randomisation of the target's colours (robot_bridge.sim.colours). With ``clutter`` up to so many distractors lie
    about, each number as likely as the others, instead of as many as the task has it.
    """
    rng = np.random.default_rng([seed, STREAMS.get(variant, 0)])
    found = find_task(task)
    pool = found.kinds_of(variant)
    if turn is not None and found.axis:
        pool = pool.in_turn(found.axis, turn)
    room = int(rng.integers(2)) if kitchen is None else kitchen
    begin = _sample_start(rng) if start is None else tuple(float(value) for value in start)
    kinds = (_choose(rng, pool.targets), _choose(rng, pool.containers))
    kinds = (target_kind or kinds[0], container_kind or kinds[1])
    check_kind("object", kinds[:1], THINGS)
    check_kind("container", kinds[1:], CONTAINERS)
    target, container = _place_pair(rng, found, kinds, begin, target_xy, container_xy)
    others = (
        _place_distractors(rng, found, pool, target, container, clutter) if distractors is None else tuple(distractors)
    )
    tint = _draw_tint(variant, seed, colour_spread)
    return SceneSpec(task, variant, seed, room, randomise, begin, target, container, others, tint)


def _draw_tint(variant: str, seed: int, spread: float) -> Optional[Tint]:
    """The tint of a scene, from random numbers of its own, so that scenes differ in nothing else."""
    rng = np.random.default_rng([seed, COLOUR_STREAM])
    if variant == "colours":
        return unseen_tint(rng)
    return spread_tint(rng, spread) if spread else None


def _choose(rng: np.random.Generator, kinds: Sequence[str]) -> str:
    return kinds[int(rng.integers(len(kinds)))]


def _sample_start(rng: np.random.Generator) -> Tuple[float, ...]:
    return (*rng.uniform(START_LOWER, START_UPPER).tolist(), 1.0)


def _place_pair(
    rng: np.random.Generator,
    task: Task,
    kinds: Tuple[str, str],
    start: Tuple[float, ...],
    target_xy: Optional[Tuple[float, float]],
    container_xy: Optional[Tuple[float, float]],
) -> Tuple[Placement, Placement]:
    """Target and container: one inside the other, or clear of each other."""
    gap = clearance(kinds[1])
    for attempt in range(ATTEMPTS):
        at = target_xy or _table_point(rng, start)
        if task.takes_out:
            nest = container_xy or at
            inside = (nest[0] + rng.uniform(-0.006, 0.006), nest[1] + rng.uniform(-0.006, 0.006))
            at, apart = (inside if target_xy is None else at), True
        else:
            nest = container_xy or tuple(rng.uniform(TABLE_LOWER_M, TABLE_UPPER_M).tolist())
            given = target_xy is not None and container_xy is not None
            apart = given or np.hypot(nest[0] - at[0], nest[1] - at[1]) >= gap - 0.02 * (attempt > ATTEMPTS // 2)
        if apart:
            yaw, turn = rng.uniform(-YAW_RAD, YAW_RAD), rng.uniform(-0.3, 0.3)
            return Placement(kinds[0], *_rounded(at), yaw), Placement(kinds[1], *_rounded(nest), turn)
    raise ValueError(f"no room for a {kinds[0]} at {target_xy} and a {kinds[1]} at {container_xy}: {gap:.2f} m apart")


def clearance(container: str) -> float:
    """Least distance [m] between a container's centre and an object's that a gripper can close on."""
    return CONTAINERS[container].outer_m + 0.062


def _rounded(point: Sequence[float]) -> Tuple[float, float]:
    return (round(float(point[0]), 6), round(float(point[1]), 6))


def _table_point(rng: np.random.Generator, start: Tuple[float, ...]) -> Tuple[float, float]:
    """Anywhere on the table, or in a share of the scenes around the point under the gripper."""
    anywhere = rng.uniform(TABLE_LOWER_M, TABLE_UPPER_M)
    near = np.array(start[:2]) + rng.uniform(-UNDER_SHIFT_M, UNDER_SHIFT_M, 2)
    point = near if rng.uniform() < UNDER_GRIPPER else anywhere
    point = np.clip(point, TABLE_LOWER_M, TABLE_UPPER_M)
    return float(point[0]), float(point[1])


def drop_point(container: Placement) -> Tuple[float, float]:
    """Where an object taken out of ``container`` is set down: to its right, turned towards the robot near the edge."""
    distance = CONTAINERS[container.kind].outer_m + 0.050
    sideways = max(-distance, -0.242 - container.y_m)
    back = -float(np.sqrt(max(distance**2 - sideways**2, 0.0)))
    return container.x_m + back, container.y_m + sideways


def _place_distractors(
    rng: np.random.Generator, task: Task, pool: Kinds, target: Placement, container: Placement, clutter: int
) -> Tuple[Placement, ...]:
    """Up to two distractors, or as many as the pool says, or up to ``clutter``, clear of all that moves."""
    count = int(rng.choice(3, p=(0.35, 0.35, 0.30))) if pool.crowd is None else pool.crowd
    count = int(rng.integers(clutter + 1)) if clutter else count
    kinds = [str(kind) for kind in rng.permutation(pool.distractors)[:count]]
    keep = [
        ((target.x_m, target.y_m), 0.10),
        ((container.x_m, container.y_m), CONTAINERS[container.kind].outer_m + 0.05),
    ]
    if task.takes_out:
        keep.append((drop_point(container), 0.11))
    placed: List[Placement] = []
    for kind in kinds:
        for _ in range(ATTEMPTS):
            x, y = rng.uniform((0.17, -0.23), (0.42, 0.23)).tolist()
            if all(np.hypot(x - at[0], y - at[1]) >= distance for at, distance in keep):
                placed.append(Placement(kind, *_rounded((x, y)), float(rng.uniform(-np.pi, np.pi))))
                keep.append(((x, y), 0.07))
                break
    return tuple(placed)
