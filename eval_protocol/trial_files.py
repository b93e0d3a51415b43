"""All attempts as trials.csv, for spreadsheets, and trials.json, with the figures of each command."""

import csv
import io
import json
from pathlib import Path
from typing import Any, Dict, List, Sequence

from eval_protocol.record import Record
from eval_protocol.whole_file import write_whole

COLUMNS = (
    "session", "trial", "attempt", "policy", "label", "checkpoint", "task", "scenario", "start_pose", "placement",
    "where", "target", "distractors", "start", "state", "success", "first_success", "reason", "stop", "milestones",
    "failure", "note", "corrections", "second_labels", "started", "ended", "duration_s", "steps", "path_m",
    "smoothness", "clipped", "refused", "latency_p50_ms", "latency_p95_ms", "rate_hz", "video", "picture", "id",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula."""


def write_trials(folder: Path, records: Sequence[Record]) -> List[Path]:
    """Write both files into a folder; returns their paths."""
    table, everything = folder / "trials.csv", folder / "trials.json"
    write_whole(table, trials_csv(records))
    whole = json.dumps([one.to_json() for one in records], indent=1, sort_keys=True, allow_nan=False)
    write_whole(everything, whole + "\n")
    return [table, everything]


def trials_csv(records: Sequence[Record]) -> str:
    """The attempts as a table, one a line; remarks cannot become formulas of a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in records:
        row = one.to_json()
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return "; ".join(_label(one) if isinstance(one, dict) else str(one) for one in value)
    text = str(value)
    return "'" + text if text.startswith(FORMULA) else text


def _label(label: Dict[str, Any]) -> str:
    """Somebody's label in a cell: who, what, why."""
    why = f" ({label['reason']})" if label.get("reason") else ""
    return f"[{label['at']}] {label['who']}: {'success' if label['success'] else 'failure'}{why}"
