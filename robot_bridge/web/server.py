"""A page's web server in a thread, and the address to open as text and QR code."""

import io
import threading
import time
from pathlib import Path
from typing import Any, List, Optional, Tuple

from fastapi import FastAPI

from robot_bridge.web.access import Access, is_loopback

START_S = 10.0
MAX_MESSAGE = 16_384
"""Bytes of a WebSocket message from a browser."""
MOST_CONNECTIONS = 512
"""Such as say nothing are closed after some seconds; many more than browsers need, so that they are in nobody's way."""


class WebServer:
    """Serves an application until closed; ``close`` ends its connections.

    Args:
        app: what is served.
        host: address to listen on.
        port: to listen on.
        certificate: chain and private key for TLS (PEM); None: plain HTTP.
    """

    def __init__(self, app: FastAPI, host: str, port: int, certificate: Optional[Tuple[Path, Path]] = None) -> None:
        import uvicorn

        from robot_bridge.web.connection import Connection

        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=Connection,
            log_level="warning",
            access_log=False,
            ws_max_size=MAX_MESSAGE,
            ws_ping_interval=5.0,
            ws_ping_timeout=5.0,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=2,
            limit_concurrency=MOST_CONNECTIONS,
            server_header=False,
            ssl_certfile=certificate and str(certificate[0]),
            ssl_keyfile=certificate and str(certificate[1]),
        )
        self._server: Any = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="web server", daemon=True)

    def start(self) -> None:
        """Serve; raises OSError where the port cannot be had."""
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                config = self._server.config
                raise OSError(f"cannot listen on {config.host}:{config.port}: is another server running there?")
            time.sleep(0.01)

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join(5.0)


def announcement(access: Access) -> List[str]:
    """What the terminal shows: the address, and beyond this machine a QR code for a tablet's camera."""
    lines = [f"{access.service}: {access.url()}"]
    if not is_loopback(access.host):
        import segno

        drawn = io.StringIO()
        segno.make(access.url(), error="m").terminal(out=drawn, compact=True)
        lines += drawn.getvalue().splitlines()
    return lines
