"""The four simulated tasks of the V-PTR paper and which objects, containers and distractors each variant uses."""

from dataclasses import dataclass
from typing import Dict, Tuple

VARIANTS = ("train", "distractors", "targets", "containers")
"""``train``: what demonstrations are made of; the others replace one kind of thing by an unseen one (appendix C.2)."""

MILESTONES = ("reach", "grasp", "transport", "place")


@dataclass(frozen=True)
class Task:
    """A pick-and-place task: which object, which container, and whether the object is taken out of the container."""

    name: str
    target: str
    container: str
    takes_out: bool
    words: str


_TASKS = (
    Task("croissant_out_of_colander", "croissant", "colander", True, "take the croissant out of the colander"),
    Task("sweet_potato_on_plate", "sweet_potato", "plate", False, "put the sweet potato on the plate"),
    Task("knife_in_pot", "knife", "pot", False, "put the knife in the pot"),
    Task("cucumber_in_bowl", "cucumber", "bowl", False, "put the cucumber in the bowl"),
)

TASKS: Dict[str, Task] = {task.name: task for task in _TASKS}
"""The tasks by name, in the order of the paper's Table 1."""

NOVEL_TARGETS = ("carrot", "ice_cream", "banana", "corn", "eggplant")
NOVEL_CONTAINERS = ("frying_pan", "basket", "glass_dish", "salad_bowl", "tray")
TRAIN_DISTRACTORS = ("egg", "mushroom", "broccoli", "strawberry", "cheese", "onion")
NOVEL_DISTRACTORS = ("lemon", "sponge", "mug", "can", "block", "tomato")
"""Never part of a training scene, like the novel targets and containers."""


def find_task(name: str) -> Task:
    """The task of that name; raises ValueError naming the known ones."""
    if name not in TASKS:
        raise ValueError(f"no simulated task {name!r}; known: {', '.join(TASKS)}")
    return TASKS[name]


def targets_of(task: Task, variant: str) -> Tuple[str, ...]:
    """The kinds a scene of this variant draws its target object from."""
    return NOVEL_TARGETS if variant == "targets" else (task.target,)


def containers_of(task: Task, variant: str) -> Tuple[str, ...]:
    """The kinds a scene of this variant draws its container from."""
    return NOVEL_CONTAINERS if variant == "containers" else (task.container,)


def distractors_of(variant: str) -> Tuple[str, ...]:
    """The kinds a scene of this variant draws its distractors from."""
    return NOVEL_DISTRACTORS if variant == "distractors" else TRAIN_DISTRACTORS
