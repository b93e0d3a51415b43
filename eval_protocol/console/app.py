"""The operator's page: FastAPI over a desk. State and pictures go out, and answers come in, by one WebSocket."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any, Dict, Optional

from fastapi import FastAPI, HTTPException, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import ValidationError

from eval_protocol.console.control import Control, Refused
from eval_protocol.console.desk import Answer, Desk
from eval_protocol.console.progress import NAME
from eval_protocol.console.review import Correction, Rating, correct, described, rated, to_rate
from eval_protocol.session import STARTS
from eval_protocol.store import StoreError
from robot_bridge.share import share_path
from robot_bridge.web import guard as guards
from robot_bridge.web.access import Access

FOLDERS = ("videos", STARTS)
"""Of a session, that the page may see."""
PERIOD_S = 1 / 20
"""Between two looks at the desk; a browser that takes pictures more slowly gets the newest when it is ready."""
HEADERS = {**guards.HEADERS, "Content-Security-Policy": guards.CONTENT + "; connect-src 'self' http: ws:"}
"""The page also asks the stop node, on another port."""
OPEN = ("/static/pair.js", "/static/console.css")


def make_app(desk: Desk, access: Access, control: Control, stop: Optional[Dict[str, Any]] = None) -> FastAPI:
    """The console's application.

    Args:
        desk: what is shown and told.
        access: who may.
        control: who drives.
        stop: ``port`` and ``token`` of the process that stops the robot when this one hangs; None: there is none.
    """
    app = FastAPI(title="vptr console", docs_url=None, redoc_url=None, openapi_url=None)
    pages = share_path("pages")
    guards.guard(app, access, OPEN, HEADERS, pages / "pair.html")
    app.mount("/static", StaticFiles(directory=str(pages)), name="static")

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(pages / ("console.html" if desk.live else "review.html"))

    @app.get("/session/{kind}/{name}")
    def recorded(kind: str, name: str) -> FileResponse:
        folder = desk.folder()
        if folder is None or kind not in FOLDERS or not NAME.fullmatch(name) or not (folder / kind / name).is_file():
            raise HTTPException(404, "the session has no such file")
        return FileResponse(folder / kind / name)

    @app.post("/stop")
    def stop_now() -> Dict[str, str]:
        return {"said": desk.stop("the console")}

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        if await guards.admitted(socket, access):
            await _Connection(socket, desk, control, stop).serve()

    @app.exception_handler(StoreError)
    async def not_taken(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 409)

    _add_review(app, desk, pages)
    return app


def _add_review(app: FastAPI, desk: Desk, pages: Path) -> None:
    """Past trials, their corrections, and the second rater."""

    @app.get("/review")
    def review_page() -> FileResponse:
        return FileResponse(pages / "review.html")

    @app.get("/review/attempts")
    def attempts() -> Dict[str, Any]:
        return {**described(_file(desk)), "live": desk.live}

    @app.post("/review/labels")
    def label(given: Correction) -> Dict[str, Any]:
        correct(_file(desk), given)
        return {**described(_file(desk)), "live": desk.live}

    @app.get("/rate")
    def rate_page() -> FileResponse:
        return FileResponse(pages / "rate.html")

    @app.get("/rate/next")
    def next_to_rate(rater: str = Query(max_length=40)) -> Dict[str, Any]:
        return to_rate(_file(desk), rater)

    @app.post("/rate/labels")
    def rate_one(given: Rating) -> Dict[str, Any]:
        rated(_file(desk), given)
        return to_rate(_file(desk), given.rater)


def _file(desk: Desk) -> Path:
    folder = desk.folder()
    if folder is None:
        raise HTTPException(404, "there is no session yet")
    return folder / "session.sqlite"


class _Connection:
    """One browser."""

    def __init__(self, socket: WebSocket, desk: Desk, control: Control, stop: Optional[Dict[str, Any]]) -> None:
        self._socket, self._desk, self._control, self._stop = socket, desk, control, stop
        self._id = secrets.token_hex(8)

    async def serve(self) -> None:
        """Show until the browser goes."""
        self._control.join(self._id, "operator")
        sender = asyncio.ensure_future(self._send())
        try:
            while True:
                await self._hear(await self._socket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # it has gone, or sent bytes, which nothing here does
        finally:
            sender.cancel()
            self._control.leave(self._id)

    async def _send(self) -> None:
        shown, number = "", 0
        if self._stop is not None:
            await self._tell({"stop": self._stop})
        while True:
            state = json.dumps({"state": self._desk.state(), "control": self._control.described(self._id)})
            if state != shown:
                await self._socket.send_text(state)
                shown = state
            newest, picture = self._desk.picture()
            if newest != number:
                await self._socket.send_bytes(picture)
                number = newest
            await asyncio.sleep(PERIOD_S)

    async def _hear(self, text: str) -> None:
        try:
            said = json.loads(text)
            what = said.pop("do")
            await asyncio.get_running_loop().run_in_executor(None, self._do, what, said)
        except (Refused, RuntimeError) as error:
            await self._tell({"refused": str(error)})
        except ValidationError as error:
            await self._tell({"refused": "; ".join(f"{e['loc']}: {e['msg']}" for e in error.errors())})
        except (ValueError, AttributeError, KeyError, TypeError):
            await self._tell({"refused": "not understood: load the page again"})

    def _do(self, what: str, said: Dict[str, Any]) -> None:
        self._control.hear(self._id)
        if what == "answer":
            self._desk.answer(Answer(**said), self._control.require(self._id))
        elif what == "name":
            self._control.rename(self._id, str(said["name"])[:40])
        elif what == "ask":
            self._control.ask(self._id)
        elif what == "hand_over":
            self._control.hand_over(self._id, str(said["to"]))
        elif what == "stop":
            self._desk.stop(self._control.name(self._id))
        elif what != "here":
            raise ValueError(what)

    async def _tell(self, value: Dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps(value))
