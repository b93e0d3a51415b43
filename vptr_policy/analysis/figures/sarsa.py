"""Held-out errors of linear values as bars, as V-PTR's Fig. 6 (right)."""

from pathlib import Path
from typing import Any, Sequence

import numpy as np

from vptr_policy.analysis.figures.style import INK, colours, drawing
from vptr_policy.analysis.sarsa_comparison import Entry


def draw_sarsa(out: Path, entries: Sequence[Entry]) -> None:
    """Write OUT/sarsa.png and .svg: a bar an encoder with its interval, and as a mark what a regression reaches."""
    with drawing(out, "sarsa", (4.6, 1.3 + 0.36 * len(entries))) as figure:
        panel = figure.subplots()
        places = np.arange(len(entries))[::-1]
        errors = np.array([entry.sarsa.error.value for entry in entries])
        panel.barh(places, errors, color=colours([entry.baseline for entry in entries]), height=0.66)
        _whiskers(panel, places, entries)
        panel.plot(
            [entry.regression.error.value for entry in entries], places, "D", color="white", markeredgecolor=INK,
            markersize=5, linestyle="none", label="regression of the true values",
        )  # fmt: skip
        panel.axvline(1.0, color=INK, linewidth=0.9, linestyle=":", label="a constant value")
        panel.set_yticks(places, [_name(entry) for entry in entries])
        panel.grid(axis="y", visible=False)
        panel.set_xlim(0.0, _right(entries))
        panel.set_xlabel("held-out error of the SARSA value\n(share of the variance of the true values)")
        figure.legend(loc="outside lower center", ncols=2)


def _whiskers(panel: Any, places: np.ndarray, entries: Sequence[Entry]) -> None:
    for place, entry in zip(places, entries):
        error = entry.sarsa.error
        if error.low is not None and error.high is not None:
            panel.plot([error.low, error.high], [place, place], color=INK, linewidth=1.1)


def _right(entries: Sequence[Entry]) -> float:
    """Where the axis ends: an error far above that of a constant is cut off rather than all others squeezed."""
    highest = max(entry.sarsa.error.high or entry.sarsa.error.value for entry in entries)
    return min(1.06 * max(highest, 1.0), 2.5)


def _name(entry: Entry) -> str:
    return entry.name + (" *" if entry.saw_data and not entry.baseline else "")
