"""The report of a session: a self-contained report.html, and all its trials as trials.csv and trials.json.

Everything is computed from the session's folder alone, so the report can be regenerated and is then the same, byte for
byte.
"""

from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from eval_protocol import charts
from eval_protocol.contrast import TESTS
from eval_protocol.page_charts import page_charts
from eval_protocol.pages import rendered
from eval_protocol.plan import SCENARIOS, Plan, placement_name
from eval_protocol.policy_results import PolicyResults, results_of
from eval_protocol.reading import Reading, read_session
from eval_protocol.record import records, utc
from eval_protocol.summary import answer_of, parts_of, summary_of
from eval_protocol.terminal_table import attempts_words
from eval_protocol.trial_files import write_trials
from eval_protocol.trial_grid import link, trial_grid
from eval_protocol.whole_file import write_whole

PAGE = "report.html"


def write_report(path: Path) -> Path:
    """Write page and tables into the folder of the session at ``path`` (folder or file); returns the page's path."""
    reading = read_session(path)
    write_trials(reading.folder, records(reading))
    page = reading.folder / PAGE
    write_whole(page, render(reading))
    return page


def render(reading: Reading) -> str:
    """The report as one HTML page with everything inside."""
    summary = summary_of(reading)
    results = results_of(reading.policies(), records(reading))
    parts = parts_of(reading)
    references = _references(summary["paper"]["here"])
    return rendered(
        "session",
        s=summary,
        c={**_charts(parts, results, references), "differences": _differences(reading, results)},
        grid=trial_grid(reading, results),
        own=own_counts(results, parts),
        attempts=[{**one, "link": link(one["video"])} for one in summary["attempts"]],
        attempts_words=attempts_words(summary["accounted"]),
        breaks=[{"at": utc(event.stamp_s), "detail": event.detail} for event in reading.breaks()],
        references=references,
        tests=TESTS,
        scenarios=SCENARIOS,
    )


def own_counts(results: Sequence[PolicyResults], parts: Sequence[Plan]) -> Dict[str, List[Dict[str, Any]]]:
    """``task/scenario`` -> what each policy has there, to stand beside the paper's row."""
    found: Dict[str, List[Dict[str, Any]]] = {}
    for part in parts:
        counts = []
        for one in results:
            here = [record for record in one.judged if (record.task, record.scenario) == (part.task, part.scenario)]
            counts.append({"name": one.name, "successes": sum(bool(r.success) for r in here), "trials": len(here)})
        found[f"{part.task}/{part.scenario}"] = counts
    return found


def _charts(
    parts: Sequence[Plan], results: Sequence[PolicyResults], references: Sequence[Tuple[str, int, int]]
) -> Dict[str, Any]:
    poses = list(dict.fromkeys(pose for part in parts for pose in part.pose_names()))
    placements = sorted({number for part in parts for number in part.placements()})
    limit_s = max(part.time_limit_s for part in parts)
    return page_charts(results, poses, [(one, placement_name(one)) for one in placements], limit_s, references)


def _differences(reading: Reading, results: Sequence[PolicyResults]) -> str:
    found = answer_of(reading, results)
    return charts.differences([found.primary, *found.others]) if found else ""


def _references(here: Sequence[Dict[str, Any]]) -> List[Tuple[str, int, int]]:
    """The paper's counts where the session is of one task that the paper has."""
    if len(here) != 1:
        return []
    return [(f"{cell['method']} (paper)", cell["successes"], cell["trials"]) for cell in here[0]["cells"]]
