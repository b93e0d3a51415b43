"""Histograms as inline SVG that take the page's colours and come out the same each time."""

import io
from typing import Any, Dict, Sequence

INK, BAR, MARK = "#010203", "#040506", "#070809"
"""Placeholders that become CSS colours of the page."""


def histogram_svg(values: Sequence[float], label: str, name: str) -> str:
    """An SVG histogram of ``values`` with their median marked; empty where there are none."""
    if not values:
        return ""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: Dict[Any, Any] = {
        "svg.hashsalt": name,
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        FigureCanvasSVG(figure)
        _draw(figure, values, label)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for placeholder, colour in ((INK, "currentColor"), (BAR, "var(--accent)"), (MARK, "var(--mark)")):
        svg = svg.replace(placeholder, colour)
    return svg


def _draw(figure: Any, values: Sequence[float], label: str) -> None:
    axes = figure.subplots()
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    pad = max(0.02 * (high - low), 0.01 * abs(high), 1e-6)
    axes.hist(values, bins=30, range=(low - pad, high + pad), color=BAR)
    axes.axvline(ordered[len(ordered) // 2], color=MARK, linewidth=1.2)
    axes.set_xlabel(label)
    axes.set_ylabel("commands")
    axes.spines[["top", "right"]].set_visible(False)
