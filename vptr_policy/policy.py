"""A trained policy as the control loop sees it."""

from difflib import get_close_matches
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor

from robot_bridge.interface import IMAGE_SIZE, Action, Observation
from vptr_policy.actions import denormalise
from vptr_policy.card import Card
from vptr_policy.checkpoint import digest, load_checkpoint, load_critic, load_embeddings
from vptr_policy.inference.network import ActingNetwork, Eager, Inference
from vptr_policy.instruction import Instructions
from vptr_policy.networks.actor import ACTION_SIZE, Actor
from vptr_policy.networks.critic import Critic
from vptr_policy.resize import resize, to_planes


class TrainedPolicy:
    """Acts by tanh(mean) of an actor; an interface.Policy. With a critic each action's info has the state's value."""

    def __init__(
        self,
        actor: Actor,
        card: Card,
        checkpoint: str = "",
        critic: Optional[Critic] = None,
        instructions: Optional[Instructions] = None,
    ) -> None:
        """Build a policy of networks.

        Args:
            actor: what acts.
            card: of its checkpoint.
            checkpoint: names the files it comes from (``vptr_policy.checkpoint.digest``); empty when from none.
            critic: values what it sees.
            instructions: where it is told its task in words, what turns them into numbers.
        """
        self.card = card
        self.checkpoint: str = checkpoint
        self.network = ActingNetwork(actor, critic)
        self.inference: Inference = Eager(self.network)
        """Runs the network; one of vptr_policy.inference.backends may take its place."""
        self._instructions = instructions
        self._task: Optional[Tensor] = None

    @property
    def tasks(self) -> Sequence[str]:
        """The names of the tasks it knows."""
        return self.card.tasks

    @property
    def main_task(self) -> str:
        """What it was made for."""
        return self.card.main_task

    def reset(self, task: str) -> None:
        """Begin an episode of ``task``.

        Raises ValueError naming the nearest task when it is unknown. A policy that is told its task in words takes any
        words; for such as it was not trained with, raises ValueError where there is no sentence model.
        """
        self.begin(self.card.aliases.get(task, task))

    def begin(self, task: str) -> None:
        """As ``reset``, of one of ``tasks`` by its own name, which may be another's alias."""
        self._task = self._told(task)

    def act(self, observation: Observation) -> Action:
        """The deterministic Bridge action for a picture of any size and a Bridge state."""
        if self._task is None:
            raise ValueError("act before reset: call reset(task) at the start of an episode")
        state = np.asarray(observation.state, dtype=np.float32)
        if state.shape != (7,) or not np.isfinite(state).all():
            raise ValueError(f"expected a finite Bridge state of shape (7,), got {observation.state}")
        planes = to_planes(resize(observation.image))
        answer = self.inference(planes, torch.from_numpy(state).unsqueeze(0), self._task)
        info: Dict[str, float] = {}
        if len(answer) > ACTION_SIZE:
            info["value"] = float(answer[ACTION_SIZE])
        vector = denormalise(answer[:ACTION_SIZE])
        info["gripper_opening"] = float(vector[6])
        if self.card.gripper == "binary":
            vector[6] = float(vector[6] >= 0.5)
        return Action(vector, info)

    def task_vectors(self) -> List[Tensor]:
        """What the network is told for each of the tasks, (1, V) each."""
        return [self._told(task) for task in self.tasks]

    def _told(self, task: str) -> Tensor:
        if self._instructions is not None:
            return self._instructions.embed(task)
        vector = torch.zeros(1, len(self.tasks))
        vector[0, task_index(task, self.tasks)] = 1.0
        return vector

    def warm_up(self) -> None:
        """Act a few times on an empty picture, so that the first real action is as quick as the others."""
        blank = Observation(np.zeros((IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8), np.zeros(7), 0.0, 0.0)
        self.begin(self.tasks[0])
        for _ in range(3):
            self.act(blank)
        self._task = None


def task_index(task: str, tasks: Sequence[str]) -> int:
    """The place of ``task`` among ``tasks``; raises ValueError naming the nearest one."""
    if task in tasks:
        return list(tasks).index(task)
    near = get_close_matches(task, tasks, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError("the policy knows no task {!r}.{} Known: {}.".format(task, hint, ", ".join(tasks)))


def load_policy(path: Union[str, Path], sentence_model: Optional[Path] = None) -> TrainedPolicy:
    """Load and verify the checkpoint folder at ``path`` and warm the policy up; raises CheckpointError.

    ``sentence_model`` is the folder of a sentence-transformers model, for instructions the policy was not trained with;
    default that of the installed package, where it is installed.
    """
    folder = Path(path)
    actor, card = load_checkpoint(folder)
    instructions = load_instructions(folder, card, sentence_model)
    policy = TrainedPolicy(actor, card, digest(folder, card), load_critic(folder, card), instructions)
    policy.warm_up()
    return policy


def load_instructions(folder: Path, card: Card, sentence_model: Optional[Path] = None) -> Optional[Instructions]:
    """What turns words into numbers for a checkpoint that is told its task in words; None for one that is not."""
    embeddings = load_embeddings(folder, card)
    return None if embeddings is None else Instructions(card.language, embeddings, sentence_model)
