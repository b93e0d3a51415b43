"""Who may talk to the server: those with the token, and without one only programs on this machine, no web pages."""

import hmac
from typing import Dict, Mapping, Optional
from urllib.parse import SplitResult, urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from vptr_policy.server.listening import is_loopback
from vptr_policy.server.refusal import Refusal

OPEN = ("/healthz", "/docs", "/openapi.json")
"""Paths that tell nothing about the policy."""
SCHEMES = ("bearer", "api-key")
"""What may stand before the token; the second is openpi's."""


class Access:
    """An ASGI application around another one, which is reached only by who may."""

    def __init__(self, app: ASGIApp, token: Optional[str] = None) -> None:
        """``token`` None: the server is bound to the loopback interface."""
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        refusal = self._refusal(scope["path"], headers)
        if refusal is None:
            return await self._app(scope, receive, send)
        answer = refusal.response(_challenge(refusal))
        if scope["type"] == "http":
            return await answer(scope, receive, send)
        websocket = WebSocket(scope, receive, send)
        await websocket.receive()
        return await websocket.send_denial_response(answer)

    def _refusal(self, path: str, headers: Mapping[str, str]) -> Optional[Refusal]:
        host = _split("//" + headers.get("host", ""))
        if "origin" in headers and not _same(_split(headers["origin"]), host):
            return Refusal(403, "a web page of another origin may not use this server")
        if self._token is None:
            local = is_loopback(host.hostname or "")
            return None if local else Refusal(403, "without a token the Host must be this machine's, as localhost is")
        if path in OPEN or _has_token(headers.get("authorization", ""), self._token):
            return None
        return Refusal(401, "expected the header 'Authorization: Bearer TOKEN', with the token of this server")


def _has_token(header: str, token: str) -> bool:
    scheme, _, given = header.partition(" ")
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    return same and scheme.lower() in SCHEMES


def _split(address: str) -> SplitResult:
    """An address in its parts, all empty where it is none, as in ``http://[``."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _same(origin: SplitResult, host: SplitResult) -> bool:
    return bool(host.netloc) and origin.netloc.lower() == host.netloc.lower()


def _challenge(refusal: Refusal) -> Dict[str, str]:
    return {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
