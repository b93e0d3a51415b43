"""Value curves over time, as V-PTR's Fig. 6 (left): rows without and with distractors, a column a checkpoint."""

from pathlib import Path
from typing import Any, Dict, Sequence

import numpy as np

from vptr_policy.analysis.figures.style import FAILURE, INK, SUCCESS, UNJUDGED, drawing, spread
from vptr_policy.analysis.rollouts import CONDITIONS
from vptr_policy.analysis.value_comparison import OUTCOMES, ValueComparison

LINES: Dict[str, Any] = {"success": (SUCCESS, "-"), "failure": (FAILURE, "--"), "unjudged": (UNJUDGED, "-")}


def draw_values(out: Path, comparison: ValueComparison, shown: int, seed: int) -> None:
    """Write OUT/values.png and .svg: ``shown`` rollouts of each outcome a panel; the numbers are of all of them.

    The panels of a checkpoint have one scale: the values of different critics are not comparable.
    """
    conditions = [name for name in CONDITIONS if any(one.condition == name for one in comparison.rollouts)]
    names = list(comparison.curves)
    size = (1.0 + 2.5 * len(names), 0.9 + 2.2 * len(conditions))
    with drawing(out, "values", size) as figure:
        panels = figure.subplots(len(conditions), len(names), sharex=True, sharey="col", squeeze=False)
        for column, name in enumerate(names):
            summaries = comparison.summaries(name, seed)
            for row, condition in enumerate(conditions):
                panel = panels[row][column]
                _curves(panel, comparison, name, condition, shown)
                panel.set_title(_words(summaries[condition]), fontsize=8.0, color=INK)
            panels[0][column].annotate(
                name, (0.5, 1.0), (0, 32), "axes fraction", "offset points", ha="center", fontsize=11, weight="bold"
            )
            panels[-1][column].set_xlabel("time-step $t$")
        for row, condition in enumerate(conditions):
            panels[row][0].set_ylabel(f"{condition}\n$V(s_t)$")
        _legend(figure, [outcome for outcome in OUTCOMES if any(o.outcome == outcome for o in comparison.rollouts)])


def _curves(panel: Any, comparison: ValueComparison, name: str, condition: str, shown: int) -> None:
    for outcome in OUTCOMES:
        colour, line = LINES[outcome]
        curves = comparison.chosen(name, condition, outcome)
        for curve in [curves[place] for place in spread(len(curves), shown)]:
            panel.plot(np.arange(len(curve)), curve, line, color=colour, alpha=0.65, linewidth=1.0)


def _words(found: Dict[str, Any]) -> str:
    """Monotonicity and roughness of the successes, or of whatever there is."""
    kinds = {"success": "successes", "unjudged": "rollouts", "failure": "failures"}
    outcome = next(kind for kind in kinds if kind in found)
    told = found[outcome]
    text = "monotonicity {value:.2f}".format(**told["monotonicity"])
    if told["monotonicity"]["low"] is not None:
        text += " [{low:.2f}, {high:.2f}]".format(**told["monotonicity"])
    rough = "roughness {value:.1f}, ".format(**told["roughness"]) if told["roughness"] else ""
    return f"{text}\n{rough}{told['rollouts']} {kinds[outcome]}"


def _legend(figure: Any, outcomes: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=LINES[outcome][0], linestyle=LINES[outcome][1]) for outcome in outcomes]
    figure.legend(lines, outcomes, loc="outside lower center", ncols=len(outcomes))
