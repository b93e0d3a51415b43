"""What options of several commands may be, and how that is said."""

import os
from typing import Optional, Sequence, Tuple


def expect(option: str, value: int, least: int) -> None:
    """Raise ValueError naming the option where its value is too small."""
    if value < least:
        raise ValueError(f"--{option} is {value}, expected at least {least}")


def expect_free(option: str, names: Sequence[str], reserved: Sequence[str]) -> None:
    """Raise ValueError where a name given with the option is that of what a command adds for comparison."""
    for name in names:
        if name in reserved:
            raise ValueError(
                f"--{option} has one called {name!r}, as what is added for comparison is: give it another name, as in "
                "mine=PATH"
            )


def worker_count(asked: Optional[int]) -> int:
    """How many processes to use: so many as were asked for, else one a core that this process may run on."""
    if asked is None:
        return len(os.sched_getaffinity(0))
    expect("workers", asked, 1)
    return asked


def choose_tasks(task: Sequence[str], group: Optional[str] = None) -> Tuple[str, ...]:
    """The simulated tasks named, else those of the group, else the target tasks; raises ValueError for both, or twice.

    Args:
        task: names, as given by --task.
        group: name of a group, as given by --group.
    """
    from robot_bridge.sim.tasks import find_group, find_task

    if not task:
        return find_group(group or "target")
    if group is not None:
        raise ValueError(f"--group {group} is of no use with --task, which names the tasks: give one of them")
    twice = sorted({name for name in task if list(task).count(name) > 1})
    if twice:
        raise ValueError("--task has {} twice: name each task once".format(", ".join(twice)))
    return tuple(find_task(name).name for name in task)
