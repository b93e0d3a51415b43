"""The simulated tasks, and from which objects, containers and distractors the scenes of each variant are drawn.

* ``target``: the four tasks of the V-PTR paper's Table 1, with variants that replace one kind of thing by unseen ones.
* ``source``: the multi-task data of phase 2 (appendices B.3, C.2): six objects go into one bin, beside a distractor.
* ``axes``: the three target data sets of appendix C.2, each one task that varies along one axis of generalisation over
  five kinds in ``train`` and over five others, in no data at all, in ``unseen``.

What the source tasks show is in no scene of the four tasks. The axes keep the source tasks' bin and distractors where
they do not vary them, as in the paper's one environment with a single bin.
"""

from dataclasses import dataclass, replace
from typing import Dict, Optional, Tuple

MILESTONES = ("reach", "grasp", "transport", "place")

NOVEL_TARGETS = ("carrot", "ice_cream", "banana", "corn", "eggplant")
NOVEL_CONTAINERS = ("frying_pan", "basket", "glass_dish", "salad_bowl", "tray")
TRAIN_DISTRACTORS = ("egg", "mushroom", "broccoli", "strawberry", "cheese", "onion")
NOVEL_DISTRACTORS = ("lemon", "sponge", "mug", "can", "block", "tomato")
"""Never part of a training scene, like the novel targets and containers."""

SOURCE_TARGETS = ("pear", "chili", "hot_dog", "toy_car", "spoon", "screwdriver")
SOURCE_CONTAINER = "bin"
SOURCE_DISTRACTORS = ("orange", "jar", "die", "doughnut")
"""With the six targets the pool of ten of appendix B.3; none of them is both."""

VARIANTS = ("train", "distractors", "targets", "containers", "colours")
"""Of the four tasks. ``train``: what demonstrations are made of; the others replace one kind of thing by an unseen one
(appendix C.1), or show the target object in an unseen colour."""


@dataclass(frozen=True)
class Kinds:
    """The kinds of things a scene is drawn from; ``crowd`` distractors lie about, none to two where it is None."""

    targets: Tuple[str, ...]
    containers: Tuple[str, ...]
    distractors: Tuple[str, ...]
    crowd: Optional[int] = None

    def along(self, axis: str, names: Tuple[str, ...]) -> "Kinds":
        """These kinds with others on one axis."""
        return Kinds(**{**vars(self), axis: names})

    def in_turn(self, axis: str, turn: int) -> "Kinds":
        """These kinds with, of those on the ``axis``, the one whose turn it is alone."""
        names = getattr(self, axis)
        return self.along(axis, (names[turn % len(names)],))


@dataclass(frozen=True)
class Task:
    """A pick-and-place task: its kinds in each variant, and whether the object is taken out of the container.

    ``axis``: what varies over several kinds in each variant, or empty.
    """

    name: str
    words: str
    group: str
    kinds: Dict[str, Kinds]
    takes_out: bool = False
    axis: str = ""

    @property
    def target(self) -> str:
        """The (first) kind of target object in training."""
        return self.kinds["train"].targets[0]

    @property
    def container(self) -> str:
        """The (first) kind of container in training."""
        return self.kinds["train"].containers[0]

    def kinds_of(self, variant: str) -> Kinds:
        """The kinds of a variant; raises ValueError naming the task's variants."""
        if variant not in self.kinds:
            raise ValueError(f"{self.name} has no variant {variant!r}; known: {', '.join(self.kinds)}")
        return self.kinds[variant]


def _target_task(name: str, target: str, container: str, words: str, takes_out: bool = False) -> Task:
    train = Kinds((target,), (container,), TRAIN_DISTRACTORS)
    kinds = {
        "train": train,
        "distractors": replace(train, distractors=NOVEL_DISTRACTORS, crowd=2),
        "targets": replace(train, targets=NOVEL_TARGETS),
        "containers": replace(train, containers=NOVEL_CONTAINERS),
        "colours": train,
    }
    return Task(name, words, "target", kinds, takes_out)


def _source_task(target: str) -> Task:
    words = f"put the {target.replace('_', ' ')} in the bin"
    kinds = Kinds((target,), (SOURCE_CONTAINER,), SOURCE_DISTRACTORS, crowd=1)
    return Task(f"{target}_in_bin", words, "source", {"train": kinds})


def _axis_task(axis: str, words: str, target: str, train: Tuple[str, ...], unseen: Tuple[str, ...]) -> Task:
    rest = Kinds((target,), (SOURCE_CONTAINER,), SOURCE_DISTRACTORS, crowd=1)
    kinds = {"train": rest.along(axis, train), "unseen": rest.along(axis, unseen)}
    return Task(f"axis_{axis}", words, "axes", kinds, axis=axis)


_TASKS = (
    _target_task(
        "croissant_out_of_colander", "croissant", "colander", "take the croissant out of the colander", takes_out=True
    ),
    _target_task("sweet_potato_on_plate", "sweet_potato", "plate", "put the sweet potato on the plate"),
    _target_task("knife_in_pot", "knife", "pot", "put the knife in the pot"),
    _target_task("cucumber_in_bowl", "cucumber", "bowl", "put the cucumber in the bowl"),
)

_AXIS_TARGETS = ("croissant", "sweet_potato", "knife", "cucumber", "baguette")
_AXIS_CONTAINERS = ("colander", "plate", "pot", "bowl", "cake_tin")

_AXIS_TASKS = (
    _axis_task("targets", "put the object in the bin", "", _AXIS_TARGETS, NOVEL_TARGETS),
    _axis_task("containers", "put the cucumber in the container", "cucumber", _AXIS_CONTAINERS, NOVEL_CONTAINERS),
    _axis_task(
        "distractors", "put the sweet potato in the bin", "sweet_potato", TRAIN_DISTRACTORS[:5], NOVEL_DISTRACTORS[:5]
    ),
)

TASKS: Dict[str, Task] = {task.name: task for task in _TASKS}
"""The four tasks by name, in the order of the paper's Table 1."""

SOURCE_TASKS: Dict[str, Task] = {f"{target}_in_bin": _source_task(target) for target in SOURCE_TARGETS}
"""The six source tasks by name."""

AXIS_TASKS: Dict[str, Task] = {task.name: task for task in _AXIS_TASKS}
"""The tasks of the three axes by name."""

GROUPS: Dict[str, Dict[str, Task]] = {
    "target": TASKS,
    "source": SOURCE_TASKS,
    "axes": AXIS_TASKS,
    "all": {**TASKS, **SOURCE_TASKS, **AXIS_TASKS},
}
"""Tasks by group and name."""


def find_task(name: str) -> Task:
    """The task of that name; raises ValueError naming the known ones."""
    known = GROUPS["all"]
    if name not in known:
        raise ValueError(f"no simulated task {name!r}; known: {', '.join(known)}")
    return known[name]


def find_group(name: str) -> Tuple[str, ...]:
    """The names of the tasks of a group; raises ValueError naming the groups."""
    if name not in GROUPS:
        raise ValueError(f"no group of tasks {name!r}; known: {', '.join(GROUPS)}")
    return tuple(GROUPS[name])
