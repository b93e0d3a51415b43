"""Two policies against each other: every test this project has, and the verdict of the one that was declared."""

from dataclasses import asdict, dataclass
from typing import Any, Dict, Hashable, List, Optional, Sequence, Tuple

from eval_protocol.comparison import (
    PAIRED,
    TWO_SIDED,
    UNPAIRED,
    boschloo,
    difference_interval,
    mcnemar,
    paired_interval,
)
from eval_protocol.posterior import probability_better
from eval_protocol.sequential import e_values
from eval_protocol.stratified import Stratum, excess, stratified

TESTS = {
    "boschloo": "Boschloo's exact test of two proportions",
    "stratified": "exact conditional test, stratified by task, scenario and start pose",
    "mcnemar": "exact McNemar test of the matched starts",
    "sequential": "e-process over the matched starts, valid at any time (Ville's inequality)",
}
OF_PAIRS = ("mcnemar", "sequential")
"""Those that are of matched starts alone."""
INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Outcome:
    """One judged trial: its ``condition`` (task, scenario, start pose), its very ``start``, and whether it succeeded.

    Trials of two policies are matched where ``start`` is the same: same task and start pose, everything in its place.
    """

    condition: Hashable
    start: Hashable
    success: bool


@dataclass(frozen=True)
class Contrast:
    """Policy a against b; p-values by ``alternative``, ``low`` to ``high`` the interval of the difference a - b.

    ``interval`` says which of Newcombe's that is, of the kind of the declared test: ``paired`` where it is one of
    matched starts and each trial has its match, else ``unpaired``, which takes all trials for independent.
    ``mcnemar_p`` and ``e_value`` are None where no starts match; ``e_value`` is the highest so far, ``adjusted_p``
    Holm's over several contrasts (the p-value itself for one alone). ``favours``: above 0 where what the declared test
    measures speaks for a, below where for b; where conditions were tried unequally often, the raw difference may say
    the opposite (Simpson's paradox). ``verdict``: better, worse, or inconclusive.
    """

    a: str
    b: str
    successes_a: int
    trials_a: int
    successes_b: int
    trials_b: int
    difference: Optional[float]
    low: float
    high: float
    interval: str
    probability_better: float
    boschloo_p: float
    stratified_p: float
    pairs: int
    only_a: int
    only_b: int
    mcnemar_p: Optional[float]
    e_value: Optional[float]
    alternative: str
    test: str
    alpha: float
    adjusted_p: float
    favours: float
    verdict: str

    def to_json(self) -> Dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)

    def words(self) -> str:
        """The verdict in a sentence, with the counts and the interval it rests on."""
        counts = f"{self.a} {self.successes_a}/{self.trials_a}, {self.b} {self.successes_b}/{self.trials_b}"
        if self.difference is None:
            return f"{INCONCLUSIVE}: {counts}; not both have been tried."
        shown = f"{counts}; difference {self.difference:+.2f}, 95 % interval {self.low:+.2f} to {self.high:+.2f}"
        shown += f" ({self.interval})"
        found = f"e-value {self.e_value:.3g}" if self.test == "sequential" and self.e_value is not None else (
            f"p = {self.adjusted_p:.3g}"
        )  # fmt: skip
        if self.verdict == INCONCLUSIVE:
            return f"{INCONCLUSIVE} ({found}, {TESTS[self.test]}): {shown}. These trials do not tell them apart."
        told = f"{self.a} is {self.verdict} than {self.b} ({found}, {TESTS[self.test]}): {shown}."
        if self.favours * self.difference < 0.0 or (self.favours and not self.difference):
            told += " The raw difference does not show it: the policies were not tried equally often in all conditions."
        return told


