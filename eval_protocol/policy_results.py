"""What one policy did in all its trials: success, how far it came, how it moved, how quickly it answered."""

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any, Dict, List, Optional, Sequence, Tuple

from eval_protocol.commands import CommandLog
from eval_protocol.contrast import Outcome
from eval_protocol.posterior import Posterior, posterior
from eval_protocol.reading import Policy
from eval_protocol.record import Record
from eval_protocol.rubric import MILESTONES
from eval_protocol.statistics import Proportion, proportion

MOTION = ("path_m", "smoothness", "clipped")
"""Figures of a record that say how the arm moved."""


@dataclass(frozen=True)
class PolicyResults:
    """A policy and every attempt it had."""

    policy: Policy
    records: Sequence[Record]

    @property
    def name(self) -> str:
        """The policy's name, or its label while the names are sealed."""
        return self.policy.name

    @property
    def judged(self) -> List[Record]:
        """The attempts with a verdict."""
        return [one for one in self.records if one.judged]

    @property
    def rate(self) -> Proportion:
        """Successes of the judged trials, with intervals."""
        return proportion(sum(bool(one.success) for one in self.judged), len(self.judged))

    @property
    def belief(self) -> Posterior:
        """What is believed of the success rate."""
        return posterior(self.rate.successes, self.rate.trials)

    def attempts(self) -> Dict[str, int]:
        """How many attempts are committed, aborted, interrupted or running."""
        return {name: sum(one.state == name for one in self.records) for name in
                ("committed", "aborted", "interrupted", "running")}  # fmt: skip

    def cell(self, start_pose: str, placement: int) -> Tuple[int, int]:
        """Successes and judged trials at a start pose and placement."""
        here = [one for one in self.judged if (one.start_pose, one.placement) == (start_pose, placement)]
        return sum(bool(one.success) for one in here), len(here)

    def reached(self) -> Dict[str, int]:
        """In how many judged trials each milestone was reached; a success has reached them all."""
        return {name: sum(bool(one.success) or name in one.milestones for one in self.judged) for name in MILESTONES}

    def failures(self) -> Dict[str, int]:
        """How often each kind of failure was noted, the most frequent first."""
        noted = Counter(one.failure for one in self.judged if one.failure and not one.success)
        return dict(sorted(noted.items(), key=lambda item: (-item[1], item[0])))

    def times_to_success(self) -> List[float]:
        """Durations of the successful trials [s], ascending."""
        return sorted(one.duration_s for one in self.judged if one.success and one.duration_s is not None)

    def motion(self, figure: str) -> List[Tuple[float, bool]]:
        """A figure of each judged trial that has it, and whether that was a success."""
        return [(getattr(one, figure), bool(one.success)) for one in self.judged if getattr(one, figure) is not None]

    def latencies_ms(self) -> List[float]:
        """Camera to command of every command in the judged trials."""
        return [1e3 * value for one in self.judged for value in one.latencies_s]

    def rates_hz(self) -> List[float]:
        """Control rate between any two commands of the judged trials."""
        return [1 / value for one in self.judged for value in one.intervals_s if value > 0]

    def timing(self) -> Dict[str, Any]:
        """Latency percentiles [ms] and mean control rate [Hz], None where no trial had two steps."""
        log = CommandLog(
            [value for one in self.judged for value in one.latencies_s],
            [value for one in self.judged for value in one.intervals_s],
        )
        known = bool(log.latencies_s and log.intervals_s)
        return {
            "commands": len(log.latencies_s),
            **{f"latency_p{p}_ms": 1e3 * log.latency_s(p / 100) if known else None for p in (50, 95, 99)},
            "rate_hz": log.rate_hz() if known else None,
            "limited": sum(sum(one.limits.values()) for one in self.judged),
            "refused": sum(one.refused for one in self.judged),
        }

    def outcomes(self) -> List[Outcome]:
        """The judged trials, in the order in which they were run, for the tests."""
        return [Outcome((one.task, one.scenario, one.start_pose), one.start, bool(one.success)) for one in self.judged]

    def first_outcomes(self) -> List[Outcome]:
        """The same by the verdicts as they were given, without any correction."""
        return [
            Outcome((one.task, one.scenario, one.start_pose), one.start, bool(one.first_success)) for one in self.judged
        ]

    def to_json(self) -> Dict[str, Any]:
        """Everything above as plain data."""
        rate, belief = self.rate, self.belief
        return {
            "label": self.policy.label,
            "name": self.name,
            "checkpoint": self.policy.checkpoint,
            "trials": rate.trials,
            "successes": rate.successes,
            "intervals": intervals(rate),
            "posterior": {"mean": belief.mean, "low": belief.low, "high": belief.high},
            "attempts": self.attempts(),
            "milestones": self.reached(),
            "failures": self.failures(),
            "median_time_to_success_s": middle(self.times_to_success()),
            **{f"median_{name}": middle([value for value, _ in self.motion(name)]) for name in MOTION},
            "timing": self.timing(),
        }


def results_of(policies: Sequence[Policy], records: Sequence[Record]) -> List[PolicyResults]:
    """The results of each policy of one session, by their labels."""
    return [PolicyResults(one, [record for record in records if record.label == one.label]) for one in policies]


def intervals(rate: Proportion) -> Dict[str, Any]:
    """The intervals of a success rate as plain data."""
    return {
        "confidence": rate.confidence,
        "clopper_pearson": [rate.low, rate.high],
        "wilson": [rate.wilson_low, rate.wilson_high],
    }


def middle(values: Sequence[float]) -> Optional[float]:
    """The median, None of nothing."""
    return float(median(values)) if values else None
