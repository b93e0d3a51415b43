"""The teleoperation page: FastAPI over a view and a source of samples."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Union

from fastapi import FastAPI, HTTPException, Query, Request, WebSocket
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field

from robot_bridge.recording.words import WORDS
from robot_bridge.share import share_path
from robot_bridge.teleop.webxr.connection import CLIENT, Connection
from robot_bridge.teleop.webxr.source import WebXR
from robot_bridge.teleop.webxr.view import View
from robot_bridge.web.access import Access, Forbidden
from robot_bridge.web.guard import HEADERS, POLICY_VIOLATION, admitted, guard

OPEN = ("/", "/static/pair.js", "/static/console.css")
MOST_PAGES = 8
"""That are connected at the same time: one drives, the others watch."""


class Home(BaseModel):
    """What a page knew when it asked for home: one of two requests may overtake the other."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stops: int = Field(ge=0)
    """STOPs that the page had been told of"""


def make_app(view: View, access: Access, source: WebXR) -> FastAPI:
    """The application of a page that shows ``view`` and whose samples go to ``source``, for whom ``access`` admits."""
    app = FastAPI(title="vptr teleop", docs_url=None, redoc_url=None, openapi_url=None)
    pages = share_path("pages")
    guard(app, access, OPEN, HEADERS, pages / "pair.html")
    app.mount("/static", StaticFiles(directory=str(pages)), name="static")
    connected: Dict[str, WebSocket] = {}
    stopping = ThreadPoolExecutor(4, "stop")  # of its own: no other request can hold a STOP up
    recording = threading.Semaphore(2)

    @app.get("/", response_model=None)
    def page(request: Request) -> Union[FileResponse, RedirectResponse]:
        try:
            access.check_paired(request.cookies)
        except Forbidden:
            return RedirectResponse("/pair", 303)
        return FileResponse(pages / "teleop.html")

    @app.post("/stop")
    async def stop() -> Dict[str, str]:
        return {"said": await asyncio.get_running_loop().run_in_executor(stopping, view.stop)}

    @app.post("/home")
    def home(asked: Home) -> Dict[str, str]:
        view.home(asked.stops)
        return {"said": "the arm is armed and goes home"}

    @app.post("/record/{word}")
    def record(word: str) -> Dict[str, str]:
        if word not in WORDS:
            raise HTTPException(404, "expected /record/ and one of {}".format(", ".join(WORDS)))
        if not recording.acquire(blocking=False):
            raise HTTPException(409, "the recorder is busy with what it was asked last: wait for its answer")
        try:
            return {"said": view.record(word)}
        finally:
            recording.release()

    @app.websocket("/live")
    async def live(socket: WebSocket, page: str = Query(default="", max_length=100)) -> None:
        if not await admitted(socket, access):
            return
        if not CLIENT.fullmatch(page) or len({*connected, page}) > MOST_PAGES:
            told = "too many pages are open: close some" if CLIENT.fullmatch(page) else "load the page again"
            await socket.close(POLICY_VIOLATION, told)
            return
        connected[page] = socket  # where the page's old connection is not known to be dead yet, this one counts
        try:
            await Connection(socket, page, source, view).serve()
        finally:
            if connected.get(page) is socket:
                del connected[page]

    return app
