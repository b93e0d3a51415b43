"""What the page draws of the episode that runs: the policy's values and actions over time."""

import math
import threading
from typing import Any, Dict, List, Sequence

_LIMITS = (0.05, 0.05, 0.05, 0.25, 0.25, 0.25)
"""What a step may move [m, rad]."""


class Trace:
    """The steps of the newest episode; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._episode = ""
        self._times: List[float] = []
        self._values: List[Any] = []
        self._actions: List[List[float]] = []

    def hear(self, episode: str, elapsed_s: float, value: float, action: Sequence[float]) -> None:
        """A step: the value of what was seen (NaN: none), and the Bridge action, of seven numbers."""
        with self._lock:
            if episode != self._episode:
                self._episode, self._times, self._values, self._actions = episode, [], [], []
            self._times.append(round(elapsed_s, 2))
            self._values.append(round(value, 3) if math.isfinite(value) else None)
            self._actions.append([round(share, 3) for share in _shares(action)])

    def shown(self, limit_s: float, blind: bool) -> Dict[str, Any]:
        """Plain data for the page. In a blind study no values: only some policies tell any, and one would know them."""
        with self._lock:
            return {
                "id": self._episode,
                "limit_s": limit_s or 60.0,
                "blind": blind,
                "times": list(self._times),
                "values": [None] * len(self._times) if blind else list(self._values),
                "actions": list(self._actions),
            }


def _shares(action: Sequence[float]) -> List[float]:
    """A Bridge action as shares of what a step may move, the gripper from -1 to 1."""
    return [*(float(value) / limit for value, limit in zip(action[:6], _LIMITS)), 2.0 * float(action[6]) - 1.0]
