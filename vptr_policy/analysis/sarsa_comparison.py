"""The held-out error of linear values on the frozen features of several encoders (V-PTR 5.2, Fig. 6 right).

The paper says neither how the trajectories were held out nor how the fit was regularised. Here whole trajectories are
held out; the ridge is chosen on a validation split, for each encoder and each fit of its own, and the value is then
fitted again on training and validation together; the test trajectories are looked at once.
"""

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

import numpy as np

from vptr_policy.analysis.bootstrap import Estimate, bootstrap
from vptr_policy.analysis.encoders import BATCH, FrozenEncoder, batches
from vptr_policy.analysis.held_out import TEST, TRAINING, VALIDATION
from vptr_policy.analysis.sarsa import LinearValue, Moments, Walk, error_sums, moments, relative_error
from vptr_policy.data.robot.rewards import RewardOptions
from vptr_policy.data.robot.transitions import Transitions

RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
"""In units of the variance of a standardised feature."""


@dataclass(frozen=True)
class Fit:
    """A linear value judged on the test trajectories."""

    ridge: float
    error: Estimate
    """mean squared error as a share of the variance of the true values"""
    rmse: float
    """root of the mean squared error, in units of the reward"""
    sums: np.ndarray
    """(trajectories, 4) of ``error_sums``"""


@dataclass(frozen=True)
class Entry:
    """What came out for one encoder."""

    name: str
    origin: str
    baseline: bool
    features: int
    saw_data: Optional[bool]
    """whether the network itself was trained on these data, the test trajectories among them; None: unknown"""
    sarsa: Fit
    regression: Fit
    """of the true values themselves on the same features: what SARSA could reach at best"""

    def results(self, first: "Entry", seed: int) -> Dict[str, Any]:
        """All of it for a file, with the difference of the errors to another encoder's on the same trajectories."""
        told: Dict[str, Any] = {
            "origin": self.origin, "baseline": self.baseline, "features": self.features, "saw_data": self.saw_data,
        }  # fmt: skip
        for name in ("sarsa", "regression"):
            fit = getattr(self, name)
            told[name] = {"ridge": fit.ridge, "error": fit.error.plain(), "rmse": fit.rmse}
        if self is not first:
            told["sarsa"]["difference"] = difference(self.sarsa, first.sarsa, seed).plain()
        return told


def difference(ours: Fit, theirs: Fit, seed: int) -> Estimate:
    """The error of one fit minus that of another, with the interval of paired trajectories."""
    both = np.concatenate([ours.sums, theirs.sums], 1)
    return bootstrap(both, lambda sums: relative_error(sums[..., :4]) - relative_error(sums[..., 4:]), seed)


def walk_of(data: Transitions, rewards: RewardOptions) -> Walk:
    """The transitions as a walk without features.

    A failed trajectory ends by a time limit. Its true value is taken to be that of never succeeding, at its end too:
    otherwise it would rise towards the limit. With successes only, as in Bridge, this does not matter.
    """
    if rewards.discount == 1.0 and not data.success.all():
        raise ValueError(
            "the value of a failure without discount is endless: give a discount below 1, or successes only"
        )
    last = np.append(data.trajectory[1:] != data.trajectory[:-1], True)
    given_up = last & ~data.success
    return Walk(
        np.empty((0, 0)),
        data.now,
        data.next,
        np.where(given_up, rewards.never, data.rewards),
        np.where(given_up, 0.0, data.masks),
        data.returns,
        data.task,
        len(data.tasks),
    )


