"""The overview of a data set as one page without anything outside of it."""

import base64
import os
from html import escape
from pathlib import Path
from typing import Any, Dict, Sequence, Tuple

ROW = "<tr><td>{}</td><td>{trajectories}</td><td>{successes}</td><td>{steps}</td></tr>"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fafafa; max-width: 1100px; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin-top: 2em; }
table { border-collapse: collapse; } th, td { text-align: right; padding: .2em 1em .2em 0; }
th:first-child, td:first-child { text-align: left; } th { border-bottom: 1px solid #bbb; }
img { max-width: 100%; background: #fff; } code { background: #eee; padding: 0 .3em; } .note { color: #666; }
"""


def write_page(path: Path, found: Dict[str, Any], note: str, figures: Sequence[Tuple[str, Path]]) -> None:
    """Write the page, whole or not at all.

    Args:
        path: of the page.
        found: what ``summarise`` or ``summarise_episodes`` found.
        note: from how many demonstrations the pictures are.
        figures: (heading, PNG file).
    """
    rows = "".join(ROW.format(escape(task), **row) for task, row in found["tasks"].items())
    pictures = "".join(f"<h2>{escape(title)}</h2>{_picture(title, file)}" for title, file in figures)
    told = "{trajectories} demonstrations, {successes} succeeded, {steps} steps ".format(**found) + (
        "({hours:.2f} h; shortest {shortest}, median {median:g}, longest {longest})".format(**found)
    )
    name = escape(Path(found["folder"]).name)
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{STYLE}</style></head>'
        f"<body><h1>{name}</h1><p>{escape(told)}</p>{_besides(found)}"
        f"<table><tr><th>task</th><th>demonstrations</th><th>succeeded</th><th>steps</th></tr>{rows}</table>"
        f'{pictures}<p class="note">{escape(note)}</p></body></html>\n'
    )
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(str(part), str(path))


def _besides(found: Dict[str, Any]) -> str:
    if not found.get("left_out"):
        return ""
    return "<p>Besides: {}.</p>".format(escape(", ".join(f"{count} {why}" for why, count in found["left_out"].items())))


def _picture(title: str, file: Path) -> str:
    data = base64.b64encode(file.read_bytes()).decode("ascii")
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">'
