"""A run of a policy on robot data: phases 2 and 3 of V-PTR, and every baseline."""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np
import torch

from vptr_policy.card import Card
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.data.augmentation import Augmentation
from vptr_policy.data.batches import BatchOptions, Mixture, RobotBatches
from vptr_policy.data.demonstrations import Cache
from vptr_policy.data.robot.conditioning import Conditioning, one_hot, sentences
from vptr_policy.data.robot.language import Sentences
from vptr_policy.data.robot.rewards import RewardOptions
from vptr_policy.data.robot.transitions import TransitionOptions, Transitions, assemble
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.critic import Critic
from vptr_policy.training.algorithms import algorithm_of
from vptr_policy.training.device import choose_device
from vptr_policy.training.distributed import Place
from vptr_policy.training.folder import PROCESSES, STATE, claim
from vptr_policy.training.frozen_features import frozen_features
from vptr_policy.training.initial import FITTED, InitialEncoder
from vptr_policy.training.loop import Evaluate, Loop
from vptr_policy.training.progress_rewards import with_progress_rewards
from vptr_policy.training.provenance import made_by
from vptr_policy.training.robot_options import CQLOptions, RobotOptions, RWROptions
from vptr_policy.training.start import Start
from vptr_policy.training.state import TrainingState


@dataclass(frozen=True)
class RobotData:
    """Opened data sets, where they came from, and the folder where embeddings of their sentences are kept."""

    sources: Tuple[Cache, ...]
    targets: Tuple[Cache, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    home: Path = Path(".cache")

    def chosen(self, source: bool) -> "RobotData":
        """These, or without the source the target's as if they were all."""
        return self if source or not self.targets else replace(self, sources=self.targets, targets=())


class RobotRun:
    """A policy learned from robot data, kept in ``options.out``."""

    def __init__(
        self,
        options: RobotOptions,
        data: RobotData,
        evaluate: Optional[Evaluate] = None,
        place: Optional[Place] = None,
        initial: Optional[InitialEncoder] = None,
    ) -> None:
        self._options = options
        self._place = place or Place()
        self._algorithm = algorithm_of(options)
        data = data.chosen(options.source)
        self.transitions = assemble(data.sources, transition_options(options), data.targets)
        _check_rewards(options, self.transitions)
        self._conditioning, language = self._place.first(lambda: condition(options, self.transitions, data.home))
        network = _network(options, self._conditioning.vectors.shape[1])
        self._card = Card(
            algorithm={"name": self._algorithm.name, **self._algorithm.described(options)},
            network=network if initial is None else initial.fit(network),
            tasks=self.transitions.tasks,
            gripper=options.gripper,
            data={**self.transitions.summary(), **data.provenance},
            language=language,
            aliases=_aliases(self.transitions),
        )
        self._pretraining = {} if initial is None else dict(initial.made)
        torch.manual_seed(options.seed)
        self.learner = self._algorithm.learner(options, self._card.network, self.transitions.state_statistics())
        if initial is not None:
            self.learner.initialise_encoders(initial.tensors)
        self.learner.to(choose_device(options.device, self._place.local_rank))
        if isinstance(options, RWROptions):
            encoder = self.learner.actor.encoder
            self.transitions = self._place.first(lambda: with_progress_rewards(self.transitions, encoder, options.out))
        self._mixture = mixture(options, bool(data.targets))
        self.source = self._batches(self._mixture)
        self._config = {**options.plain(), **self._facts(data, initial)}
        self._start: Optional[Start] = None
        if options.start is not None:
            self._start = Start(options.start, self._config, options.steps, self._mixture.finetune_at)
        begin = None if self._start is None else self._start.begin
        left = replace(options, hours=hours_left(options, initial))
        self.loop = Loop(self.learner, left, options.out, self._save, evaluate, self._place, begin)

    def run(self) -> Path:
        """Train to the end; returns the folder of the chosen checkpoint."""
        if self._place.leads:
            if self._start is not None and not (self._options.out / STATE).is_file():
                self._start.check()
            claim(self._options.out, self._config)
            self._tell_unlearned()
        self._place.wait()
        chosen = self.loop.run(self.source)
        if self._place.leads and self._target_updates(self.loop.state) == 0:
            begins, ended = self._mixture.finetune_at, self.loop.state.step
            told = f"it ended at update {ended}, --finetune-at is {begins}"
            print(f"{self._options.out}: nothing was learned from --target: {told}", file=sys.stderr)
        return chosen

    def _tell_unlearned(self) -> None:
        """Name the tasks that the policy has by name alone."""
        counts = self.transitions.summary()["transitions_by_task"]
        unlearned = [task for task, count in counts.items() if not count]
        if unlearned:
            why = "" if self._options.failures else "failed demonstrations (--failures learns from them), "
            told = f"nothing is learned of {', '.join(unlearned)}: all they have is left out ({why}masks, splits)"
            print(f"{self._options.out}: {told}", file=sys.stderr)

    def _facts(self, data: RobotData, initial: Optional[InitialEncoder]) -> Dict[str, Any]:
        """What makes the run beside its options, and what a given encoder has instead of them."""
        network = self._card.network
        return {
            **({} if initial is None else {name: getattr(network, name) for name in FITTED}),
            "algorithm": self._algorithm.name,
            PROCESSES: self._place.world,
            "data_fingerprint": self.transitions.fingerprint,
            "source_data": [cache.fingerprint for cache in data.sources],
            "tasks": list(self.transitions.tasks),
            "initial_encoder": None if initial is None else initial.mark,
            "language_model": self._card.language.get("model"),
        }

    def _target_updates(self, state: TrainingState) -> Optional[int]:
        """How many updates learned from the target's data; None where there are none."""
        return None if not self._mixture.target_share else max(0, state.step - self._mixture.finetune_at)

    def _batches(self, mixed: Mixture) -> RobotBatches:
        options, place = self._options, self._place
        place.share(options.batch)
        shape = BatchOptions(
            options.batch,
            options.seed,
            Augmentation.of(options.shift, options.colour),
            self._algorithm.rewards,
            self._algorithm.successors,
            place.rank,
            place.world,
            isinstance(options, CQLOptions) and options.bc_weight > 0.0,
        )
        features = None
        if options.frozen and not options.shift and not options.colour:
            encoder = self.learner.actor.encoder
            features = place.first(lambda: frozen_features(self.transitions, encoder, options.out))
        return RobotBatches(self.transitions, self._conditioning, shape, mixed, features)

    def _save(self, folder: Path, state: TrainingState, figures: Mapping[str, Any]) -> None:
        made, learned = made_by(self._options, state), self._target_updates(state)
        made["options"] = {name: self._config[name] for name in made["options"]}
        if learned is not None:
            made["target_updates"] = learned
        if self._pretraining:
            made["pretraining"] = self._pretraining
        card = replace(self._card, training=made, metrics=dict(figures))
        networks = state.learner.exports()
        actor, critic = networks["actor"], networks.get("critic")
        assert isinstance(actor, Actor) and isinstance(critic, (Critic, type(None)))
        embeddings = torch.from_numpy(self._conditioning.vectors) if card.language else None
        save_checkpoint(folder, actor, card, critic, embeddings)


def transition_options(options: RobotOptions) -> TransitionOptions:
    """What becomes of the demonstrations of a run."""
    rewards = RewardOptions()
    if isinstance(options, CQLOptions):
        rewards = RewardOptions(options.final_steps, options.reward_scale, options.reward_shift, options.discount)
    return TransitionOptions(
        action=options.action,
        imitate=options.imitate if isinstance(options, CQLOptions) and options.bc_weight else "",
        successes_only=not options.failures,
        latency_shift=options.latency_shift,
        rewards=rewards,
        target_tasks=options.target_tasks,
    )


def _check_rewards(options: RobotOptions, transitions: Transitions) -> None:
    """Raises ValueError where --final-steps rewards all that is done: no value tells then what leads to success."""
    rewarded = transitions.masks[transitions.success] == 0.0
    if isinstance(options, CQLOptions) and len(rewarded) and rewarded.all():
        raise ValueError(
            f"--final-steps is {options.final_steps}, expected less than the steps of the longest successful "
            "demonstration: every one of their steps would be rewarded"
        )


def condition(options: RobotOptions, transitions: Transitions, home: Path) -> Tuple[Conditioning, Dict[str, Any]]:
    """The vectors that tell the tasks, and what a card says of their language (nothing of task ids)."""
    if not options.language:
        return one_hot(transitions), {}
    embeddings = Sentences(home, options.sentence_model)
    conditioning = sentences(transitions, embeddings)
    told: Dict[str, str] = {}
    for number, task in enumerate(transitions.tasks):
        counts = np.bincount(transitions.text[transitions.task == number], minlength=len(transitions.texts))
        told[task] = transitions.texts[int(counts.argmax())]
    return conditioning, {"model": embeddings.model, "texts": list(conditioning.names), "tasks": told}


def mixture(options: RobotOptions, has_target: bool) -> Mixture:
    """When the target's data enter, and how many of them: joint training from then on (V-PTR 4.3)."""
    if not has_target:
        return Mixture(success_share=options.success_share)
    start = options.steps // 2 if options.finetune_at is None else options.finetune_at
    return Mixture(options.target_share, start, options.success_share, options.target_success_share)


def hours_left(options: RobotOptions, initial: Optional[InitialEncoder]) -> Optional[float]:
    """What the pre-training of a run left of its --hours; never nothing, so that there is an update to end with."""
    if options.hours is None or initial is None:
        return options.hours
    return max(options.hours - initial.seconds / 3600.0, 1e-6)


def _network(options: RobotOptions, tasks: int) -> NetworkConfig:
    return NetworkConfig(
        tasks,
        options.encoder,
        options.hidden,
        options.width,
        frozen=options.frozen,
        image_side=options.image_side,
        bottleneck=options.bottleneck,
        dropout=options.dropout,
        critic_condition=options.critic_condition if isinstance(options, CQLOptions) else "pixels",
        critic_state=isinstance(options, CQLOptions) and options.critic_state,
    )


def _aliases(transitions: Transitions) -> Dict[str, str]:
    """Other names of tasks: what the target's data call theirs, also where a source task has that name.

    Who asks for the name means what the policy was fine-tuned for; the source's own task is ``source/NAME`` then.
    """
    target = {name: task for name, task in transitions.target_names.items() if name != task}
    return {**target, **{f"source/{name}": name for name in target if name in transitions.tasks}}
