"""Serving until a signal: uvicorn's settings, and an end that leaves nobody without an answer."""

import asyncio
import signal
import socket
from typing import Any, Callable, List, Optional

import uvicorn

from robot_bridge.web.connection import Connection
from vptr_policy.server.app import make_app
from vptr_policy.server.service import Service

KEEP_ALIVE_S = 120
GRACE_S = 5
"""How long what is left may take to end, after the answers in flight have been sent."""


def serve(service: Service, listening: socket.socket, token: Optional[str], ready: Callable[[], Any]) -> None:
    """Serve until SIGINT or SIGTERM, then answer what is in flight and return; ``ready`` is called once."""
    config = uvicorn.Config(
        make_app(service, token),
        http=Connection,
        ws_max_size=service.limits.body_bytes,
        ws_per_message_deflate=False,
        loop="asyncio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    # uvicorn raises the signal again when it has ended: it has done its work by then
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _Server(config, service, ready).run([listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        service.worker.close()


class _Server(uvicorn.Server):
    """uvicorn, which says when it is ready, and at its end closes no websocket that waits for an answer."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], Any]) -> None:
        super().__init__(config)
        self._service = service
        self._ready = ready

    async def startup(self, sockets: Optional[List[socket.socket]] = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: Optional[List[socket.socket]] = None) -> None:
        """Refuse what comes, wait for the answers in flight, close."""
        self._service.stopping = True
        deadline = asyncio.get_running_loop().time() + self._service.limits.timeout_s
        while not self._service.idle and asyncio.get_running_loop().time() < deadline and not self.force_exit:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets=sockets)
