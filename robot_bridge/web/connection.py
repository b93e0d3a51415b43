"""HTTP connections that may wait, but not for ever: uvicorn itself lets idle ones keep others out.

A request's head must arrive in time, an answer must be taken in time, and where many connections wait for their next
request, those that have waited longest are closed. So no connection is refused for others that ask for nothing; how
many requests are in work at a time is the service's to say.
"""

import asyncio
from typing import Any, Optional

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""For a request's head to arrive, and for an answer to be taken."""
MOST_WAITING = 256
"""Connections between two requests, or before the first."""
_ANSWER = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b"
)


class Connection(H11Protocol):
    """HTTP/1.1 with a time-out from the first byte of a request's head, or from the connection, to its last."""

    _timer: Optional[asyncio.TimerHandle] = None
    _stalled: Optional[asyncio.TimerHandle] = None
    _waiting_since: float = 0.0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait, in the place of whoever has waited longest where too many do."""
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._make_room()
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on until the head is whole; a body that is no longer wanted is a head that does not come."""
        if not self._busy():
            self._wait()
        super().data_received(data)
        if self._busy() or self.transport.get_protocol() is not self:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._waiting_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Give up who takes no answers."""
        super().pause_writing()
        self._stalled = self.loop.call_later(HEAD_S, self._hang_up)

    def resume_writing(self) -> None:
        """The answers are taken after all."""
        self._stop_stalling()
        super().resume_writing()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._stop_stalling()
        super().connection_lost(exc)

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _make_room(self) -> None:
        """Close the connections that have waited longest; what closes already may hang on an answer nobody takes."""
        waiting = [
            (getattr(other, "_waiting_since", 0.0), other.transport)
            for other in self.connections
            if other.transport.is_closing() or (isinstance(other, Connection) and not other._busy())
        ]
        excess = len(waiting) - MOST_WAITING
        if excess > 0:
            for _, transport in sorted(waiting, key=lambda entry: entry[0])[:excess]:
                transport.abort()

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_stalling(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _hang_up(self) -> None:
        self._stalled = None
        if self.transport.get_protocol() is self:
            self.transport.abort()

    def _give_up(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            text = b'{"detail": "no whole request head within %d s"}' % HEAD_S
            self.transport.write(_ANSWER % (len(text), text))
            self.transport.close()
