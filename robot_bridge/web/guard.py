"""What stands before a page's application: every request is checked, browsers are paired, refusals are words."""

from pathlib import Path
from typing import Awaitable, Callable, Mapping, Sequence

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field

from robot_bridge.web.access import Access, Forbidden

MAX_BODY = 16_384
CONTENT = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
POLICY_VIOLATION = 1008
"""Status of a WebSocket that is closed because of what it did."""


class Pairing(BaseModel):
    """What a browser shows to be paired."""

    token: str = Field(max_length=200)


def guard(app: FastAPI, access: Access, open_paths: Sequence[str], headers: Mapping[str, str], pair_page: Path) -> None:
    """Let nothing but ``open_paths`` and the pairing, whose page is ``pair_page``, be seen by who is not paired.

    ``headers`` are added to each answer.
    """
    app.middleware("http")(_checks(access, ("/pair", *open_paths), headers))

    @app.get("/pair")
    def page() -> FileResponse:
        return FileResponse(pair_page)

    @app.post("/pair")
    def pair(asked: Pairing) -> Response:
        answer = JSONResponse({"paired": True})
        cookie = access.pair(asked.token)
        answer.set_cookie(access.cookie, cookie, httponly=True, samesite="strict", path="/", secure=access.secure)
        return answer

    @app.exception_handler(Forbidden)
    async def forbidden(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403)

    @app.exception_handler(RequestValidationError)
    async def misunderstood(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        told = "; ".join("{}: {}".format(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors())
        return JSONResponse({"detail": told.encode("utf-8", "replace").decode()}, 422)

    @app.exception_handler(RuntimeError)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 502)


async def admitted(socket: WebSocket, access: Access) -> bool:
    """Accept a WebSocket of a paired page of ours; any other is told why not, and closed."""
    await socket.accept()  # a reason can be told to who is connected only
    try:
        access.check_host(socket.headers.get("host"))
        access.check_origin(socket.headers.get("origin"), socket.headers.get("host"))
        access.check_paired(socket.cookies)
    except Forbidden as error:
        await socket.close(POLICY_VIOLATION, str(error)[:120])
        return False
    return True


def _checks(
    access: Access, open_paths: Sequence[str], headers: Mapping[str, str]
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """Check each request before anything reads it."""

    async def check(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            access.check_host(request.headers.get("host"))
            if request.method not in ("GET", "HEAD"):
                access.check_origin(request.headers.get("origin"), request.headers.get("host"))
                length = request.headers.get("content-length", "")
                if not length.isdigit() or int(length) > MAX_BODY:
                    return JSONResponse(
                        {"detail": f"a body of at most {MAX_BODY} bytes, with its length, is expected"}, 413
                    )
            if request.url.path not in open_paths:
                access.check_paired(request.cookies)
        except Forbidden as error:
            return JSONResponse({"detail": str(error)}, 403)
        response = await go_on(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    return check
