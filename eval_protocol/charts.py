"""The charts of reports: each policy has a row or a colour, and a name beside it."""

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from eval_protocol.contrast import Contrast
from eval_protocol.policy_results import PolicyResults, middle
from eval_protocol.statistics import Proportion, proportion
from eval_protocol.svg import axis, box, dot, drawing, line, share, ticks, words

COLOURS = 6
"""Policies have the page's colours c0 to c5, then again from the first."""
ROW, BAR, AXIS = 44.0, 15.0, 22.0
BINS = 40


@dataclass(frozen=True)
class RateRow:
    """A row of a chart of success rates; ``css`` is its colour's class."""

    label: str
    rate: Proportion
    css: str


def colour(index: int) -> str:
    """The class of the policy of an index."""
    return f"c{index % COLOURS}"


def rates(rows: Sequence[RateRow]) -> str:
    """Success rates: dot, Clopper-Pearson interval (thick), Wilson interval (ticks)."""
    bottom = ROW * len(rows)
    parts = axis(0, bottom, (0, 0.25, 0.5, 0.75, 1), 0, 1)
    for index, row in enumerate(rows):
        y, rate = ROW * index + 30, row.rate
        counts = f"{rate.successes}/{rate.trials}   {rate.low:.2f} to {rate.high:.2f}"
        parts += [words(0, y - 14, row.label, "name"), words(100, y - 14, counts, "value", "end")]
        parts.append(box(100 * rate.low, y - 3.5, 100 * (rate.high - rate.low), 7, f"interval {row.css}"))
        for end in (rate.wilson_low, rate.wilson_high):
            parts.append(line(100 * end, y - 6, 100 * end, y + 6, f"whisker {row.css}"))
        if rate.trials:
            parts.append(dot(100 * rate.successes / rate.trials, y, 5.5, f"fill {row.css}"))
    return drawing(bottom + AXIS, parts, "success rates with 95 % intervals")


def differences(contrasts: Sequence[Contrast]) -> str:
    """Risk differences with their intervals; the line in the middle is no difference."""
    bottom = ROW * len(contrasts)
    parts = [*axis(0, bottom, (-1, -0.5, 0, 0.5, 1), -1, 1), line(50, 0, 50, bottom, "zero")]
    for index, one in enumerate(contrasts):
        y, low, high = ROW * index + 30, share(one.low, -1, 1), share(one.high, -1, 1)
        shown = (
            "not both tried" if one.difference is None else f"{one.difference:+.2f}   {one.low:+.2f} to {one.high:+.2f}"
        )
        parts += [words(0, y - 14, f"{one.a} − {one.b}", "name"), words(100, y - 14, shown, "value", "end")]
        parts.append(box(low, y - 3.5, high - low, 7, "interval c0"))
        if one.difference is not None:
            parts.append(dot(share(one.difference, -1, 1), y, 5.5, "fill c0"))
    return drawing(bottom + AXIS, parts, "differences of success rates with 95 % intervals")


def heat_map(
    one: PolicyResults, index: int, poses: Sequence[str], placements: Sequence[int], heads: Sequence[str]
) -> str:
    """Successes by start pose (rows) and placement (columns): the fuller a cell, the more succeeded."""
    left, height, top = 27.0, 34.0, 34.0
    width = (100 - left) / len(placements)
    parts = []
    for column, head in enumerate(heads):
        lines = head.rsplit(" ", 1)
        for down, text in enumerate(reversed(lines)):
            parts.append(words(left + width * (column + 0.5), top - 7 - 13 * down, text, "tick", "middle"))
    for row, pose in enumerate(poses):
        y = top + height * row
        parts.append(words(0, y + height / 2 + 4, pose.replace("_", " "), "tick"))
        for column, placement in enumerate(placements):
            x, (successes, trials) = left + width * column, one.cell(pose, placement)
            shade = 0.06 + 0.6 * successes / trials if trials else 0.0
            parts.append(box(x + 0.5, y + 1, width - 1, height - 2, f"cell {colour(index)}", shade))
            shown = f"{successes}/{trials}" if trials else "-"
            parts.append(words(x + width / 2, y + height / 2 + 4, shown, "value", "middle"))
    return drawing(top + height * len(poses), parts, f"{one.name}: successes by start pose and placement")


def milestones(results: Sequence[PolicyResults]) -> str:
    """The share of trials in which each milestone was reached, and of successes; a bar a policy."""
    counts = [{**one.reached(), "success": one.rate.successes} for one in results]
    parts: List[str] = []
    y = 0.0
    for name in counts[0] if counts else ():
        parts.append(words(0, y + 13, name, "name"))
        y += 18
        for index, one in enumerate(results):
            trials = one.rate.trials
            part = 100 * counts[index][name] / trials if trials else 0.0
            parts += [box(0, y, 100, BAR, "rail"), box(0, y, part, BAR, f"bar {colour(index)}")]
            own = f"{one.name}  " if len(results) > 1 else ""
            parts.append(words(99, y + 11.5, f"{own}{counts[index][name]}/{trials}", "small", "end"))
            y += BAR + 3
        y += 6
    return drawing(y, parts, "milestones reached")


