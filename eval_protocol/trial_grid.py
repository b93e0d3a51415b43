"""The table of trials with their videos: start poses by placements, or in a study starts by policies."""

import base64
from typing import Any, Dict, List, Sequence
from urllib.parse import quote

from eval_protocol.plan import Plan, Trial, placement_name
from eval_protocol.policy_results import PolicyResults
from eval_protocol.reading import Reading
from eval_protocol.record import Record

INSIDE_BYTES = 24_000_000
"""Videos, with the pictures of their starts, that are larger than this together are linked, not inside the page."""


def trial_grid(reading: Reading, results: Sequence[PolicyResults]) -> Dict[str, Any]:
    """Heads, rows of cells, and whether videos are ``linked`` for their size."""
    records = [record for one in results for record in one.records]
    files = [name for one in records if one.judged for name in (one.video, one.picture) if name]
    linked = sum((reading.folder / name).stat().st_size for name in files) > INSIDE_BYTES
    grid = _by_policy(reading, results, linked) if reading.study else _by_placement(reading, records, linked)
    return {**grid, "linked": linked}


def link(path: str) -> str:
    """A relative path as a link: whatever the file is called, it stays a path."""
    return quote(path)


def _by_placement(reading: Reading, records: Sequence[Record], linked: bool) -> Dict[str, Any]:
    plan: Plan = reading.schedule.at(1)[0]
    rows = []
    for pose in plan.pose_names():
        here = [one for one in records if one.start_pose == pose and one.judged]
        trials = [trial for trial in plan.trials if trial.start_pose == pose]
        lines = [f"{sum(bool(one.success) for one in here)}/{len(here)}"]
        cells = [_cell(reading, trial, records, linked) for trial in trials]
        rows.append({"head": pose.replace("_", " "), "lines": lines, "cells": cells})
    return {"heads": ["start pose", *(placement_name(number) for number in plan.placements())], "rows": rows}


def _by_policy(reading: Reading, results: Sequence[PolicyResults], linked: bool) -> Dict[str, Any]:
    """Trials from one start beside each other, each policy's in its column."""
    starts: Dict[Any, List[Trial]] = {}
    for trial in reading.schedule.trials:
        slot = reading.study.slots[trial.number - 1] if reading.study else None
        starts.setdefault((slot.part, slot.trial) if slot else trial.number, []).append(trial)
    rows = []
    for trials in starts.values():
        part, first = reading.schedule.at(trials[0].number)
        of = {trial.label(): trial for trial in trials}
        rows.append(
            {
                "head": first.start_pose.replace("_", " "),
                "lines": [f"{part.task}, scenario {part.scenario}", first.placement_words(short=True)],
                "cells": [_cell(reading, of[one.policy.label], one.records, linked) for one in results],
            }
        )
    return {"heads": ["start", *(one.name for one in results)], "rows": rows}


def _cell(reading: Reading, trial: Trial, records: Sequence[Record], linked: bool) -> Dict[str, Any]:
    attempts = [one for one in records if one.trial == trial.number]
    judged = next((one for one in attempts if one.judged), None)
    video, picture = (judged.video, judged.picture) if judged else ("", "")
    part = reading.schedule.at(trial.number)[0]
    lines = [] if reading.study else [trial.placement_words(short=True)]
    if part.scenario == 3:
        lines.append(trial.target.name)
    if trial.distractors:
        lines.append("beside " + ", ".join(one.name for one in trial.distractors))
    return {
        "trial": trial.number,
        "record": judged,
        "aborts": sum(one.state in ("aborted", "interrupted") for one in attempts),
        "lines": lines,
        "video": _data_uri(reading, video, "video/mp4") if video and not linked else "",
        "poster": _data_uri(reading, picture, "image/jpeg") if picture and not linked else "",
        "link": link(video) if video else "",
    }


def _data_uri(reading: Reading, name: str, kind: str) -> str:
    return f"data:{kind};base64," + base64.b64encode((reading.folder / name).read_bytes()).decode("ascii")
