"""A session's results in the terminal."""

from typing import Any, Dict, Optional

from eval_protocol.plan import SCENARIOS


def print_table(summary: Dict[str, Any], width: Optional[int] = None) -> None:
    """Print a session's summary: of one policy by start pose and placement, of several one a line."""
    from rich.console import Console

    console = Console(width=width)
    console.print(_policies(summary) if summary["registration"] else _poses(summary))
    low, high = summary["intervals"]["clopper_pearson"]
    if summary["registration"]:
        console.print(summary["status"], highlight=False, markup=False)
    else:
        console.print(
            "{}: {}/{} successes, 95 % Clopper-Pearson interval {:.2f} to {:.2f}".format(
                summary["status"], summary["successes"], summary["trials"], low, high
            ),
            highlight=False,
        )
    console.print(attempts_words(summary["accounted"]), highlight=False)
    for one in summary["agreement"]:
        console.print("second rater {rater}: {words}".format(**one), highlight=False, markup=False)
    if summary["timing"]["rate_hz"] is not None:
        console.print(
            "control rate {rate_hz:.2f} Hz, camera to command {latency_p50_ms:.0f} ms median, "
            "{latency_p95_ms:.0f} ms p95, {latency_p99_ms:.0f} ms p99".format(**summary["timing"]),
            highlight=False,
        )


def attempts_words(counts: Dict[str, int]) -> str:
    """What became of every attempt, as ``accounted`` counts them."""
    words = "attempts: {committed} judged, {aborted} aborted, {interrupted} interrupted".format(**counts)
    return words + (f", {counts['running']} running" if counts["running"] else "")


def _poses(summary: Dict[str, Any]) -> Any:
    from rich.table import Table

    title = "{} · scenario {} ({})".format(summary["task"], summary["scenario"], SCENARIOS[summary["scenario"]])
    table = Table(title=title if summary["complete"] else "{}\n[bold]{}[/]".format(title, summary["status"]))
    table.add_column("start pose")
    for name in (*summary["placements"], "successes"):
        table.add_column(name, justify="center")
    for pose, row in summary["start_poses"].items():
        cells = [{True: "[green]success[/]", False: "[red]failure[/]", None: "-"}[value] for value in row["results"]]
        table.add_row(pose, *cells, "{}/{}".format(row["successes"], row["trials"]))
    return table


def _policies(summary: Dict[str, Any]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(summary["title"]))
    for name in ("policy", "successes", "95 % interval", "not judged"):
        table.add_column(name, justify="left" if name == "policy" else "center")
    for one in summary["policies"]:
        low, high = one["intervals"]["clopper_pearson"]
        aborted = one["attempts"]["aborted"] + one["attempts"]["interrupted"]
        counts = "{successes}/{trials}".format(**one)
        table.add_row(escape(one["name"]), counts, f"{low:.2f} to {high:.2f}", str(aborted))
    return table