def compare_sarsa(
    encoders: Sequence[FrozenEncoder],
    data: Transitions,
    parts: np.ndarray,
    rewards: RewardOptions,
    fingerprints: Sequence[str] = (),
    seed: int = 0,
    on_batch: Callable[[], None] = lambda: None,
) -> List[Entry]:
    """Fit and judge each encoder, and the robot's own state as one more baseline.

    Args:
        encoders: what gives features.
        data: transitions.
        parts: (n,) TRAINING, VALIDATION or TEST of each.
        rewards: as the transitions were made.
        fingerprints: of the data, to tell encoders that were trained on them.
        seed: of the intervals.
        on_batch: called after each batch of pictures of each encoder.
    """
    walk = walk_of(data, rewards)
    needed, places = np.unique(np.concatenate([walk.now, walk.next]), return_inverse=True)
    walk = replace(walk, now=places[: len(walk)], next=places[len(walk) :])
    entries = []
    for encoder in encoders:
        found = [_noted(encoder(batch), on_batch) for batch in batches(data.frames.take, needed)]
        saw = None if encoder.seen is None else bool(_whole(encoder.seen) & _whole(fingerprints))
        entries.append(_judge(encoder, replace(walk, features=np.concatenate(found)), data, parts, rewards, saw, seed))
    told = "Bridge state of the arm, without a picture"
    state = FrozenEncoder("robot state", told, lambda images: images, baseline=True)
    return [*entries, _judge(state, replace(walk, features=data.states[needed]), data, parts, rewards, False, seed)]


def _whole(fingerprints: Sequence[str]) -> Set[str]:
    """Of data sets as they are, whatever of them was masked or kept apart (``FINGERPRINT-MARK``)."""
    return {one.split("-")[0] for one in fingerprints}


def batch_count(data: Transitions) -> int:
    """How many batches an encoder is given."""
    return -(-len(np.union1d(data.now, data.next)) // BATCH)


def _noted(features: np.ndarray, on_batch: Callable[[], None]) -> np.ndarray:
    on_batch()
    return features


def _judge(
    encoder: FrozenEncoder,
    walk: Walk,
    data: Transitions,
    parts: np.ndarray,
    rewards: RewardOptions,
    saw: Optional[bool],
    seed: int,
) -> Entry:
    training, validation = (walk.part(np.flatnonzero(parts == part)) for part in (TRAINING, VALIDATION))
    fitted = moments(training, rewards.discount)
    rest = moments(walk.part(np.flatnonzero(parts != TEST)), rewards.discount)
    test = np.flatnonzero(parts == TEST)
    fits: Dict[str, Fit] = {}
    for kind in ("sarsa", "regression"):
        ridge = _best_ridge(fitted, kind, validation, data.trajectory[parts == VALIDATION])
        sums = error_sums(_fit(rest, kind, ridge), walk.part(test), data.trajectory[test])
        if np.isnan(relative_error(sums.sum(0))):
            raise ValueError("the held-out states all have the same true value: there is nothing to explain")
        rmse = float(np.sqrt(sums[:, 0].sum() / sums[:, 1].sum()))
        fits[kind] = Fit(ridge, bootstrap(sums, relative_error, seed), rmse, sums)
    size = walk.features.shape[1]
    return Entry(encoder.name, encoder.origin, encoder.baseline, size, saw, fits["sarsa"], fits["regression"])


def _best_ridge(fitted: Moments, kind: str, validation: Walk, trajectory: np.ndarray) -> float:
    errors = [error_sums(_fit(fitted, kind, ridge), validation, trajectory)[:, 0].sum() for ridge in RIDGES]
    return RIDGES[int(np.argmin(errors))]


def _fit(fitted: Moments, kind: str, ridge: float) -> LinearValue:
    return fitted.sarsa(ridge) if kind == "sarsa" else fitted.regression(ridge)


def notes(entries: Sequence[Entry]) -> List[str]:
    """What one has to know of the errors to judge them."""
    found = [
        f"{entry.name} was itself trained on the data it is judged by (* in the figure)"
        for entry in entries
        if entry.saw_data
    ]
    found += [f"whether {one.name} was trained on these data is not known" for one in entries if one.saw_data is None]
    last = [entry.name for entry in entries if entry.sarsa.ridge in (RIDGES[0], RIDGES[-1])]
    return found + [f"the best ridge of {name} is the last that was tried" for name in last]
