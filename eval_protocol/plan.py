"""The evaluation protocol of the V-PTR paper (appendix C.1) as data.

Four start poses of the gripper, three trials each: the object directly under the gripper, then shifted twice so that
the policy cannot simply grip from where it starts. Each trial lasts up to 60 s. Scenario 1 varies nothing more,
scenario 2 adds two novel distractors (moved at each trial, switched with each start pose), scenario 3 replaces the
target by a novel object (switched with each start pose).
"""

import hashlib
import json
import math
import random
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Type, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from robot_bridge.share import share_path

START_POSES = ("left_front", "right_front", "left_rear", "right_rear")
PLACEMENTS = ("under the gripper", "shifted", "shifted again")
"""Where the object lies in the three trials of each start pose."""
TRIALS_PER_POSE = len(PLACEMENTS)
SCENARIOS = {1: "start poses", 2: "two novel distractors", 3: "novel target object"}
PROTOCOL = "config/protocol/v_ptr.yaml"
TASKS = "config/protocol/tasks.yaml"

Model = TypeVar("Model", bound=BaseModel)


class PlanError(ValueError):
    """The protocol cannot be laid out from this configuration; the message says what to change."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StartPose(_Strict):
    """Where the gripper starts: metres and radians in base_link (Bridge convention), gripper opening 0..1."""

    x: float = Field(ge=0.0, le=0.6)
    y: float = Field(ge=-0.5, le=0.5)
    z: float = Field(ge=0.0, le=0.6)
    roll: float = Field(ge=-math.pi, le=math.pi)
    pitch: float = Field(ge=-math.pi, le=math.pi)
    yaw: float = Field(ge=-math.pi, le=math.pi)
    gripper: float = Field(ge=0.0, le=1.0)

    def pose(self) -> List[float]:
        """x y z roll pitch yaw, as the services take it."""
        return [self.x, self.y, self.z, self.roll, self.pitch, self.yaw]


class Spot(_Strict):
    """A point on the table in base_link [m]."""

    x: float
    y: float

    def distance(self, other: "Spot") -> float:
        """Distance between the two points [m]."""
        return math.hypot(self.x - other.x, self.y - other.y)


class Table(_Strict):
    """The part of the table on which objects are placed, in base_link [m]."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float

    @model_validator(mode="after")
    def _ordered(self) -> "Table":
        if not (self.x_min < self.x_max and self.y_min < self.y_max):
            raise ValueError("x_min must be below x_max and y_min below y_max")
        return self

    def holds(self, spot: Spot) -> bool:
        """Whether the spot lies on this part of the table."""
        return self.x_min <= spot.x <= self.x_max and self.y_min <= spot.y <= self.y_max


class Shift(_Strict):
    """How far a shifted placement lies from the point under the gripper [m]."""

    min: float = Field(gt=0.0)
    max: float = Field(le=0.2)


class Lab(_Strict):
    """A lab's start poses, table and time limit (config/protocol/v_ptr.yaml)."""

    time_limit_s: float = Field(gt=0.0, le=600.0)
    poses: Dict[str, StartPose]
    containers: Dict[str, Spot]
    table: Table
    surroundings: Table
    shift: Shift
    clearance: float = Field(gt=0.0)
    container_clearance: float = Field(gt=0.0)

    @model_validator(mode="after")
    def _complete(self) -> "Lab":
        for part, given in (("poses", set(self.poses)), ("containers", set(self.containers))):
            if given != set(START_POSES):
                raise ValueError(f"{part} must name exactly {list(START_POSES)}, got {sorted(given)}")
        return self


class TaskProtocol(_Strict):
    """What the protocol needs to know about a task (config/protocol/tasks.yaml)."""

    object: str
    container: str
    success: str
    paper_row: str = ""
    starts_inside: bool = False
    set_down: Optional[Spot] = None
    distractors: Dict[str, Tuple[str, str]] = {}
    targets: Dict[str, str] = {}


class Placement(_Strict):
    """A thing on the table and where its centre goes."""

    name: str
    spot: Spot

    def words(self) -> str:
        """The thing's name as one says it."""
        return self.name.replace("_", " ")


class Trial(_Strict):
    """One trial: from where the gripper starts, and what lies where."""

    number: int
    start_pose: str
    placement: int = Field(ge=1, le=TRIALS_PER_POSE)
    shift: Spot
    target: Placement
    container: Placement
    distractors: List[Placement]

    def placement_words(self, short: bool = False) -> str:
        """The placement of the object relative to the gripper, in words, or in short: ``3.0 cm away, 1.5 cm left``."""
        if self.placement == 1:
            return PLACEMENTS[0]
        return direction_words(self.shift, short) if short else "shifted " + direction_words(self.shift)


