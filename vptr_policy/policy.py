"""A trained policy as the control loop sees it."""

from difflib import get_close_matches
from pathlib import Path
from typing import Optional, Sequence, Union

import numpy as np
import torch

from robot_bridge.interface import IMAGE_SIZE, Action, Observation
from vptr_policy.actions import denormalise
from vptr_policy.card import Card
from vptr_policy.checkpoint import digest, load_checkpoint
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.resnetv2 import fold_standardisation
from vptr_policy.resize import resize, to_planes


class BCPolicy:
    """Acts by tanh(mean) of an actor; an interface.Policy."""

    def __init__(self, actor: Actor, card: Card, checkpoint: str = "") -> None:
        """``checkpoint`` names the files it comes from (``vptr_policy.checkpoint.digest``); empty when from none."""
        self.card = card
        self.checkpoint = checkpoint
        self._actor = fold_standardisation(actor.eval())
        self._task: Optional[torch.Tensor] = None

    @property
    def tasks(self) -> Sequence[str]:
        """The names of the tasks it knows."""
        return self.card.tasks

    def reset(self, task: str) -> None:
        """Begin an episode of ``task``; raises ValueError naming the nearest task when it is unknown."""
        self._task = torch.zeros(1, len(self.tasks))
        self._task[0, task_index(task, self.tasks)] = 1.0

    def act(self, observation: Observation) -> Action:
        """The deterministic Bridge action for a picture of any size and a Bridge state."""
        if self._task is None:
            raise ValueError("act before reset: call reset(task) at the start of an episode")
        state = np.asarray(observation.state, dtype=np.float32)
        if state.shape != (7,) or not np.isfinite(state).all():
            raise ValueError(f"expected a finite Bridge state of shape (7,), got {observation.state}")
        planes = to_planes(resize(observation.image))
        with torch.inference_mode():
            mode = self._actor(planes, torch.from_numpy(state).unsqueeze(0), self._task).mode()
        vector = denormalise(mode[0].numpy())
        opening = float(vector[6])
        if self.card.gripper == "binary":
            vector[6] = float(opening >= 0.5)
        return Action(vector, {"gripper_opening": opening})

    def warm_up(self) -> None:
        """Act a few times on an empty picture, so that the first real action is as quick as the others."""
        blank = Observation(np.zeros((IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8), np.zeros(7), 0.0, 0.0)
        self.reset(self.tasks[0])
        for _ in range(3):
            self.act(blank)
        self._task = None


def task_index(task: str, tasks: Sequence[str]) -> int:
    """The place of ``task`` among ``tasks``; raises ValueError naming the nearest one."""
    if task in tasks:
        return list(tasks).index(task)
    near = get_close_matches(task, tasks, n=1, cutoff=0.3)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError("the policy knows no task {!r}.{} Known: {}.".format(task, hint, ", ".join(tasks)))


def load_policy(path: Union[str, Path]) -> BCPolicy:
    """Load and verify the checkpoint folder at ``path`` and warm the policy up; raises CheckpointError."""
    folder = Path(path)
    actor, card = load_checkpoint(folder)
    policy = BCPolicy(actor, card, digest(folder, card))
    policy.warm_up()
    return policy
