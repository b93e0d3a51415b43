"""Policies beside each other over many sessions: trials of one checkpoint are taken together."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from eval_protocol import charts
from eval_protocol.answer import deviations, holm_adjusted
from eval_protocol.contrast import TESTS, Contrast, contrast
from eval_protocol.page_charts import page_charts
from eval_protocol.pages import rendered
from eval_protocol.paper import METHODS, TABLES, reference_row
from eval_protocol.plan import Plan, placement_name
from eval_protocol.policy_results import PolicyResults, results_of
from eval_protocol.power import detectable
from eval_protocol.reading import Policy, Reading, read_session
from eval_protocol.record import Record, records, utc
from eval_protocol.summary import parts_of
from eval_protocol.trial_files import write_trials
from eval_protocol.trial_grid import link
from eval_protocol.whole_file import write_whole
from vptr_policy.counting import counted

PAGE = "comparison.html"
BASE_RATE = 0.5
"""Success rate from which the smallest difference is computed that the trials can show."""
MOST = 100
"""Trials of a policy above which that is not computed: it would take minutes, and is small."""


@dataclass(frozen=True)
class Compared:
    """The sessions, each policy's results over them, the first policy against each other one, and what to beware of."""

    readings: Sequence[Reading]
    results: Sequence[PolicyResults]
    contrasts: Sequence[Contrast]
    cautions: Sequence[str]
    detectable: Optional[float]

    def to_json(self) -> Dict[str, Any]:
        """Everything as plain data, but for the attempts."""
        return {
            "sessions": [_session(reading) for reading in self.readings],
            "policies": [one.to_json() for one in self.results],
            "comparisons": [one.to_json() for one in self.contrasts],
            "cautions": list(self.cautions),
            "detectable": self.detectable,
        }


def compared(paths: Sequence[Path], first: str = "", test: str = "stratified", alpha: float = 0.05) -> Compared:
    """Read sessions and compare their policies; raises ValueError where that cannot be done as asked."""
    _check(paths, test, alpha)
    readings = [read_session(path) for path in paths]
    twice = [one.folder for n, one in enumerate(readings) if one.session.id in [r.session.id for r in readings[:n]]]
    if twice:
        raise ValueError(f"the session in {twice[0]} is given twice")
    results = _ordered(_pooled(readings), first)
    tested = [one for one in results if not one.policy.label]
    found = [
        contrast((tested[0].name, one.name), tested[0].outcomes(), one.outcomes(), test, alpha=alpha)
        for one in tested[1:]
    ]
    return Compared(readings, results, holm_adjusted(found), _cautions(readings, results), _detectable(tested, alpha))


def write_comparison(found: Compared, out: Path) -> Path:
    """Write page and tables into a folder; returns the page's path."""
    out.mkdir(parents=True, exist_ok=True)
    write_trials(out, [record for one in found.results for record in one.records])
    write_whole(out / PAGE, render(found, out))
    return out / PAGE


def render(found: Compared, out: Path) -> str:
    """The comparison as one HTML page; links to videos are relative to the folder ``out``."""
    parts = [part for reading in found.readings for part in parts_of(reading)]
    poses = list(dict.fromkeys(pose for part in parts for pose in part.pose_names()))
    placements = sorted({number for part in parts for number in part.placements()})
    limit_s = max(part.time_limit_s for part in parts)
    shown = page_charts(found.results, poses, [(one, placement_name(one)) for one in placements], limit_s)
    return rendered(
        "comparison",
        f=found.to_json(),
        c={**shown, "differences": charts.differences(found.contrasts)},
        conditions=_conditions(parts, found.results),
        attempts=_attempts(found, out),
        tables=[table.to_json() for table in TABLES],
        tests=TESTS,
        base_rate=BASE_RATE,
    )


def print_comparison(found: Compared) -> None:
    """Print the policies and the verdicts to the terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=counted(len(found.readings), "session"))
    for name in ("policy", "successes", "95 % interval"):
        table.add_column(name)
    for one in found.results:
        table.add_row(
            escape(one.name), f"{one.rate.successes}/{one.rate.trials}", f"{one.rate.low:.2f} to {one.rate.high:.2f}"
        )
    console = Console()
    console.print(table)
    for words in [*(one.words() for one in found.contrasts), *found.cautions]:
        console.print(words, highlight=False, markup=False, soft_wrap=True)


def _check(paths: Sequence[Path], test: str, alpha: float) -> None:
    if not paths:
        raise ValueError("no session is named: give the folders of one or more")
    if test not in TESTS or test == "sequential":
        raise ValueError(f"test is {test!r}, expected boschloo, stratified or mcnemar (sequential is for a plan)")
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"alpha is {alpha}, expected a probability above 0 and below .5")


def _pooled(readings: Sequence[Reading]) -> List[PolicyResults]:
    """One result a checkpoint; what is sealed stays by itself and keeps its label."""
    grouped: Dict[Any, Tuple[Policy, List[Record]]] = {}
    for reading in readings:
        for one in results_of(reading.policies(), records(reading)):
            policy = replace(one.policy, label="")
            if reading.sealed:
                policy = replace(one.policy, name=f"{one.name} of {reading.folder.name}")
            alone = reading.sealed or not policy.checkpoint
            identity = (reading.session.id, policy.label) if alone else policy.checkpoint
            grouped.setdefault(identity, (policy, []))[1].extend(one.records)
    names = _distinct([policy for policy, _ in grouped.values()])
    return [
        PolicyResults(replace(policy, name=name), [replace(record, policy=name) for record in own])
        for name, (policy, own) in zip(names, grouped.values())
    ]


def _distinct(policies: Sequence[Policy]) -> List[str]:
    """Names that tell the policies apart: two checkpoints of one name get the beginning of their hash."""
    names = [policy.name for policy in policies]
    return [
        f"{policy.name} ({policy.checkpoint.split(' ')[-1][:8] or number})"
        if names.count(policy.name) > 1
        else policy.name
        for number, policy in enumerate(policies, start=1)
    ]


def _ordered(results: List[PolicyResults], first: str) -> List[PolicyResults]:
    if not first:
        return results
    if first not in [one.name for one in results]:
        raise ValueError(f"no policy {first!r} in these sessions; there are {', '.join(one.name for one in results)}")
    return sorted(results, key=lambda one: one.name != first)


def _detectable(results: Sequence[PolicyResults], alpha: float) -> Optional[float]:
    """The least difference that the first two policies' trials show with a power of .8; None where there is none."""
    if len(results) < 2:
        return None
    counts = [one.rate.trials for one in results[:2]]
    return detectable(BASE_RATE, counts[0], counts[1], alpha) if min(counts) > 0 and max(counts) <= MOST else None


