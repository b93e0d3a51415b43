"""The charts of a page about one or more policies, as the templates take them."""

from typing import Any, Dict, List, Sequence, Tuple

from eval_protocol import charts
from eval_protocol.policy_results import PolicyResults

MOTION = (
    ("path_m", "Path length of the gripper [m]", " m", "Measured, in each judged trial; filled: success."),
    (
        "smoothness",
        "Smoothness (spectral arc length)",
        "",
        "0 is smoothest; about -1.4 is a single movement with the least jerk (Balasubramanian et al. 2015).",
    ),
    ("clipped", "Clipping rate", "", "Share of a trial's commands that a safety limit touched."),
)
"""Figure of a record, heading, unit, what it means."""
UNNOTED = "not noted"


def page_charts(
    results: Sequence[PolicyResults],
    poses: Sequence[str],
    placements: Sequence[Tuple[int, str]],
    limit_s: float,
    references: Sequence[Tuple[str, int, int]] = (),
) -> Dict[str, Any]:
    """Every chart but that of differences.

    Args:
        results: of the policies, in the order in which they are shown.
        poses: names of the start poses, rows of the heat maps.
        placements: numbers and names, their columns.
        limit_s: longest trial, end of the axis of times to success.
        references: name, successes and trials of published results.
    """
    numbers, heads = [number for number, _ in placements], [name for _, name in placements]
    return {
        "rates": charts.rates(charts.rate_rows(results, references)),
        "maps": [
            {"name": one.name, "svg": charts.heat_map(one, index, poses, numbers, heads)}
            for index, one in enumerate(results)
        ],
        "legend": charts.legend(results),
        "milestones": charts.milestones(results),
        "times": charts.times_to_success(results, limit_s),
        "motion": [
            {"title": title, "svg": charts.strips(results, figure, unit), "about": about}
            for figure, title, unit, about in MOTION
        ],
        "latencies": charts.histograms([(one.name, one.latencies_ms()) for one in results], " ms"),
        "control": charts.histograms([(one.name, one.rates_hz()) for one in results], " Hz", tail=5),
        "failures": _failures(results),
    }


def _failures(results: Sequence[PolicyResults]) -> Dict[str, Any]:
    """How often each policy failed in each way, empty where no kind was noted."""
    counts = [one.failures() for one in results]
    kinds: List[str] = sorted({kind for row in counts for kind in row})
    if not kinds:
        return {}
    for one, row in zip(results, counts):
        row[UNNOTED] = one.rate.trials - one.rate.successes - sum(row.values())
    kinds += [UNNOTED] if any(row[UNNOTED] for row in counts) else []
    return {
        "names": [one.name for one in results],
        "rows": [{"kind": kind, "counts": [row.get(kind, 0) for row in counts]} for kind in kinds],
    }
