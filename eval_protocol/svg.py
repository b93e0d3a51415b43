"""Inline SVG that takes the page's colours and width: x in percent of the width, y in pixels, text never scaled."""

import math
from html import escape
from typing import Iterable, List


def drawing(height: float, parts: Iterable[str], title: str) -> str:
    """A drawing as wide as the place it stands in."""
    body = "\n".join(parts)
    name = escape(title, quote=True)
    return f'<svg class="chart" role="img" aria-label="{name}" width="100%" height="{height:.0f}">\n{body}\n</svg>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A line."""
    return f'<line class="{css}" x1="{x1:.2f}%" y1="{y1:.1f}" x2="{x2:.2f}%" y2="{y2:.1f}"/>'


def box(x: float, y: float, width: float, height: float, css: str, opacity: float = 1.0) -> str:
    """A rectangle."""
    shade = "" if opacity == 1.0 else f' fill-opacity="{opacity:.2f}"'
    return (
        f'<rect class="{css}" x="{x:.2f}%" y="{y:.1f}" width="{max(width, 0.0):.2f}%" height="{height:.1f}" '
        f'rx="1.5"{shade}/>'
    )


def dot(x: float, y: float, radius: float, css: str) -> str:
    """A filled circle."""
    return f'<circle class="{css}" cx="{x:.2f}%" cy="{y:.1f}" r="{radius:.1f}"/>'


def words(x: float, y: float, text: str, css: str = "", anchor: str = "start") -> str:
    """A text; whatever it holds, it stays text."""
    return f'<text class="{css}" x="{x:.2f}%" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def ticks(low: float, high: float, count: int = 4) -> List[float]:
    """Round numbers within low..high, about ``count`` steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def axis(top: float, bottom: float, values: Iterable[float], low: float, high: float, unit: str = "") -> List[str]:
    """Grid lines over the height top..bottom with their numbers below, for a scale of low..high."""
    parts = []
    for value in values:
        x = share(value, low, high)
        anchor = "start" if x < 4 else "end" if x > 96 else "middle"
        parts += [line(x, top, x, bottom, "grid"), words(x, bottom + 14, f"{value:g}{unit}", "tick", anchor)]
    return parts


def share(value: float, low: float, high: float) -> float:
    """Where a value lies between low and high, in percent, kept within."""
    return 100.0 * min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 50.0
