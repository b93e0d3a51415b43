"""The pages of reports: Jinja templates in Python strings, so that an installed package has them too."""

from typing import Any

from eval_protocol.pages.comparison import COMPARISON
from eval_protocol.pages.parts import PARTS
from eval_protocol.pages.session import SESSION
from eval_protocol.pages.style import STYLE

TEMPLATES = {"parts": PARTS, "session": SESSION, "comparison": COMPARISON}


def rendered(name: str, **values: Any) -> str:
    """A page; what the values hold is text and stays text, but for what a template marks as safe (own drawings)."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    pages = Environment(
        loader=DictLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return pages.get_template(name).render(style=STYLE, **values).lstrip()
