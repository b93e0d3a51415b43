"""From the options of a policy's run to the learner that carries it out."""

from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, Tuple, Type

import numpy as np
import torch

from vptr_policy.algorithms.bc_learner import BCLearner, BCSettings, RWRLearner, RWRSettings
from vptr_policy.algorithms.cql_learner import CQLLearner
from vptr_policy.algorithms.cql_settings import CQLSettings
from vptr_policy.networks.actor import Actor
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.critic import Critic
from vptr_policy.training.robot_options import BCOptions, CQLOptions, RobotOptions, RWROptions

Statistics = Tuple[np.ndarray, np.ndarray]
"""Mean and standard deviation of the states, (7,) each."""


@dataclass(frozen=True)
class Algorithm:
    """What a run needs to know of an algorithm."""

    name: str
    settings: Callable[[Any], Any]
    """of the options"""
    make: Callable[[Actor, Any], Any]
    """the learner, of an actor and settings"""
    rewards: bool = False
    """whether its batches have rewards"""
    successors: bool = False
    """whether its batches have next states"""

    def described(self, options: RobotOptions) -> Dict[str, Any]:
        """The settings for a card."""
        return asdict(self.settings(options))

    def learner(self, options: RobotOptions, network: NetworkConfig, statistics: Statistics) -> Any:
        """The learner, whose actor standardises states by the data's statistics."""
        actor = Actor(network)
        for buffer, statistic in zip((actor.state_mean, actor.state_std), statistics):
            buffer.copy_(torch.from_numpy(statistic))
        return self.make(actor, self.settings(options))


def algorithm_of(options: RobotOptions) -> Algorithm:
    """The algorithm that options are of."""
    return next(algorithm for kind, algorithm in ALGORITHMS.items() if isinstance(options, kind))


def _bc(options: BCOptions) -> BCSettings:
    return BCSettings(options.loss, options.learning_rate, options.averaging)


def _rwr(options: RWROptions) -> RWRSettings:
    return RWRSettings(options.loss, options.temperature, options.learning_rate, options.averaging)


def _cql(options: CQLOptions) -> CQLSettings:
    least, most = return_bounds(options) if options.bound_targets else (None, None)
    return CQLSettings(
        alpha=options.alpha,
        discount=options.discount,
        actions=options.sampled_actions,
        max_q_backup=options.max_q_backup,
        bound_by_returns=options.bound_by_returns,
        least_target=least,
        most_target=most,
        target_rate=options.target_rate,
        actor_learning_rate=options.learning_rate,
        critic_learning_rate=options.critic_learning_rate,
        initial_temperature=options.initial_temperature,
        bc_weight=options.bc_weight,
        bc_loss=options.bc_loss,
        actor_warm_up=options.actor_warm_up,
        averaging=options.averaging,
    )


def return_bounds(options: CQLOptions) -> Tuple[float, float]:
    """What a discounted return can be: an episode never ends without reward, and ends at the first one it gets."""
    idle, final = options.reward_shift, options.reward_scale + options.reward_shift
    endless = idle / (1.0 - options.discount)
    return min(endless, final), max(endless, final)


ALGORITHMS: Dict[Type[RobotOptions], Algorithm] = {
    BCOptions: Algorithm("bc", _bc, BCLearner),
    CQLOptions: Algorithm(
        "cql", _cql, lambda actor, settings: CQLLearner(actor, Critic.of(actor), settings), True, True
    ),
    RWROptions: Algorithm("rwr", _rwr, RWRLearner, rewards=True),
}
