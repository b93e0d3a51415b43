"""What is wrong with demonstrations, named: which one, where in it, and why it matters."""

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

FROZEN = "frozen camera"
DROPPED = "dropped frames"
TIME = "time jump"
MOTION = "action and state disagree"
DUPLICATE = "duplicate"
LABEL = "wrong label"
DAMAGED = "damaged"
PICTURE = "unusable pictures"
KINDS = (FROZEN, DROPPED, TIME, MOTION, DUPLICATE, LABEL, DAMAGED, PICTURE)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a demonstration."""

    kind: str
    """one of ``KINDS``"""
    name: str
    """of the demonstration"""
    text: str
    """what was found, and what it means"""
    steps: Optional[Tuple[int, int]] = None
    """(first, last) step it concerns"""

    def line(self) -> str:
        """For the terminal."""
        where = "" if self.steps is None else f" step {self.steps[0]}"
        if self.steps is not None and self.steps[1] != self.steps[0]:
            where = " steps {} to {}".format(*self.steps)
        return f"{self.name}{where}: {self.kind}: {self.text}"

    def row(self) -> Dict[str, Any]:
        """For JSON."""
        return {"kind": self.kind, "name": self.name, "steps": self.steps, "text": self.text}
