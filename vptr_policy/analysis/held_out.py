"""Trajectories kept out of a fit, whole: frames of one trajectory resemble each other."""

from dataclasses import replace
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from vptr_policy.counting import counted
from vptr_policy.data.robot.transitions import Transitions

TRAINING, VALIDATION, TEST = 0, 1, 2
SHARES = (0.6, 0.2, 0.2)
"""Of the trajectories of each task."""
PURPOSES = ("one to fit", "one to choose the ridge", "one to judge by")


def split(
    trajectory: np.ndarray,
    task: np.ndarray,
    seed: int,
    shares: Tuple[float, float, float] = SHARES,
    names: Sequence[str] = (),
) -> np.ndarray:
    """TRAINING, VALIDATION or TEST for each transition, the same for all of a trajectory.

    Args:
        trajectory: (n,) number of the trajectory of each transition.
        task: (n,) number of its task; each task is split in these shares.
        seed: of the draw.
        shares: of training, validation and test; a share above 0 gets at least one trajectory of each task.
        names: of the tasks, by their numbers, for the message.

    Raises:
        ValueError: where a task has too few trajectories for that.
    """
    parts = np.empty(len(trajectory), np.int64)
    wanted = [part for part in (TRAINING, VALIDATION, TEST) if shares[part] > 0]
    for number in np.unique(task):
        members = np.unique(trajectory[task == number])
        if len(members) < len(wanted):
            raise ValueError(
                "{} has {}, expected at least {}: {}; add data of it, or choose other tasks".format(
                    names[number] if len(names) else "a task",
                    counted(len(members), "trajectory", "trajectories"),
                    len(wanted),
                    ", ".join(PURPOSES[part] for part in wanted),
                )
            )
        order = np.random.default_rng([seed, int(number)]).permutation(members)
        for part, chosen in zip(wanted, _cut(order, [shares[part] for part in wanted])):
            parts[np.isin(trajectory, chosen)] = part
    return parts


def parts_of(data: Transitions, seed: int) -> np.ndarray:
    """TRAINING, VALIDATION or TEST for each transition; target data, where there are any, are TEST, and no others."""
    own = ~data.target
    shares = SHARES if own.all() else (SHARES[0] + SHARES[2], SHARES[1], 0.0)
    parts = np.full(len(data), TEST)
    parts[own] = split(data.trajectory[own], data.task[own], seed, shares, data.tasks)
    return parts


def part_sizes(data: Transitions, parts: np.ndarray) -> Dict[str, Dict[str, int]]:
    """Trajectories and transitions of each part."""
    kinds = {"training": parts == TRAINING, "validation": parts == VALIDATION, "test": parts == TEST}
    return {
        name: {"trajectories": len(np.unique(data.trajectory[rows])), "transitions": int(rows.sum())}
        for name, rows in kinds.items()
    }


def choose(data: Transitions, tasks: Sequence[str], count: Optional[int], seed: int) -> Transitions:
    """The transitions of these tasks (empty: all), of ``count`` trajectories of each at most, drawn at random.

    The trajectories of target data are counted apart. Raises ValueError naming the tasks there are.
    """
    unknown = [task for task in tasks if task not in data.tasks]
    if unknown:
        raise ValueError("no trajectory of {!r} in the data; there are: {}".format(unknown[0], ", ".join(data.tasks)))
    names = [task for task in data.tasks if not tasks or task in tasks]
    kept: List[np.ndarray] = []
    for name in names:
        for target in (False, True):
            rows = (data.task == data.tasks.index(name)) & (data.target == target)
            members = np.unique(data.trajectory[rows])
            random = np.random.default_rng([seed, data.tasks.index(name), int(target)])
            kept.append(random.permutation(members)[:count])
    rows = np.flatnonzero(np.isin(data.trajectory, np.concatenate(kept)))
    number = np.full(len(data.tasks), -1)
    number[[data.tasks.index(name) for name in names]] = np.arange(len(names))
    arrays = {name: value for name, value in vars(data).items() if isinstance(value, np.ndarray) and name != "states"}
    columns = {name: value[rows] for name, value in arrays.items()}
    return replace(data, **{**columns, "task": number[data.task[rows]], "tasks": tuple(names)})


def _cut(order: np.ndarray, shares: Sequence[float]) -> List[np.ndarray]:
    """Pieces of these shares, none of them empty."""
    ends = np.round(np.cumsum(shares) / np.sum(shares) * len(order)).astype(int)
    for place in range(len(ends)):
        ends[place] = np.clip(ends[place], place + 1, len(order) - (len(ends) - 1 - place))
    return np.split(order, ends[:-1])
