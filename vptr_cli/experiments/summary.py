"""What the experiment found: a table with exact tests, numbers as JSON, and a figure like the paper's Fig. 8."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from eval_protocol.comparison import Comparison, compare, holm
from eval_protocol.statistics import Proportion, proportion
from vptr_cli.experiments.generalization import AXES, METHODS, SEED, VARIANTS, Generalization
from vptr_cli.experiments.results import read_results

PAIRS = (("v-ptr", "ptr"), ("v-ptr", "bc"), ("ptr", "bc"))
"""What is compared with what."""
NAMES = {"v-ptr": "V-PTR", "ptr": "PTR", "bc": "BC"}
HOW_TO_READ = (
    "Of 95 %: Clopper-Pearson intervals of rates, Newcombe's paired intervals of differences in the same scenes. "
    "p: exact McNemar test, beside it adjusted by Holm."
)
"""Stands below the table."""
COLOURS = {"v-ptr": "#1b7837", "ptr": "#5e81ac", "bc": "#b8b8b8"}


@dataclass(frozen=True)
class Row:
    """One axis and variant: the successes of each method in the same scenes, and the methods in pairs."""

    axis: str
    variant: str
    rates: Dict[str, Proportion]
    compared: Dict[Tuple[str, str], Comparison]


def read_rows(experiment: Generalization) -> List[Row]:
    """The conditions that have results; raises ValueError where there are none."""
    found = _outcomes(experiment)
    rows: List[Row] = []
    for axis in AXES:
        for variant in VARIANTS:
            seen = {method: found[key] for method in METHODS for key in [(method, axis, variant)] if key in found}
            if seen:
                rates = {method: proportion(sum(outcomes), len(outcomes)) for method, outcomes in seen.items()}
                pairs = [pair for pair in PAIRS if seen.keys() >= set(pair)]
                rows.append(Row(axis, variant, rates, {(a, b): compare(seen[a], seen[b]) for a, b in pairs}))
    if not rows:
        raise ValueError(f"{experiment.results} has no results of this setting yet: run its parts first")
    return rows


@dataclass(frozen=True)
class Ratio:
    """V-PTR's success rate over PTR's, with a 95 % interval (Katz's, on the logarithm, of unpaired trials)."""

    ratio: float
    low: float
    high: float


def ratio(row: Row) -> Optional[Ratio]:
    """The improvement that the paper's Fig. 8 draws is this less one; None where either never succeeded."""
    from scipy.stats.contingency import relative_risk

    rates = [row.rates.get(method) for method in ("v-ptr", "ptr")]
    if not all(rate is not None and rate.successes for rate in rates):
        return None
    found = relative_risk(*(count for rate in rates if rate for count in (rate.successes, rate.trials)))
    low, high = found.confidence_interval(0.95)
    return Ratio(float(found.relative_risk), float(low), float(high))


def table(rows: Sequence[Row]) -> List[str]:
    """Lines of Markdown: successes and differences with their intervals and exact p-values, and which these are."""
    head = ["axis", "kinds", *(NAMES[method] for method in METHODS), *(f"{NAMES[a]} - {NAMES[b]}" for a, b in PAIRS)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    adjusted = _adjusted(rows)
    for row in rows:
        cells = [row.axis, row.variant]
        cells += [str(row.rates.get(method, "")) for method in METHODS]
        cells += [_difference(row, pair, adjusted) for pair in PAIRS]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, "", HOW_TO_READ]


def numbers(experiment: Generalization, rows: Sequence[Row]) -> Dict[str, Any]:
    """Everything as plain values."""
    adjusted = _adjusted(rows)
    described = [
        {
            "axis": row.axis,
            "variant": row.variant,
            "rates": {method: rate.to_json() for method, rate in row.rates.items()},
            "differences": {
                f"{a} - {b}": {**found.to_json(), "mcnemar_p_holm": adjusted[row.axis, row.variant, (a, b)]}
                for (a, b), found in row.compared.items()
            },
            "v-ptr over ptr": vars(over) if over else None,
        }
        for row in rows
        for over in [ratio(row)]
    ]
    return {
        "setting": vars(experiment.setting),
        "size": vars(experiment.size),
        "seed": experiment.seed,
        "video": str(experiment.video or "generated"),
        "rows": described,
    }


def draw(rows: Sequence[Row], title: str, paths: Sequence[Path]) -> None:
    """Success rates on unseen and seen kinds, and below them how many times PTR's V-PTR's are on unseen kinds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 6.0), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    grid = figure.add_gridspec(2, 1, height_ratios=(3, 2))
    top, bottom = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    panels = top.subplots(1, len(VARIANTS), sharey=True)
    for panel, variant in zip(panels, VARIANTS):
        _bars(panel, [row for row in rows if row.variant == variant])
        panel.set_title({"unseen": "unseen kinds", "train": "kinds of the demonstrations"}[variant])
    panels[0].set_ylabel("success rate")
    panels[0].legend(frameon=False)
    _improvement(bottom.subplots(), [row for row in rows if row.variant == "unseen"])
    for path in paths:
        figure.savefig(str(path), dpi=150)


def write(experiment: Generalization, folder: Path) -> List[str]:
    """Write summary.json, summary.md and the figure of a setting; returns the table."""
    rows = read_rows(experiment)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / experiment.name
    lines = table(rows)
    _beside(stem, ".json").write_text(json.dumps(numbers(experiment, rows), indent=2) + "\n", encoding="utf-8")
    _beside(stem, ".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    title = f"{experiment.setting.help}; seed {experiment.seed}"
    draw(rows, title, [_beside(stem, suffix) for suffix in (".png", ".svg")])
    return lines


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)  # a name of clips may hold a point


def _outcomes(experiment: Generalization) -> Dict[Tuple[str, str, str], List[bool]]:
    """Method, axis, variant -> successes in the order of the scenes."""
    owners = {experiment.policy(m, a) / "checkpoint": (m, a) for m in METHODS for a in AXES}
    rows = read_results(experiment.results, list(owners), experiment.size.episodes, SEED, experiment.size.limit)
    return {(*owners[Path(row["policy"])], row["variant"]): row["outcomes"] for row in rows}


def _adjusted(rows: Sequence[Row]) -> Dict[Tuple[str, str, Tuple[str, str]], float]:
    """Holm's p-values over all comparisons of the unseen kinds, and over those of the seen ones."""
    values: Dict[Tuple[str, str, Tuple[str, str]], float] = {}
    for variant in VARIANTS:
        asked = [(row, pair) for row in rows if row.variant == variant for pair in row.compared]
        for (row, pair), p in zip(asked, holm([row.compared[pair].mcnemar_p for row, pair in asked])):
            values[row.axis, variant, pair] = p
    return values


def _difference(row: Row, pair: Tuple[str, str], adjusted: Dict[Tuple[str, str, Tuple[str, str]], float]) -> str:
    if pair not in row.compared:
        return ""
    found, p = row.compared[pair], adjusted[row.axis, row.variant, pair]
    return f"{found.difference:+.2f} [{found.low:+.2f}, {found.high:+.2f}], p = {found.mcnemar_p:.3g} (Holm {p:.2g})"


def _bars(panel: Any, rows: Sequence[Row]) -> None:
    width = 0.8 / len(METHODS)
    for number, method in enumerate(METHODS):
        rates = [(place, row.rates[method]) for place, row in enumerate(rows) if method in row.rates]
        heights = [rate.successes / rate.trials for _, rate in rates]
        errors = [
            [h - rate.low for h, (_, rate) in zip(heights, rates)],
            [rate.high - h for h, (_, rate) in zip(heights, rates)],
        ]
        places = [place + (number - (len(METHODS) - 1) / 2) * width for place, _ in rates]
        panel.bar(places, heights, width, yerr=errors, color=COLOURS[method], label=NAMES[method], capsize=3)
    panel.set_xticks(range(len(rows)), [row.axis for row in rows])
    panel.set_ylim(0, 1)
    panel.spines[["top", "right"]].set_visible(False)


def _improvement(panel: Any, rows: Sequence[Row]) -> None:
    """V-PTR's rate as a multiple of PTR's, which the paper draws as an improvement in per cent."""
    for place, row in enumerate(rows):
        found = ratio(row)
        if found is None:
            panel.text(
                place, 1.0, "no ratio: one of\nthem never succeeded", ha="center", va="center", backgroundcolor="w"
            )
            continue
        below, above = found.ratio - found.low, found.high - found.ratio
        panel.errorbar(
            place, found.ratio, [[below], [above]], fmt="o", color=COLOURS["v-ptr"], ecolor="black", capsize=3
        )
        panel.annotate(
            f"{found.ratio - 1.0:+.0%}", (place, found.ratio), (8, 0), textcoords="offset points", va="center"
        )
    panel.set_xticks(range(len(rows)), [row.axis for row in rows])
    panel.set_xlim(-0.5, len(rows) - 0.5)
    panel.axhline(1.0, color="black", linewidth=0.8, zorder=0)
    panel.set_yscale("log", base=2)
    low, high = panel.get_ylim()
    panel.set_ylim(min(low, 0.5), max(high, 2.0))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.set_ylabel("V-PTR / PTR,\nunseen kinds")
    panel.spines[["top", "right"]].set_visible(False)
