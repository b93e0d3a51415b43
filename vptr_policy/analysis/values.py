"""How a learned value runs over an episode (V-PTR 5.2, Fig. 6 left): it should rise smoothly to success."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from scipy.stats import rankdata

from robot_bridge.interface import Observation, Policy
from vptr_policy.analysis.bootstrap import mean


@dataclass(frozen=True)
class ValueShape:
    """What of a value curve V(s_0) .. V(s_T) can be said without its scale.

    The paper judges by eye ("smooth and monotonic"); these are our measures of the two words.
    """

    monotonicity: float
    """Spearman's rank correlation with time, -1..1: 1 where the value rises at each step, 0 for a constant"""
    rises: float
    """share of the steps at which the value does not fall"""
    roughness: Optional[float]
    """total variation over range, from 1 (monotonic) upwards; None for a constant"""


def value_curve(policy: Policy, observations: Sequence[Observation], task: str) -> np.ndarray:
    """V(s_t) of a policy with a critic along recorded observations, (T,); the policy's actions are not executed.

    V is the mean of Q over actions sampled from the policy, as in the paper. Raises ValueError where the policy says
    no value.
    """
    policy.reset(task)
    values: List[float] = []
    for observation in observations:
        info = policy.act(observation).info
        if "value" not in info:
            raise ValueError(
                "this policy says no value of a state: its checkpoint has no critic (critic.safetensors); "
                "take one trained by v-ptr, ptr or cql"
            )
        values.append(info["value"])
    return np.array(values)


def shape(values: np.ndarray) -> ValueShape:
    """The shape of a value curve (T,) of at least two finite values; raises ValueError on others."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"a value curve is at least two finite numbers, got an array of shape {values.shape}")
    steps = np.diff(values)
    span = float(values.max() - values.min())
    roughness = float(np.abs(steps).sum()) / span if span > 0 else None
    return ValueShape(_rank_correlation(values), float((steps >= 0).mean()), roughness)


def summary(curves: Sequence[np.ndarray], seed: int = 0) -> Dict[str, Any]:
    """Means of the shapes of curves with intervals over the rollouts, as JSON values; empty for no curve."""
    shapes = [shape(curve) for curve in curves]
    if not shapes:
        return {}
    rough = [one.roughness for one in shapes if one.roughness is not None]
    return {
        "rollouts": len(shapes),
        "monotonicity": mean([one.monotonicity for one in shapes], seed).plain(),
        "rises": mean([one.rises for one in shapes], seed).plain(),
        "roughness": mean(rough, seed).plain() if rough else None,
        "constant": len(shapes) - len(rough),
    }


def separation(successes: Sequence[np.ndarray], failures: Sequence[np.ndarray]) -> Optional[float]:
    """How often a success ends at a higher value than a failure (ties count half); None without both.

    A value that merely tells the time rises in failures too: it is monotonic, and 0.5 here. Not in the paper.
    """
    if not successes or not failures:
        return None
    good = np.array([curve[-1] for curve in successes])[:, None]
    bad = np.array([curve[-1] for curve in failures])
    return float(((good > bad) + 0.5 * (good == bad)).mean())


def _rank_correlation(values: np.ndarray) -> float:
    """Spearman's correlation with time; 0 for a constant, which has no order."""
    ranks = rankdata(values) - (len(values) + 1) / 2
    times = np.arange(len(values)) - (len(values) - 1) / 2
    scale = float(np.sqrt((ranks**2).sum() * (times**2).sum()))
    return float(ranks @ times) / scale if scale > 0 else 0.0
