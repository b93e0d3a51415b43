"""HTTP connections whose next request's head must arrive in time: uvicorn itself waits for ever."""

import asyncio
from typing import Any, Optional

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
_ANSWER = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b"
)


class Connection(H11Protocol):
    """HTTP/1.1 with a time-out from the first byte of a request's head, or from the connection, to its last."""

    _timer: Optional[asyncio.TimerHandle] = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on until the head is whole; a body that is no longer wanted is a head that does not come."""
        if not self._busy():
            self._wait()
        super().data_received(data)
        if self._busy() or self.transport.get_protocol() is not self:
            self._stop_waiting()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            text = b'{"detail": "no whole request head within %d s"}' % HEAD_S
            self.transport.write(_ANSWER % (len(text), text))
            self.transport.close()
