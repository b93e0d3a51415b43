"""Grad-CAM overlays, as V-PTR's Fig. 7: rows pictures, columns checkpoints; and where the influence lies."""

from pathlib import Path
from typing import Any, List

import numpy as np

from vptr_policy.analysis.attention_comparison import EDGES, UNTRAINED, AttentionComparison
from vptr_policy.analysis.figures.style import INK, colours, drawing, spread
from vptr_policy.analysis.gradcam import overlay


def draw_overlays(out: Path, comparison: AttentionComparison, shown: int) -> None:
    """Write OUT/overlays.png and .svg: ``shown`` of the views at even distances."""
    names = [name for name in comparison.maps if name != EDGES]
    rows = spread(len(comparison.views), shown)
    size = (0.5 + 1.75 * (1 + len(names)), 0.4 + 1.85 * len(rows))
    with drawing(out, "overlays", size) as figure:
        panels = figure.subplots(len(rows), 1 + len(names), squeeze=False)
        for row, number in enumerate(rows):
            view = comparison.views[number]
            _picture(panels[row][0], view.picture)
            panels[row][0].set_ylabel(f"{_wrapped(view.task)}\nstep {view.step}", fontsize=7.5)
            for column, name in enumerate(names, 1):
                _picture(panels[row][column], overlay(view.picture, comparison.maps[name][number]))
        for column, name in enumerate(["picture", *names]):
            panels[0][column].set_title(name, fontsize=9.5, weight="bold")


def draw_concentrations(out: Path, comparison: AttentionComparison, seed: int) -> None:
    """Write OUT/concentration.png and .svg: how much more of the influence a part has than of the pixels."""
    parts, names = comparison.shown_parts(), list(comparison.maps)
    shades = colours([name in (EDGES, UNTRAINED) for name in names])
    width = 0.8 / len(names)
    with drawing(out, "concentration", (2.0 + 1.1 * len(parts), 3.4)) as figure:
        panel = figure.subplots()
        for place, (name, colour) in enumerate(zip(names, shades)):
            found = [comparison.concentration(name, part, seed) for part in parts]
            at = [number + width * (place - (len(names) - 1) / 2) for number, one in enumerate(found) if one]
            kept = [one for one in found if one]
            panel.bar(at, [one.value for one in kept], 0.92 * width, color=colour, label=name)
            for x, one in zip(at, kept):
                if one.low is not None and one.high is not None:
                    panel.plot([x, x], [one.low, one.high], color=INK, linewidth=0.9)
        panel.axhline(1.0, color=INK, linewidth=0.9, linestyle=":")
        panel.set_xticks(range(len(parts)), [_wrapped(part) for part in parts])
        panel.grid(axis="x", visible=False)
        panel.set_ylabel("share of the influence\nover share of the pixels")
        figure.legend(loc="outside lower center", ncols=min(len(names), 5))


def _picture(panel: Any, image: np.ndarray) -> None:
    panel.imshow(image, interpolation="nearest")
    panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(visible=False)
    for spine in panel.spines.values():
        spine.set_visible(False)


def _wrapped(words: str, width: int = 16) -> str:
    """Words in lines of about ``width`` letters."""
    lines: List[str] = [""]
    for word in words.replace("_", " ").split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