def times_to_success(results: Sequence[PolicyResults], limit_s: float) -> str:
    """The share of trials that had succeeded by each moment; a stepped line a policy."""
    height = 150.0
    parts = axis(0, height, ticks(0, limit_s, 6), 0, limit_s, " s")
    for level in (0.0, 0.5, 1.0):
        y = height * (1 - level)
        parts += [line(0, y, 100, y, "grid"), words(0, y + (12 if level else -3), f"{level:.0%}", "tick")]
    for index, one in enumerate(results):
        x, y, trials = 0.0, height, max(1, one.rate.trials)
        css = f"curve {colour(index)} d{index % 3}"
        for done, duration_s in enumerate(one.times_to_success(), start=1):
            at, level = share(duration_s, 0, limit_s), height * (1 - done / trials)
            parts += [line(x, y, at, y, css), line(at, y, at, level, css)]
            x, y = at, level
        parts.append(line(x, y, 100, y, css))
    return drawing(height + AXIS, parts, "share of trials that had succeeded by each moment")


def strips(results: Sequence[PolicyResults], figure: str, unit: str, form: str = "{:.2f}") -> str:
    """A figure of every judged trial, a dot each (hollow: a failure), the median marked; empty where none has it."""
    found = [one.motion(figure) for one in results]
    values = [value for row in found for value, _ in row]
    if not values:
        return ""
    low, high = _range(values)
    bottom = ROW * len(results)
    parts = axis(0, bottom, ticks(low, high), low, high)
    for index, (one, row) in enumerate(zip(results, found)):
        y, at = ROW * index + 31, middle([value for value, _ in row])
        shown = "not recorded" if at is None else f"median {form.format(at)}{unit}"
        parts += [words(0, y - 15, one.name, "name"), words(100, y - 15, shown, "value", "end")]
        for number, (value, success) in enumerate(row):
            css = f"{'fill' if success else 'hollow'} {colour(index)}"
            parts.append(dot(share(value, low, high), y + (number * 7 % 5 - 2) * 2.2, 3.6, css))
        if at is not None:
            x = share(at, low, high)
            parts.append(line(x, y - 9, x, y + 9, "median"))
    return drawing(bottom + AXIS, parts, f"{figure} of every trial")


def histograms(rows: Sequence[Tuple[str, Sequence[float]]], unit: str, tail: int = 95) -> str:
    """Distributions, one a row on a common scale, with median and ``tail`` percentile; empty where there is nothing."""
    values = [value for _, row in rows for value in row]
    if not values:
        return ""
    low, high = _range(values)
    height = 74.0
    bottom = height * len(rows)
    parts = axis(0, bottom, ticks(low, high), low, high)
    for index, (name, row) in enumerate(rows):
        parts += _histogram(name, sorted(row), (low, high), height * index, height, colour(index), unit, tail)
    return drawing(bottom + AXIS, parts, f"distribution in{unit}")


def legend(results: Sequence[PolicyResults]) -> List[Dict[str, str]]:
    """Names with the classes of their colour and dash, for the page."""
    return [{"name": one.name, "colour": colour(index), "dash": f"d{index % 3}"} for index, one in enumerate(results)]


def rate_rows(results: Sequence[PolicyResults], references: Sequence[Tuple[str, int, int]] = ()) -> List[RateRow]:
    """Rows of policies, then of published counts (name, successes, trials)."""
    own = [RateRow(one.name, one.rate, colour(index)) for index, one in enumerate(results)]
    return own + [RateRow(name, proportion(count, trials), "reference") for name, count, trials in references]


def _histogram(
    name: str, row: List[float], scale: Tuple[float, float], top: float, height: float, css: str, unit: str, tail: int
) -> List[str]:
    parts = [words(0, top + 13, name, "name")]
    if not row:
        return [*parts, words(100, top + 13, "not recorded", "value", "end")]
    counts = [0] * BINS
    for value in row:
        counts[min(BINS - 1, int(share(value, *scale) / 100 * BINS))] += 1
    full, base = height - 24, top + height - 2
    for index, count in enumerate(counts):
        if count:
            tall = full * count / max(counts)
            parts.append(box(100 / BINS * index, base - tall, 100 / BINS - 0.3, tall, f"bar {css}"))
    at, late = row[len(row) // 2], row[min(len(row) - 1, len(row) * tail // 100)]
    parts.append(words(100, top + 13, f"median {at:.3g}{unit}, p{tail} {late:.3g}{unit}", "value", "end"))
    x = share(at, *scale)
    return [*parts, line(x, base - full, x, base, "median")]


def _range(values: Sequence[float]) -> Tuple[float, float]:
    """A little more than the values' range, so that no dot is cut."""
    low, high = min(values), max(values)
    pad = max(0.04 * (high - low), 0.01 * abs(high), 1e-6)
    return low - pad, high + pad
