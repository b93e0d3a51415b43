"""What a benchmark measured, beside its baseline, and how it is printed."""

from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Sequence

import numpy as np


@dataclass(frozen=True)
class Measure:
    """One figure and the same figure of the baseline, both in ``unit``; ``higher_is_better`` says which wins."""

    group: str
    name: str
    unit: str
    value: float
    baseline: float
    baseline_name: str
    higher_is_better: bool = False

    @property
    def ratio(self) -> float:
        """How many times better than the baseline: above 1 is better."""
        above, below = (self.value, self.baseline) if self.higher_is_better else (self.baseline, self.value)
        return above / below if below > 0 else float("inf")

    def to_json(self) -> Dict[str, Any]:
        """The fields and the ratio as plain values."""
        return {**asdict(self), "ratio": self.ratio}


def quantiles(
    group: str, what: str, unit: str, ours: Sequence[float], base: Sequence[float], name: str
) -> List[Measure]:
    """Median and 99th percentile of two samples, lower is better."""
    return [
        Measure(group, f"{what}, {label}", unit, float(np.quantile(ours, q)), float(np.quantile(base, q)), name)
        for label, q in (("median", 0.5), ("p99", 0.99))
    ]


def table(measures: Sequence[Measure]) -> str:
    """The measures as aligned text."""
    rows = [("benchmark", "figure", "value", "baseline", "times better", "baseline is")]
    for m in measures:
        figures = (f"{m.value:.3g} {m.unit}", f"{m.baseline:.3g} {m.unit}", f"{m.ratio:.2f}")
        rows.append((m.group, m.name, *figures, m.baseline_name))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
