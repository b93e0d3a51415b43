"""Between the thread that a source reads in and the loop that drives the arm."""

import threading
from collections import deque
from typing import Deque, List

from robot_bridge.teleop.sample import Input

MOST = 720
"""Ten seconds of a Quest: a loop that is further behind gets the newest."""


class Inbox:
    """A queue that never blocks who fills it."""

    def __init__(self) -> None:
        self._items: Deque[Input] = deque(maxlen=MOST)
        self._arrived = threading.Condition()

    def put(self, item: Input) -> None:
        """Add a sample or notice."""
        with self._arrived:
            self._items.append(item)
            self._arrived.notify()

    def take(self, timeout_s: float) -> List[Input]:
        """All there is, oldest first, waiting up to ``timeout_s`` for the first."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._items) > 0, timeout_s)
            items = list(self._items)
            self._items.clear()
            return items
