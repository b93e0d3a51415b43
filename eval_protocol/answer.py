"""A study's answer once its seal is open: the declared comparisons, and whether all went as was declared."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from eval_protocol.comparison import holm
from eval_protocol.contrast import Contrast, contrast, with_p
from eval_protocol.labels import CORRECTION
from eval_protocol.policy_results import PolicyResults
from eval_protocol.preregistration import Preregistration
from eval_protocol.reading import Reading
from eval_protocol.sequential import e_values
from eval_protocol.study import Study


@dataclass(frozen=True)
class Answer:
    """The primary comparison, those of its first policy with the others (their p-values adjusted by Holm).

    ``uncorrected`` is the primary one by the verdicts as they were given first, None where none was corrected.
    """

    primary: Contrast
    others: List[Contrast]
    uncorrected: Optional[Contrast]

    def to_json(self) -> Dict[str, Any]:
        """The fields as plain data."""
        return {
            "primary": self.primary.to_json(),
            "others": [one.to_json() for one in self.others],
            "uncorrected": self.uncorrected.to_json() if self.uncorrected else None,
            "words": self.primary.words(),
        }


def answer(question: Preregistration, results: Sequence[PolicyResults]) -> Answer:
    """Answer the registered question by its declared test."""
    first, second = question.primary
    named = {one.name: one for one in results}
    others = [one for one in results if one.name not in question.primary]
    corrected = any(one.corrections for policy in results for one in policy.judged)
    return Answer(
        _asked(question, named[first], named[second]),
        holm_adjusted([_asked(question, named[first], one) for one in others]),
        _asked(question, named[first], named[second], first_labels=True) if corrected else None,
    )


def holm_adjusted(contrasts: Sequence[Contrast]) -> List[Contrast]:
    """The contrasts judged together, so that any false "better" among them has a probability of alpha at most."""
    adjusted = holm([one.adjusted_p for one in contrasts])
    return [with_p(one, p_value) for one, p_value in zip(contrasts, adjusted)]


def deviations(reading: Reading) -> List[str]:
    """Where the session differs from what was declared, in words; empty where it followed the pre-registration."""
    study = reading.study
    found: List[str] = []
    if not reading.plan_intact():
        found.append("The plan in the session file does not have the hash that it was sealed with.")
    if study is None:
        return found
    planned, judged = len(study.trials), sum(row.state == "committed" for row in reading.rows)
    if not reading.complete():
        found.append(f"{judged} of {planned} planned trials are judged; the declared end has not been reached.")
    found += [f"The blinding was broken: {event.detail}." for event in reading.breaks()]
    if reading.unsealing is not None:
        late = [one for one in reading.labels if one.stamp_s > reading.unsealing.stamp_s and one.role == CORRECTION]
        if late:
            found.append(f"{len(late)} labels were corrected after the names were known.")
    changes = [event.detail for event in reading.events if event.kind == "resumed" and "changed" in event.detail]
    return found + [f"Between trials the configuration changed ({detail})." for detail in dict.fromkeys(changes)]


def e_value_so_far(study: Study, results: Sequence[PolicyResults]) -> Tuple[float, int]:
    """The highest e-value so far and after how many pairs; it may be shown while the names are sealed."""
    by_start: Dict[str, Dict[str, bool]] = {}
    trials = sorted((one for policy in results for one in policy.judged), key=lambda one: one.trial)
    for one in trials:
        by_start.setdefault(one.start, {})[one.label] = bool(one.success)
    a, b = study.policies
    pairs = [(both[a], both[b]) for both in by_start.values() if len(both) == len(study.policies)]
    return max([1.0, *e_values(pairs)]), len(pairs)


def _asked(question: Preregistration, a: PolicyResults, b: PolicyResults, first_labels: bool = False) -> Contrast:
    trials = (a.first_outcomes(), b.first_outcomes()) if first_labels else (a.outcomes(), b.outcomes())
    return contrast((a.name, b.name), *trials, question.test, question.alternative, question.alpha)
