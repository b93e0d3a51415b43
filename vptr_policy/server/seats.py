"""Places for websockets: no more than are served well, and who has long been silent gives his to who comes."""

import contextlib
import time
from dataclasses import dataclass
from typing import Callable, Iterator, Optional, Set

from vptr_policy.server.refusal import busy


@dataclass(eq=False)
class Seat:
    """One websocket's place."""

    dismiss: Callable[[], None]
    """Closes the websocket; the place has been given away by then."""
    idle_since: Optional[float]
    """When the last message was answered, None while one is being answered."""


class Seats:
    """So many places; none is kept by a client that asks for nothing while another one waits for it."""

    def __init__(self, count: int, idle_s: float) -> None:
        """``idle_s``: the silence after which a place may be taken from its client."""
        self._count = count
        self._idle_s = idle_s
        self._taken: Set[Seat] = set()

    def __len__(self) -> int:
        return len(self._taken)

    @contextlib.contextmanager
    def take(self, dismiss: Callable[[], None]) -> Iterator[Seat]:
        """A place for as long as its client stays, or is let stay; raises Refusal where all are in use."""
        if len(self._taken) >= self._count:
            self._free_one()
        seat = Seat(dismiss, time.monotonic())
        self._taken.add(seat)
        try:
            yield seat
        finally:
            self._taken.discard(seat)

    def _free_one(self) -> None:
        idle = [(seat.idle_since, seat) for seat in self._taken if seat.idle_since is not None]
        since, longest = min(idle, key=lambda entry: entry[0], default=(time.monotonic(), None))
        if longest is None or time.monotonic() - since < self._idle_s:
            raise busy(self._count, "websockets are in use")
        self._taken.discard(longest)
        longest.dismiss()


@contextlib.contextmanager
def at_work(seat: Seat) -> Iterator[None]:
    """Around one message, until it is answered."""
    seat.idle_since = None
    try:
        yield
    finally:
        seat.idle_since = time.monotonic()
