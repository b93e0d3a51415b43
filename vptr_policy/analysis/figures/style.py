"""How all figures of the diagnostics look: one place for sizes, colours and files."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

COLOURS = ("#1f6fb4", "#d9541e", "#2c8f3c", "#8a4fb5", "#b8860b", "#0f8b8d", "#c2336e", "#6b4a2b")
"""Of what is compared, in its order."""
BASELINE = ("#7f7f7f", "#b0b0b0", "#595959", "#c9c9c9")
"""Of what has to be beaten."""
SUCCESS, FAILURE, UNJUDGED = "#2c8f3c", "#c43c39", "#1f6fb4"
INK, GRID = "#222222", "#dddddd"
DOTS_PER_INCH = 150

SETTINGS: Dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "vptr",
}


@contextmanager
def drawing(out: Path, name: str, size: Tuple[float, float]) -> Iterator[Any]:
    """A matplotlib figure of ``size`` [inches] that is written to OUT/NAME.png and OUT/NAME.svg when it is drawn.

    The same figure gives the same bytes. No state of matplotlib's outlives it.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the layout is found once, for both files
        figure.savefig(str(out / f"{name}.png"), dpi=DOTS_PER_INCH, facecolor="white")
        figure.savefig(str(out / f"{name}.svg"), facecolor="white", metadata={"Date": None, "Creator": None})


def spread(count: int, shown: int) -> List[int]:
    """``shown`` of ``count`` places at even distances, or all of them."""
    if not count:
        return []
    distance = (count - 1) / max(min(shown, count) - 1, 1)
    return [round(number * distance) for number in range(min(shown, count))]


def colours(baseline: List[bool]) -> List[str]:
    """A colour for each of what is compared; baselines are gray."""
    chosen = []
    for place, gray in enumerate(baseline):
        palette = BASELINE if gray else COLOURS
        number = sum(one == gray for one in baseline[:place])
        chosen.append(palette[number % len(palette)])
    return chosen
