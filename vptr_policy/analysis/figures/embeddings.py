"""Distance curves and reward histograms of embeddings, as VIP's Figs. 6 and 20, and 7, 21 and 22."""

from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np

from vptr_policy.analysis.embedding_comparison import DistanceCurves
from vptr_policy.analysis.embeddings import count_ratio
from vptr_policy.analysis.figures.style import INK, colours, drawing, spread

COLUMNS = 5
"""Of histograms in a row."""


def draw_curves(out: Path, data: Sequence[DistanceCurves], shown: int) -> None:
    """Write OUT/curves.png and .svg: a row a data set, ``shown`` of its sequences with their first and last picture."""
    with drawing(out, "curves", (0.6 + 2.3 * shown, 0.6 + 2.9 * len(data))) as figure:
        panels = figure.subplots(len(data), shown, squeeze=False)
        for row, one in enumerate(data):
            chosen = spread(len(one.sequences), shown)
            for column in range(shown):
                if column < len(chosen):
                    _curves(panels[row][column], one, chosen[column])
                else:
                    panels[row][column].set_visible(False)
            panels[row][0].set_ylabel(f"{one.name}\ndistance to the goal")
        _legend(figure, data[0].baseline)


def draw_histograms(out: Path, data: DistanceCurves) -> None:
    """Write OUT/histogram-NAME.png and .svg: the first encoder's rewards over each other's, and below the ratios."""
    first, *others = list(data.curves)
    rows = -(-len(others) // COLUMNS)
    columns = min(len(others), COLUMNS)
    with drawing(out, f"histogram-{data.name}", (0.7 + 2.5 * columns, 0.4 + 3.0 * rows)) as figure:
        panels = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[1.5, 1.0] * rows, sharex=True)
        for panel in panels.flat:
            panel.set_visible(False)
        for number, other in enumerate(others):
            row, column = 2 * (number // COLUMNS), number % COLUMNS
            _compared(panels[row][column], panels[row + 1][column], data, first, other)
            if column == 0:
                panels[row][0].set_ylabel("steps")
                panels[row + 1][0].set_ylabel("count ratio")


def _curves(panel: Any, data: DistanceCurves, number: int) -> None:
    for (name, baseline), colour in zip(data.baseline.items(), colours(list(data.baseline.values()))):
        curve = data.curves[name][number]
        panel.plot(np.arange(len(curve)), curve, ":" if baseline else "-", color=colour, linewidth=1.2)
    for picture, left in zip(data.ends[number], (0.02, 0.66)):
        inset = panel.inset_axes((left, 1.03, 0.32, 0.42))
        inset.imshow(picture)
        inset.axis("off")
    panel.set_ylim(bottom=0.0)
    panel.set_xlabel("frame")


def _compared(above: Any, below: Any, data: DistanceCurves, first: str, other: str) -> None:
    """Two histograms over each other, and the ratio of their counts in each bin."""
    histograms, edges = data.histograms(), data.edges()
    shades = _shades(data.baseline)
    for panel in (above, below):
        panel.set_visible(True)
        panel.axvline(0.0, color=INK, linewidth=0.7)
    for name in (first, other):
        filled = name == first
        above.stairs(histograms[name], edges, fill=filled, color=shades[name], alpha=0.55 if filled else 1.0)
    above.set_yscale("log" if data.kind == "video" else "linear")
    above.set_title(f"{first} / {other}", fontsize=8.5)
    ratio = count_ratio(histograms[first], histograms[other])
    middles, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    below.bar(middles, np.nan_to_num(ratio), 0.9 * width, color=np.where(ratio >= 0, "#2c8f3c", "#c43c39"))
    below.set_ylim(-1.05, max(1.05, min(3.0, float(np.nanmax(ratio)))))
    below.set_xlabel("embedding reward")
    below.tick_params(labelbottom=True)


def _shades(baseline: Dict[str, bool]) -> Dict[str, str]:
    return dict(zip(baseline, colours(list(baseline.values()))))


def _legend(figure: Any, baseline: Dict[str, bool]) -> None:
    from matplotlib.lines import Line2D

    lines: List[Any] = [
        Line2D([], [], color=colour, linestyle=":" if baseline[name] else "-")
        for name, colour in _shades(baseline).items()
    ]
    figure.legend(lines, list(baseline), loc="outside lower center", ncols=min(len(lines), 5))
