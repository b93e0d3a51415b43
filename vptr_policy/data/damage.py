"""What of the data turned out damaged while batches were made: each frame or sample named once, and counted."""

import logging
from multiprocessing import context
from multiprocessing.sharedctypes import RawArray
from typing import Any, Dict, List, Optional, Sequence

import numpy as np


class DamageLog:
    """The damaged frames or samples met so far, shared by the processes that make batches; names each once.

    Beyond some 60,000 it cannot tell any more what it has met before, and names and counts that each time. What was met
    is a list of plain numbers for whoever keeps it: first how many had no room, then each of the others.
    """

    SLOTS = 1 << 16
    PROBES = 1 << 6

    def __init__(self) -> None:
        self._seen = RawArray("Q", self.SLOTS + 1)
        """what was met, and at the end how many more"""

    def __getstate__(self) -> Dict[str, Any]:
        """Shared memory can only be handed to a process that is being started; any other copy has a log of its own."""
        return vars(self) if context.get_spawning_popen() is not None else {"_seen": None}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self._seen = state["_seen"] or RawArray("Q", self.SLOTS + 1)

    def __len__(self) -> int:
        return count_met(self.met())

    def met(self) -> List[int]:
        """What was met so far, by this process and those that make its batches, or before by ``resume``."""
        seen = np.frombuffer(self._seen, np.uint64)
        return [int(seen[-1]), *np.sort(seen[:-1][seen[:-1] > 0]).tolist()]

    def resume(self, met: Sequence[int], leads: bool = True) -> None:
        """Go on from what a run has met; of its processes one leads, which alone counts what had no room."""
        fits = [self._take(number) for number in met[1:]]
        self._seen[self.SLOTS] = met[0] + fits.count(None) if leads else 0

    def note(self, place: int, text: str) -> None:
        """Name what is damaged, known by a number of its own, unless that was done before."""
        new = self._take(place + 1)
        if new is None:
            self._seen[self.SLOTS] += 1
        if new is not False:
            logging.getLogger(__name__).warning("left out: %s", text)

    def _take(self, number: int) -> Optional[bool]:
        """Whether a number is new, and is known from now on; None where there is no room to tell."""
        for probe in range(self.PROBES):
            slot = (number - 1 + probe) % self.SLOTS
            if self._seen[slot] == number:
                return False
            if self._seen[slot] == 0:
                self._seen[slot] = number
                return True
        return None


def all_met(parts: Sequence[Sequence[int]]) -> List[int]:
    """What several processes have met together: what two of them have met is one."""
    return [sum(part[0] for part in parts), *sorted({number for part in parts for number in part[1:]})]


def count_met(met: Sequence[int]) -> int:
    """How many were met."""
    return met[0] + len(met) - 1
