"""Transitions (s, a, r, s') of one or several data sets of the robot, as columns of numbers."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from vptr_policy.actions import normalise
from vptr_policy.data.demonstrations import Cache
from vptr_policy.data.robot import rewards as reward
from vptr_policy.data.robot.frames import Frames
from vptr_policy.data.robot.relabel import ACTIONS, achieved
from vptr_policy.data.robot.rewards import RewardOptions

TARGET_TASKS = ("one", "each", "shared")
STATE_STD_FLOOR = np.array([0.02, 0.02, 0.02, 0.1, 0.1, 0.1, 0.1], dtype=np.float32)
"""Metres, radians and opening."""


@dataclass(frozen=True)
class TransitionOptions:
    """What becomes of demonstrations."""

    action: str = "label"
    """Which action is learned from: label (imitation), action (commanded; reinforcement), executed or achieved."""
    imitate: str = ""
    """Which action a behaviour-cloning term imitates, where it is another one; empty: the same."""
    successes_only: bool = True
    """Leave failed demonstrations out (imitation); reinforcement learns from them too."""
    latency_shift: bool = False
    """Pair each action with the observation one step later: drops the first observation and the last action. Bridge
    does so with what was recorded before 2021-07-23, which `vptr data import` has done already."""
    rewards: RewardOptions = field(default_factory=RewardOptions)
    target_tasks: str = "one"
    """Task ids of the target data: one new id for all of it, each task a new id, or shared with the source's tasks."""
    target_name: str = "target"
    """The name of the one new id."""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("action", self.action, ACTIONS),
            ("imitate", self.imitate, ("", *ACTIONS)),
            ("target_tasks", self.target_tasks, TARGET_TASKS),
        ):
            if value not in known:
                raise ValueError("{} is {!r}, expected one of {}".format(name, value, ", ".join(known)))


