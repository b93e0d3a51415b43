"""What the person feels in the hand, and how often."""

from dataclasses import dataclass
from typing import Dict, List, Tuple

CLUTCH, CLAMP, RECORD, LOSS = "clutch", "clamp", "record", "tracking loss"


@dataclass(frozen=True)
class Haptic:
    """A pulse of the right controller: ``strength`` 0..1 for ``duration_s``."""

    kind: str
    strength: float
    duration_s: float


PULSES = {
    CLUTCH: Haptic(CLUTCH, 0.5, 0.03),
    CLAMP: Haptic(CLAMP, 0.3, 0.02),
    RECORD: Haptic(RECORD, 0.8, 0.15),
    LOSS: Haptic(LOSS, 1.0, 0.3),
}
LEAST_S = {CLAMP: 0.5, LOSS: 0.5}
"""Pulses of these kinds are at least this far apart [s]."""


class Haptics:
    """Collects the pulses between two ticks."""

    def __init__(self) -> None:
        self._waiting: List[str] = []
        self._last_s: Dict[str, float] = {}

    def ask(self, kind: str) -> None:
        """Ask for a pulse of this kind."""
        if kind not in self._waiting:
            self._waiting.append(kind)

    def take(self, now_s: float) -> Tuple[Haptic, ...]:
        """The pulses to give at ``now_s``; those that would come too soon after the last of their kind are dropped."""
        kinds, self._waiting = self._waiting, []
        given = [kind for kind in kinds if now_s - self._last_s.get(kind, -1e9) >= LEAST_S.get(kind, 0.0)]
        self._last_s.update((kind, now_s) for kind in given)
        return tuple(PULSES[kind] for kind in given)
