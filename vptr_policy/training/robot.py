"""A run of a policy on robot data: phases 2 and 3 of V-PTR, and every baseline."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Mapping, Optional, Tuple

import torch

from vptr_policy.card import Card
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.batches import BatchOptions, RobotBatches
from vptr_policy.data.demonstrations import Cache
from vptr_policy.data.robot.conditioning import Conditioning, one_hot
from vptr_policy.data.robot.transitions import TransitionOptions, assemble
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.training.behaviour import BCLearner
from vptr_policy.training.distributed import Place
from vptr_policy.training.folder import claim
from vptr_policy.training.loop import Evaluate, Loop
from vptr_policy.training.options import BCOptions
from vptr_policy.training.provenance import git_sha, versions
from vptr_policy.training.state import TrainingState

HUE = 0.15
"""Share of ``--colour`` by which the hue turns: .03 of a full turn with .2, as in PTR."""


@dataclass(frozen=True)
class RobotData:
    """Opened data sets, and where they came from."""

    sources: Tuple[Cache, ...]
    targets: Tuple[Cache, ...] = ()
    provenance: Optional[Mapping[str, Any]] = None


class RobotRun:
    """A policy learned from robot data, kept in ``options.out``."""

    def __init__(
        self, options: BCOptions, data: RobotData, evaluate: Optional[Evaluate] = None, place: Optional[Place] = None
    ) -> None:
        self._options = options
        self._place = place or Place()
        self.transitions = assemble(data.sources, TransitionOptions(successes_only=not options.failures), data.targets)
        conditioning = one_hot(self.transitions)
        self._card = Card(
            algorithm={"name": "bc", "loss": options.loss},
            network=NetworkConfig(conditioning.vectors.shape[1], options.encoder, options.hidden, options.width),
            tasks=self.transitions.tasks,
            gripper=options.gripper,
            data={**self.transitions.summary(), **(data.provenance or {})},
        )
        self.source = self._batches(conditioning)
        torch.manual_seed(options.seed)
        actor = Actor(self._card.network)
        for buffer, statistic in zip((actor.state_mean, actor.state_std), self.transitions.state_statistics()):
            buffer.copy_(torch.from_numpy(statistic))
        self.learner = BCLearner(actor, options.loss, options.learning_rate, options.averaging)
        self.loop = Loop(self.learner, options, options.out, self._save, evaluate, self._place)

    def run(self) -> Path:
        """Train to the end; returns the folder of the chosen checkpoint."""
        if self._place.leads:
            claim(self._options.out, self._options.plain())
        self._place.wait()
        return self.loop.run(self.source)

    def _batches(self, conditioning: Conditioning) -> RobotBatches:
        options, place = self._options, self._place
        place.share(options.batch)
        colour = options.colour
        augmentation = Augmentation(options.shift, colour, colour / 2, colour / 2, HUE * colour)
        shape = BatchOptions(options.batch, options.seed, augmentation, rank=place.rank, world=place.world)
        return RobotBatches(self.transitions, conditioning, shape)

    def _save(self, folder: Path, state: TrainingState, figures: Mapping[str, Any]) -> None:
        training = {
            "command": self._options.command(),
            "options": self._options.plain(),
            "git_sha": git_sha(),
            "steps": state.step,
            "seconds": round(state.elapsed_s, 1),
            "versions": versions(),
        }
        card = replace(self._card, training=training, metrics=dict(figures))
        actor = state.learner.exports()["actor"]
        assert isinstance(actor, Actor)
        save_checkpoint(folder, actor, card)
