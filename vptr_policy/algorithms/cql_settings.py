"""The hyper-parameters of multi-task CQL."""

from dataclasses import dataclass
from typing import Optional

from vptr_policy.algorithms.bc import LOSSES


@dataclass(frozen=True)
class CQLSettings:
    """Of the public code of V-PTR; PTR's and the papers' values where they differ."""

    alpha: float = 5.0
    """Weight of the conservative term. PTR 10; V-PTR's sweep: .1, 1, 5, 10."""
    discount: float = 0.96
    """gamma"""
    actions: int = 4
    """Actions of the policy, and uniform ones, in the conservative term; and of the backup."""
    max_q_backup: bool = True
    """Back up the best of ``actions`` sampled actions, else a single one."""
    bound_by_returns: bool = False
    """Do not push Q of the policy's actions below the Monte-Carlo return (Cal-QL): V-PTR's code, not the paper."""
    least_target: Optional[float] = None
    """What no return can be below; the targets are clipped to it. Not in the papers."""
    most_target: Optional[float] = None
    """What no return can exceed; the targets are clipped to it. Not in the papers."""
    target_rate: float = 0.005
    """Share of the online weights that the target network takes at each update."""
    actor_learning_rate: float = 1e-4
    critic_learning_rate: float = 3e-4
    """V-PTR 4.4: 1e-4."""
    temperature_learning_rate: float = 3e-4
    initial_temperature: float = 1.0
    target_entropy: float = -7.0
    """Minus the size of the action."""
    bc_weight: float = 0.0
    """Weight of a behaviour-cloning term in the actor's loss, -Q + w BC with Q as it is. Not in the papers."""
    bc_loss: str = "huber"
    """Of that term: huber, likelihood or unit-gaussian."""
    actor_warm_up: int = 0
    """Updates in which the actor learns from the behaviour-cloning term alone: Q and entropy do not count yet."""
    averaging: Optional[float] = None
    """Decay of the average of the actor, which is then what is exported. None: no average, as in the papers."""

    def __post_init__(self) -> None:
        if self.bc_loss not in LOSSES:
            raise ValueError("no behaviour-cloning loss {!r}; known: {}".format(self.bc_loss, ", ".join(LOSSES)))
        if self.actor_warm_up and not self.bc_weight:
            raise ValueError(
                f"the actor would learn nothing in its warm-up of {self.actor_warm_up} updates: "
                "expected a bc_weight above 0, or no warm-up"
            )
        if self.actions < 1:
            raise ValueError(f"actions is {self.actions}, expected at least 1")
