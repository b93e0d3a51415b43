"""The value curves of several checkpoints on the same rollouts (V-PTR 5.2, Fig. 6 left)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np
import torch

from robot_bridge.interface import Policy
from vptr_policy.analysis.rollouts import CONDITIONS, Rollout
from vptr_policy.analysis.values import separation, summary, value_curve
from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.critic import Critic
from vptr_policy.policy import TrainedPolicy, load_instructions

OUTCOMES = ("success", "failure", "unjudged")


@dataclass(frozen=True)
class ValueComparison:
    """Curves of each checkpoint on each rollout."""

    rollouts: Sequence[Rollout]
    curves: Dict[str, List[np.ndarray]]
    """name of the checkpoint -> (T,) of each rollout"""

    def chosen(self, name: str, condition: str, outcome: str) -> List[np.ndarray]:
        """The curves of a checkpoint on the rollouts of one kind."""
        pairs = zip(self.rollouts, self.curves[name])
        return [curve for one, curve in pairs if one.condition == condition and one.outcome == outcome]

    def summaries(self, name: str, seed: int) -> Dict[str, Any]:
        """Of each condition: the shapes of successes, failures and unjudged rollouts apart, and how they differ."""
        found: Dict[str, Any] = {}
        for condition in CONDITIONS:
            kinds = {outcome: self.chosen(name, condition, outcome) for outcome in OUTCOMES}
            if any(kinds.values()):
                found[condition] = {outcome: summary(curves, seed) for outcome, curves in kinds.items() if curves}
                found[condition]["separation"] = separation(kinds["success"], kinds["failure"])
        return found

    def results(self, seed: int) -> Dict[str, Any]:
        """All of it for a file."""
        about = [
            {"name": one.name, "task": one.task, "condition": one.condition, "outcome": one.outcome}
            for one in self.rollouts
        ]
        checkpoints = {
            name: {"summary": self.summaries(name, seed), "curves": curves} for name, curves in self.curves.items()
        }
        return {"rollouts": about, "checkpoints": checkpoints}


def compare_values(
    policies: Mapping[str, Policy],
    rollouts: Sequence[Rollout],
    told: str = "",
    on_curve: Callable[[], None] = lambda: None,
) -> ValueComparison:
    """The curves of policies with a critic.

    Args:
        policies: by name.
        rollouts: the same for all.
        told: the task all are told; empty: each rollout's own.
        on_curve: called after each rollout of each policy.

    Raises:
        ValueError: naming the policy that has no critic or does not know a task, the rollout that has no task, or too
            few frames.
    """
    curves: Dict[str, List[np.ndarray]] = {name: [] for name in policies}
    for rollout in rollouts:
        if len(rollout.observations) < 2:
            raise ValueError(f"{rollout.name} has {len(rollout.observations)} frames, expected at least 2 for a curve")
        if not (told or rollout.task):
            raise ValueError(f"{rollout.name} does not say its task: say what the policies are to be told with --told")
        for name, policy in policies.items():
            try:
                curves[name].append(value_curve(policy, rollout.observations, told or rollout.task))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            on_curve()
    return ValueComparison(rollouts, curves)


def untrained_policy(folder: Path, seed: int = 0, sentence_model: Optional[Path] = None) -> TrainedPolicy:
    """Actor and critic of a checkpoint's shape with random weights: what a curve looks like that nothing taught."""
    actor, card = load_checkpoint(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = Actor(card.network)
        fresh.state_mean.copy_(actor.state_mean)
        fresh.state_std.copy_(actor.state_std)
        critic = Critic.of(fresh)
    return TrainedPolicy(fresh, card, critic=critic, instructions=load_instructions(folder, card, sentence_model))