def _cautions(readings: Sequence[Reading], results: Sequence[PolicyResults]) -> List[str]:
    """What makes the sessions hard to compare, in words."""
    found = []
    if len(results) > 1:
        found.append(
            "These comparisons were not declared before the trials: they are an exploration. For a verdict, plan a "
            "blind study (`vptr eval plan --policy ... --policy ...`)."
        )
    for reading in readings:
        found += [f"{reading.folder.name}: {words}" for words in deviations(reading)]
        if reading.study is None and not reading.complete():
            found.append(f"{reading.folder.name}: the session is not finished.")
        if reading.sealed:
            found.append(f"{reading.folder.name}: the names are sealed, so its policies are not tested.")
    return found + _differences_of_conditions(readings, results)


def _differences_of_conditions(readings: Sequence[Reading], results: Sequence[PolicyResults]) -> List[str]:
    found = []
    criteria: Dict[str, set] = {}
    for part in (part for reading in readings for part in parts_of(reading)):
        criteria.setdefault(part.task, set()).add((part.success, part.time_limit_s))
    found += [
        f"{task} was judged by different criteria or time limits." for task, ways in criteria.items() if len(ways) > 1
    ]
    for name, words in (("git_sha", "versions of the program"), ("host", "machines"), ("operator", "operators")):
        values = {str(reading.session.provenance.get(name, "")) for reading in readings}
        if len(values) > 1:
            found.append(f"The sessions were run with different {words}: {', '.join(sorted(values))}.")
    shares = {tuple(sorted(_counts(one).items())) for one in results}
    if len(shares) > 1:
        found.append(
            "The policies were not tried equally often in each task, scenario and start pose: their overall rates are "
            "of different trials; the stratified test compares within these."
        )
    return found


def _counts(one: PolicyResults) -> Dict[Tuple[str, int, str], int]:
    counts: Dict[Tuple[str, int, str], int] = {}
    for record in one.judged:
        at = (record.task, record.scenario, record.start_pose)
        counts[at] = counts.get(at, 0) + 1
    return counts


def _conditions(parts: Sequence[Plan], results: Sequence[PolicyResults]) -> Dict[str, Any]:
    """Successes in each task and scenario: of each policy, then what the paper's Table 1 has there."""
    plans = {(one.task, one.scenario): one for one in parts}
    rows = [
        {"name": one.name, "own": True, "cells": [_successes(one, task, scenario) for task, scenario in plans]}
        for one in results
    ]
    for method in METHODS:
        published = [_published(method, plan) for plan in plans.values()]
        if any(trials for _, trials in published):
            rows.append({"name": f"{method} (paper)", "own": False, "cells": published})
    return {"heads": [{"task": task, "scenario": scenario} for task, scenario in plans], "rows": rows}


def _successes(one: PolicyResults, task: str, scenario: int) -> Tuple[int, int]:
    here = [record for record in one.judged if (record.task, record.scenario) == (task, scenario)]
    return sum(bool(record.success) for record in here), len(here)


def _published(method: str, plan: Plan) -> Tuple[int, int]:
    """Successes and trials of a method in the paper; none of none where it was not tried."""
    for cell in reference_row(plan.scenario, plan.paper_row) or []:
        if cell["method"] == method:
            return int(cell["successes"]), int(cell["trials"])
    return 0, 0


def _attempts(found: Compared, out: Path) -> List[Dict[str, Any]]:
    folders = {reading.session.id: reading.folder for reading in found.readings}
    return [
        {
            **record.brief(),
            "where_from": folders[record.session].name,
            "link": _link(folders[record.session] / record.video, out) if record.video else "",
        }
        for one in found.results for record in one.records
    ]  # fmt: skip


def _link(video: Path, out: Path) -> str:
    """A link to a video from a page in the folder ``out``."""
    return link(Path(os.path.relpath(str(video), str(out))).as_posix())


def _session(reading: Reading) -> Dict[str, Any]:
    judged = sum(row.state == "committed" for row in reading.rows)
    return {
        "folder": reading.folder.name,
        "session": reading.session.id,
        "created": utc(reading.session.created_s),
        "title": reading.schedule.title(),
        "policies": [{"name": one.name, "checkpoint": one.checkpoint} for one in reading.policies()],
        "judged": judged,
        "planned": len(reading.schedule.trials),
        "registered": reading.study is not None,
        "sealed": reading.sealed,
        "plan_hash": reading.session.plan_hash,
        "provenance": reading.session.provenance,
    }