def contrast(
    names: Tuple[str, str],
    a: Sequence[Outcome],
    b: Sequence[Outcome],
    test: str = "boschloo",
    alternative: str = TWO_SIDED,
    alpha: float = 0.05,
) -> Contrast:
    """Compare the judged trials of two policies, in the order in which they were run."""
    k_a, n_a, k_b, n_b = (*_count(a), *_count(b))
    pairs = matched(a, b)
    only_a, only_b = sum(x and not y for x, y in pairs), sum(y and not x for x, y in pairs)
    interval = PAIRED if test in OF_PAIRS and 0 < n_a == n_b == len(pairs) else UNPAIRED
    both, neither = k_a - only_a, n_a - k_a - only_b  # where all are paired
    low, high = (
        paired_interval(both, only_a, only_b, neither)
        if interval == PAIRED
        else difference_interval(k_a, n_a, k_b, n_b)
    )
    e_value = max(e_values(pairs, alternative)) if pairs else None
    p_values = {
        "boschloo": boschloo(k_a, n_a, k_b, n_b, alternative),
        "stratified": stratified(strata(a, b), alternative),
        "mcnemar": mcnemar(only_a, only_b, alternative) if pairs else 1.0,
        "sequential": min(1.0, 1.0 / e_value) if e_value else 1.0,
    }
    favours = {
        "boschloo": k_a / n_a - k_b / n_b if n_a and n_b else 0.0,
        "stratified": excess(strata(a, b)),
        "mcnemar": float(only_a - only_b),
        "sequential": _favoured_by_e_value(pairs, alternative),
    }
    found = Contrast(
        a=names[0], b=names[1], successes_a=k_a, trials_a=n_a, successes_b=k_b, trials_b=n_b,
        difference=k_a / n_a - k_b / n_b if n_a and n_b else None, low=low, high=high,
        interval=interval,
        probability_better=probability_better(k_a, n_a, k_b, n_b),
        boschloo_p=p_values["boschloo"], stratified_p=p_values["stratified"], pairs=len(pairs), only_a=only_a,
        only_b=only_b, mcnemar_p=p_values["mcnemar"] if pairs else None, e_value=e_value, alternative=alternative,
        test=test, alpha=alpha, adjusted_p=p_values[test], favours=favours[test], verdict=INCONCLUSIVE,
    )  # fmt: skip
    return with_p(found, p_values[test])


def with_p(found: Contrast, adjusted_p: float) -> Contrast:
    """The contrast judged by an adjusted p-value; what its test did not find is inconclusive, never "equal"."""
    verdict = INCONCLUSIVE
    if adjusted_p <= found.alpha and found.favours:
        verdict = "better" if found.favours > 0 else "worse"
    values = {**asdict(found), "adjusted_p": adjusted_p, "verdict": verdict}
    return Contrast(**values)


def strata(a: Sequence[Outcome], b: Sequence[Outcome]) -> List[Stratum]:
    """The two policies' counts in each condition, in the order in which these came up."""
    conditions = list(dict.fromkeys(one.condition for one in (*a, *b)))
    return [
        Stratum(*_count([one for one in a if one.condition == at]), *_count([one for one in b if one.condition == at]))
        for at in conditions
    ]


def matched(a: Sequence[Outcome], b: Sequence[Outcome]) -> List[Tuple[bool, bool]]:
    """Successes of a and b from equal starts, in a's order; a start tried several times gives several pairs."""
    waiting: Dict[Hashable, List[bool]] = {}
    for one in b:
        waiting.setdefault(one.start, []).append(one.success)
    return [(one.success, waiting[one.start].pop(0)) for one in a if waiting.get(one.start)]


def _favoured_by_e_value(pairs: List[Tuple[bool, bool]], alternative: str) -> float:
    """How many more pairs spoke for a than for b when the e-value was highest."""
    values = list(e_values(pairs, alternative))
    until = values.index(max(values)) + 1 if values else 0
    return float(sum(int(x) - int(y) for x, y in pairs[:until]))


def _count(outcomes: Sequence[Outcome]) -> Tuple[int, int]:
    return sum(one.success for one in outcomes), len(outcomes)
