"""The FastAPI application: POST /act and /reset, GET /health, openpi's websocket at /."""

import re
from typing import Any, Dict, Optional

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from vptr_policy.server import json_arrays, openpi
from vptr_policy.server.access import Access
from vptr_policy.server.body import read_body
from vptr_policy.server.documents import ARRAY, ENCODED, OBSERVATION, answers, body, page
from vptr_policy.server.observation import read_request, read_task
from vptr_policy.server.refusal import Refusal, bad_request
from vptr_policy.server.service import Service
from vptr_policy.wire import WireError

INSTRUCTION = {"type": "object", "properties": {"instruction": {"type": ["string", "null"], "maxLength": 1000}}}
STATUS = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}
ACTION = {"anyOf": [ARRAY, {"type": "string", "description": "the array as a JSON text, for an encoded request"}]}
TITLE = "vptr policy server"
ABOUT = """Actions of a robot policy for one picture at a time, in the conventions of BridgeData (metres and radians per
0.2 s step, gripper opening 0..1).

Two protocols on one port: json_numpy over POST /act, as OpenVLA's and AutoEval's clients speak it, and openpi's msgpack
over a websocket at /. HTTP keeps nothing between requests: each tells its task. A websocket keeps its own task.
"""
WITH_TOKEN = "Every request but /healthz, /docs and /openapi.json needs the header 'Authorization: Bearer TOKEN'."
WITHOUT_TOKEN = "This server listens on the loopback interface only and asks for no token."


def make_app(service: Service, token: Optional[str] = None) -> FastAPI:
    """The application over a policy; ``token`` is asked of everybody where there is one."""
    app = FastAPI(title=TITLE, openapi_url=None, docs_url=None, redoc_url=None)
    _add_http(app, service)
    _add_documents(app, token is not None)
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(Exception, _on_error)
    app.add_middleware(Access, token=token)

    @app.websocket("/")
    async def infer(websocket: WebSocket) -> None:
        await openpi.serve(websocket, service)

    return app


def _add_http(app: FastAPI, service: Service) -> None:
    refusals = (400, 401, 403, 408, 413, 503, 504)

    @app.post("/act", openapi_extra=body(OBSERVATION, ENCODED), responses=answers("the action (7,)", ACTION, *refusals))
    async def act(request: Request) -> Response:
        """The action for a picture. The header X-Task of the answer tells how the instruction was understood."""
        with service.request():
            content = await read_body(request, service.limits.body_bytes, service.limits.body_s)
            return await _run(service, lambda: _act(service, content))

    @app.post(
        "/reset",
        openapi_extra=body(INSTRUCTION, required=False),
        responses=answers("the task is known", STATUS, *refusals),
    )
    async def reset(request: Request) -> Response:
        """Begin an episode. HTTP keeps nothing between requests: this only checks the instruction, if one comes."""
        with service.request():
            content = await read_body(request, service.limits.body_bytes, service.limits.body_s)
            return await _run(service, lambda: _reset(service, content))

    @app.get("/health", responses=answers("who serves, and how quickly", STATUS, 401, 403, 503))
    async def health() -> Response:
        """The policy, its backend, and the median and 99th percentile of the newest actions' latencies."""
        told = service.health()
        return JSONResponse(told, 200 if told["status"] == "healthy" else 503)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return PlainTextResponse("OK\n")


async def _run(service: Service, job: Any) -> Response:
    try:
        return await service.worker.run(job)
    except WireError as error:
        raise bad_request(error) from error


def _act(service: Service, content: bytes) -> Response:
    message, doubly = json_arrays.loads(content)
    asked = read_request(message, service.limits.require_state)
    if asked.task is None:
        raise WireError("no instruction came: send 'instruction', a task's name or words that name it")
    service.count_stateless(asked.stateless)
    answer = service.worker.act(asked.observation, asked.task)
    headers = {"X-Task": re.sub("[^ -~]", "?", answer.task), "X-Infer-Ms": f"{answer.seconds * 1e3:.2f}"}
    if asked.stateless:
        headers["X-State"] = "neutral"
    return Response(json_arrays.dumps(answer.action.vector, doubly), 200, headers, "application/json")


def _reset(service: Service, content: bytes) -> Response:
    task = read_task(json_arrays.loads(content)[0]) if content else None
    told = {"status": "reset successful"}
    if task is not None:
        told["task"] = service.worker.check_task(task)
    return JSONResponse(told)


def _add_documents(app: FastAPI, with_token: bool) -> None:
    about = ABOUT + "\n" + (WITH_TOKEN if with_token else WITHOUT_TOKEN)
    document: Dict[str, Any] = get_openapi(title=TITLE, version="1", description=about, routes=app.routes)
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    if with_token:
        document.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(document)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(page(document))


async def _on_refusal(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return refusal.response()


async def _on_error(_: Request, __: Exception) -> Response:
    return JSONResponse({"detail": "internal error: the server's log tells more"}, 500)