class Plan(_Strict):
    """A whole evaluation session, laid out before its first trial."""

    task: str
    scenario: int
    seed: int
    time_limit_s: float
    success: str
    paper_row: str
    starts_inside: bool
    start_poses: Dict[str, StartPose]
    trials: List[Trial]

    def to_json(self) -> Dict[str, Any]:
        """The plan as plain data."""
        return self.model_dump(mode="json")

    def hash(self) -> str:
        """sha256 of the plan's canonical JSON."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load_lab(path: Optional[Path] = None) -> Lab:
    """Read a lab's start poses and table; raises PlanError naming what is wrong."""
    path = path or share_path(PROTOCOL)
    return _validated(Lab, _read_yaml(path), path)


def load_task(name: str, path: Optional[Path] = None) -> TaskProtocol:
    """Read what the protocol knows about a task; raises PlanError naming the nearest task."""
    path = path or share_path(TASKS)
    tasks = _read_yaml(path)
    if name not in tasks:
        near = get_close_matches(name, list(tasks), n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PlanError("no task {!r} in {}.{} Known: {}.".format(name, path, hint, ", ".join(tasks)))
    return _validated(TaskProtocol, tasks[name], path)


def make_plan(
    task: str, scenario: int = 1, seed: int = 0, lab: Optional[Lab] = None, protocol: Optional[TaskProtocol] = None
) -> Plan:
    """Lay out the twelve trials of a scenario; the same arguments give the same plan."""
    if scenario not in SCENARIOS:
        raise PlanError(f"scenario must be one of {SCENARIOS}, got {scenario!r}")
    lab = lab or load_lab()
    protocol = protocol or load_task(task)
    _require_objects(task, protocol, scenario)
    draw = random.Random(f"{task}/{scenario}/{seed}")
    trials: List[Trial] = []
    for pose in START_POSES:
        for placement, shift in enumerate(_shifts(lab, protocol, pose, draw), start=1):
            number = len(trials) + 1
            trials.append(_trial(number, pose, placement, shift, lab, protocol, scenario, draw))
    return Plan(
        task=task,
        scenario=scenario,
        seed=seed,
        time_limit_s=lab.time_limit_s,
        success=protocol.success,
        paper_row=protocol.paper_row,
        starts_inside=protocol.starts_inside,
        start_poses=lab.poses,
        trials=trials,
    )


def plan_from_json(value: Dict[str, Any]) -> Plan:
    """Read a plan back from plain data."""
    return _validated(Plan, value, Path("plan"))


def direction_words(shift: Spot, short: bool = False) -> str:
    """A shift in words: centimetres away from or towards the robot, and to its left or right."""
    x = ("away", "towards") if short else ("away from the robot", "towards the robot")
    y = ("left", "right") if short else ("to the robot's left", "to the robot's right")
    parts = [
        f"{abs(value) * 100:.1f} cm {words[0] if value > 0 else words[1]}"
        for value, words in ((shift.x, x), (shift.y, y))
        if value
    ]
    return (", " if short else " and ").join(parts)


def instructions(plan: Plan, trial: Trial) -> List[str]:
    """What the operator has to place where for this trial, one sentence a line."""
    target, container = trial.target.words(), trial.container.words()
    thing = f"the {container} with the {target} in it" if plan.starts_inside else f"the {target}"
    if trial.placement == 1:
        lines = [f"Place {thing} directly under the gripper."]
    else:
        lines = [f"Place {thing} {direction_words(trial.shift)} from the point under the gripper."]
    if not plan.starts_inside:
        lines.append(f"Stand the {container} {_spot_words(trial.container.spot)}.")
    lines += [f"Place the {d.words()} (distractor) {_spot_words(d.spot)}." for d in trial.distractors]
    if plan.scenario != 2:
        lines.append("Nothing else lies in the scene.")
    return lines


def _trial(
    number: int,
    pose: str,
    placement: int,
    shift: Spot,
    lab: Lab,
    protocol: TaskProtocol,
    scenario: int,
    draw: random.Random,
) -> Trial:
    under = Spot(x=lab.poses[pose].x, y=lab.poses[pose].y)
    spot = _moved(under, shift)
    container = spot if protocol.starts_inside else lab.containers[pose]
    keep = [(spot, lab.clearance), (container, lab.container_clearance)]
    if protocol.set_down is not None:
        keep.append((_moved(container, protocol.set_down), lab.clearance))
    distractors = []
    for name in protocol.distractors[pose] if scenario == 2 else ():
        distractors.append(Placement(name=name, spot=_free_spot(lab.surroundings, keep, draw)))
        keep.append((distractors[-1].spot, lab.clearance))
    return Trial(
        number=number,
        start_pose=pose,
        placement=placement,
        shift=shift,
        target=Placement(name=protocol.targets[pose] if scenario == 3 else protocol.object, spot=spot),
        container=Placement(name=protocol.container, spot=container),
        distractors=distractors,
    )


def _shifts(lab: Lab, protocol: TaskProtocol, pose: str, draw: random.Random) -> List[Spot]:
    """No shift, then two shifts of at least 90 degrees between them, on the table and clear of the container."""
    under = Spot(x=lab.poses[pose].x, y=lab.poses[pose].y)
    shifts = [Spot(x=0.0, y=0.0)]
    for _ in range(10_000):
        length, angle = draw.uniform(lab.shift.min, lab.shift.max), draw.uniform(0.0, 2 * math.pi)
        shift = Spot(x=_half_cm(length * math.cos(angle)), y=_half_cm(length * math.sin(angle)))
        spot = _moved(under, shift)
        clear = protocol.starts_inside or spot.distance(lab.containers[pose]) >= lab.container_clearance
        apart = len(shifts) == 1 or shift.x * shifts[1].x + shift.y * shifts[1].y <= 0
        in_range = lab.shift.min - 1e-9 <= math.hypot(shift.x, shift.y) <= lab.shift.max + 1e-9
        if lab.table.holds(spot) and clear and apart and in_range:
            shifts.append(shift)
        if len(shifts) == TRIALS_PER_POSE:
            return shifts
    raise PlanError(
        f"no room for two shifted placements at {pose}: widen `table`, move the pose or its container, or reduce "
        "`container_clearance` in the protocol file"
    )


def _free_spot(table: Table, keep: List[Tuple[Spot, float]], draw: random.Random) -> Spot:
    """A spot on the table that keeps its distance from each of the given ones."""
    for _ in range(10_000):
        x, y = draw.uniform(table.x_min, table.x_max), draw.uniform(table.y_min, table.y_max)
        spot = Spot(x=_half_cm(x), y=_half_cm(y))
        if table.holds(spot) and all(spot.distance(other) >= distance for other, distance in keep):
            return spot
    raise PlanError("no room for the distractors: widen `surroundings` or reduce `clearance` in the protocol file")


def _require_objects(task: str, protocol: TaskProtocol, scenario: int) -> None:
    part = {2: "distractors", 3: "targets"}.get(scenario)
    if part is None:
        return
    missing = [pose for pose in START_POSES if pose not in getattr(protocol, part)]
    if missing:
        raise PlanError(
            "scenario {} ({}) of {} needs `{}` for {} in config/protocol/tasks.yaml".format(
                scenario, SCENARIOS[scenario], task, part, ", ".join(missing)
            )
        )


def _moved(spot: Spot, shift: Spot) -> Spot:
    return Spot(x=round(spot.x + shift.x, 4), y=round(spot.y + shift.y, 4))


def _half_cm(value_m: float) -> float:
    """Rounded to 5 mm: what an operator can place with a ruler."""
    return round(round(value_m / 0.005) * 0.005, 3) + 0.0


def _spot_words(spot: Spot) -> str:
    side = (
        "on the centre line"
        if not spot.y
        else "{:.1f} cm to the robot's {}".format(abs(spot.y) * 100, "left" if spot.y > 0 else "right")
    )
    return f"{spot.x * 100:.1f} cm in front of the robot's base, {side}"


def _read_yaml(path: Path) -> Dict[str, Any]:
    try:
        value = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlanError(f"no file {path}") from error
    except yaml.YAMLError as error:
        raise PlanError(f"{path} is not YAML: {error}") from error
    if not isinstance(value, dict):
        raise PlanError(f"{path} must hold a mapping, got {type(value).__name__}")
    return value


def _validated(model: Type[Model], value: Any, source: Path) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        lines = ["{}: {}".format(".".join(map(str, e["loc"])) or "file", e["msg"]) for e in error.errors()]
        raise PlanError("{}: {}".format(source, "; ".join(lines))) from error