@dataclass(frozen=True)
class Transitions:
    """n transitions over N frames: the columns have n rows, ``frames`` and ``states`` N."""

    frames: Frames
    """(N, 128, 128, 3) RGB uint8"""
    states: np.ndarray
    """(N, 7) float32 Bridge states"""
    now: np.ndarray
    """(n,) int64 frame of s"""
    next: np.ndarray
    """(n,) int64 frame of s'"""
    actions: np.ndarray
    """(n, 7) float32, the box as [-1, 1] and clipped to +-.99"""
    labels: np.ndarray
    """(n, 7) float32, what a behaviour-cloning term imitates, like ``actions``"""
    rewards: np.ndarray
    """(n,) float32 after scaling"""
    masks: np.ndarray
    """(n,) float32, 0 where the value of s' does not count"""
    returns: np.ndarray
    """(n,) float32 Monte-Carlo returns"""
    task: np.ndarray
    """(n,) int64 number in ``tasks``"""
    text: np.ndarray
    """(n,) int64 number in ``texts``"""
    target: np.ndarray
    """(n,) bool, whether it is of the target data"""
    trajectory: np.ndarray
    """(n,) int64, counted over all data sets"""
    success: np.ndarray
    """(n,) bool, of the trajectory"""
    tasks: Tuple[str, ...]
    """the source's tasks in alphabetical order, then the target's new ones"""
    target_names: Dict[str, str]
    """what the target's data call a task -> its name in ``tasks``"""
    texts: Tuple[str, ...]
    """what trajectories were told to do, in alphabetical order"""
    fingerprint: str

    def __len__(self) -> int:
        return len(self.now)

    def strata(self) -> Tuple[np.ndarray, np.ndarray]:
        """Rows of the source and of the target data, for MixedIndex."""
        return np.flatnonzero(~self.target), np.flatnonzero(self.target)

    def state_statistics(self) -> Tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the states, (7,) each, the latter at least ``STATE_STD_FLOOR``.

        A real robot's states lie far outside of a simulation's narrow spread of roll and pitch; without the floor such
        inputs would be extreme once standardised. The statistics of a trained policy are in its weights.
        """
        states = self.states[self.now]
        return states.mean(0), np.maximum(states.std(0), STATE_STD_FLOOR)

    def summary(self) -> Dict[str, Any]:
        """Counts for the card of a checkpoint."""
        _, first = np.unique(self.trajectory, return_index=True)
        by_task = {name: int((self.task == number).sum()) for number, name in enumerate(self.tasks)}
        return {
            "fingerprint": self.fingerprint,
            "trajectories": len(first),
            "successful_trajectories": int(self.success[first].sum()),
            "target_trajectories": int(self.target[first].sum()),
            "target_tasks": [self.tasks[number] for number in np.unique(self.task[self.target])],
            "transitions": len(self),
            "transitions_by_task": by_task,
        }


def assemble(sources: Sequence[Cache], options: TransitionOptions, targets: Sequence[Cache] = ()) -> Transitions:
    """The transitions of data sets, and of target data sets if there are any.

    Raises ValueError where there is nothing to learn from.
    """
    caches = [*sources, *targets]
    tasks, theirs = _vocabulary(sources, targets, options)
    task_of = [*(cache.tasks for cache in sources), *([theirs[task] for task in cache.tasks] for cache in targets)]
    texts = tuple(sorted({text for cache in caches for text in cache.texts}))
    parts: List[Dict[str, np.ndarray]] = []
    frames = trajectories = 0
    for number, cache in enumerate(caches):
        columns = _columns(cache, options)
        columns["target"] = np.full(len(columns["now"]), number >= len(sources))
        columns["task"] = np.array([tasks.index(name) for name in task_of[number]])[columns["task"]]
        columns["text"] = np.array([texts.index(text) for text in cache.texts])[columns["text"]]
        for name, start in (("now", frames), ("next", frames), ("trajectory", trajectories)):
            columns[name] = columns[name] + start
        parts.append(columns)
        frames, trajectories = frames + len(cache.frames), trajectories + int(cache.rows["trajectory"][-1]) + 1
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    if not len(joined["now"]):
        raise ValueError(
            "no transition to learn from: no demonstration succeeded (keep failures with --failures), or all is masked"
        )
    states = np.concatenate([cache.rows["state"] for cache in caches])
    mark = hashlib.sha256(repr(([cache.fingerprint for cache in caches], options)).encode()).hexdigest()[:16]
    frames_of = Frames([cache.frames for cache in caches])
    return Transitions(frames_of, states, tasks=tasks, target_names=theirs, texts=texts, fingerprint=mark, **joined)


def _columns(cache: Cache, options: TransitionOptions) -> Dict[str, np.ndarray]:
    """The transitions of one data set, numbered within it."""
    rows, late = cache.rows, int(options.latency_shift)
    remaining = rows["remaining"] - 1 - late
    """of transitions: the last row of a trajectory has 0 steps to go and is the next state of the one before"""
    chosen = (remaining >= 0) & (rows["success"] if options.successes_only else True)
    index = np.flatnonzero(chosen)
    now, remaining, success = index + late, remaining[index], rows["success"][index]
    actions = _actions(rows, options.action, index, now)
    positive = reward.rewarded(remaining, success, options.rewards)
    values, mask = reward.scaled(positive, options.rewards), reward.masks(positive)
    columns = {
        "now": now,
        "next": now + 1,
        "actions": actions,
        "labels": _actions(rows, options.imitate, index, now) if options.imitate else actions,
        "rewards": values,
        "masks": mask,
        "returns": reward.returns(values, mask, remaining, options.rewards),
        "success": success,
        **{name: rows[name][index] for name in ("task", "text", "trajectory")},
    }
    if cache.skipped is None:
        return columns
    kept = ~cache.skipped[index]  # after the returns, which go on over what is skipped
    return {name: column[kept] for name, column in columns.items()}


def _actions(rows: Dict[str, np.ndarray], kind: str, index: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The normalised actions of the rows ``index``, whose observations are the rows ``now``."""
    if kind != "achieved":
        return normalise(rows[kind][index])
    return normalise(achieved(rows["state"][now], rows["state"][now + 1], rows["action"][index]))


def _vocabulary(
    sources: Sequence[Cache], targets: Sequence[Cache], options: TransitionOptions
) -> Tuple[Tuple[str, ...], Dict[str, str]]:
    """All task names, and those of what the target's data call their tasks.

    "Target data is a new task": a new id even where a source task has the same name, told apart as ``target/NAME``.
    """
    known = sorted({task for cache in sources for task in cache.tasks})
    new: Dict[str, str] = {}
    for task in sorted({task for cache in targets for task in cache.tasks}):
        name = options.target_name if options.target_tasks == "one" else task
        new[task] = f"target/{name}" if options.target_tasks != "shared" and name in known else name
    if options.target_tasks == "shared":
        return tuple(sorted({*known, *new.values()})), new
    return (*known, *sorted(set(new.values()))), new
