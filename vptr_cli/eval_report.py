"""`vptr eval report` and `vptr eval compare`: what sessions show."""

import json as json_format
import sys
from pathlib import Path
from typing import Any, Tuple

from tyro.conf import Positional

from vptr_cli.errors import one_line


def report(session: Positional[Path], json: bool = False) -> int:
    """Print a session's table and write its report.html, trials.csv and trials.json.

    A blind study shows A, B, ... until its seal is opened with `vptr eval unseal`.

    Args:
        session: folder of the session, or its session.sqlite
        json: print one JSON object with trials, successes and intervals instead of the table
    """
    from eval_protocol.reading import read_session
    from eval_protocol.report import write_report
    from eval_protocol.store import StoreError
    from eval_protocol.summary import summary_of
    from eval_protocol.terminal_table import print_table

    try:
        summary = summary_of(read_session(session))
        page = write_report(session)
    except (StoreError, ValueError, OSError) as error:
        return failed("report", error)
    if json:
        print(_dumps({**summary, "report": str(page)}))
    else:
        print_table(summary)
        print(summary["shows"])
        print(f"report: {page}")
    return 0


def compare(
    session: Positional[Tuple[Path, ...]],
    out: Path = Path("comparison"),
    first: str = "",
    test: str = "stratified",
    alpha: float = 0.05,
    json: bool = False,
) -> int:
    """Compare policies over many sessions: comparison.html, trials.csv and trials.json.

    Trials of one checkpoint are taken together, from whichever sessions. The first policy is compared with each other
    one, adjusted by Holm. What was not declared before the trials is an exploration, and the page says so.

    Args:
        session: folders of sessions, or their session.sqlite
        out: folder for the page and the tables
        first: name of the policy that is compared with the others; default: that of the first session
        test: boschloo, stratified (by task, scenario and start pose) or mcnemar (matched starts)
        alpha: probability of any false "better" that is accepted
        json: print one JSON object instead of the table
    """
    from eval_protocol.many_sessions import compared, print_comparison, write_comparison
    from eval_protocol.store import StoreError

    try:
        found = compared(session, first, test, alpha)
        page = write_comparison(found, out)
    except (StoreError, ValueError, OSError) as error:
        return failed("compare", error)
    if json:
        print(_dumps({**found.to_json(), "report": str(page)}))
    else:
        print_comparison(found)
        print(f"report: {page}")
    return 0


def failed(command: str, error: Exception) -> int:
    """Say why a command of `vptr eval` failed; returns its exit status."""
    print(f"vptr eval {command}: {one_line(error)}", file=sys.stderr)
    return 1


def _dumps(value: Any) -> str:
    return json_format.dumps(value, allow_nan=False)
