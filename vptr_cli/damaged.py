"""Damaged demonstrations: named, counted and left out, so that the others are not lost."""

import sys
from typing import Any, List, Optional


class Damaged:
    """Those that a command came across."""

    def __init__(self) -> None:
        self._names: List[str] = []

    def read(self, item: Any) -> Optional[Any]:
        """The demonstration; None where it is damaged, which is told."""
        from vptr_policy.data.robot.parts import DAMAGE, reason

        try:
            return item.read()
        except DAMAGE as error:
            self.add(item.name, reason(error))
            return None

    def add(self, name: str, why: str) -> None:
        """Count one and tell of it."""
        from tqdm import tqdm

        self._names.append(name)
        tqdm.write(f"damaged: {_shown(name)}: {_shown(why)}", file=sys.stderr)

    def status(self, what: str) -> int:
        """The exit status; where any was damaged, a last line tells how many and ``what`` that means."""
        if not self._names:
            return 0
        print(f"{len(self._names)} damaged demonstrations {what}; `vptr data check` names all damage", file=sys.stderr)
        return 1


def _shown(text: str) -> str:
    """Without halves of characters, which no terminal takes."""
    return text.encode(errors="backslashreplace").decode()
