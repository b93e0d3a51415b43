"""Wrong names and the right ones near them."""

from difflib import get_close_matches
from typing import Iterable


def meant(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'NAME'?`` with what is most like ``name``, empty where nothing is."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else ""
