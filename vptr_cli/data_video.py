"""`vptr data import` and `vptr data info` for action-free video."""

from typing import Dict

from vptr_cli.formats import Format

IMPORTS: Dict[str, Format] = {}
INFOS: Dict[str, Format] = {}
