"""The websocket protocol of openpi: metadata first, then one answer for each observation, in msgpack.

An error is a text frame, after which the server closes, as openpi's does; but it says in one line what was wrong. A
connection has a task of its own: the one named last by ``instruction`` or ``prompt``, or by the message
{"reset": task}, which is not openpi's and is answered by {"task": name}.
"""

import logging
import time
from typing import Any, Dict, Optional

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from vptr_policy.server.observation import LONGEST_TASK, read_request
from vptr_policy.server.refusal import Refusal
from vptr_policy.server.service import Service, action_rows
from vptr_policy.wire import WireError, kind, pack, unpack

BAD_MESSAGE, INTERNAL, LEAVING = 1008, 1011, 1012
RESET = "reset"
LOG = logging.getLogger(__name__)


async def serve(websocket: WebSocket, service: Service) -> None:
    """Serve one connection to its end."""
    try:
        with service.socket():
            await websocket.accept()
            await websocket.send_bytes(pack(service.metadata()))
            await _Connection(websocket, service).run()
    except Refusal as refusal:
        answer = JSONResponse({"detail": refusal.detail}, refusal.status, headers=refusal.headers)
        await websocket.send_denial_response(answer)
    except WebSocketDisconnect:
        return


class _Connection:
    """One client and the task it named last."""

    def __init__(self, websocket: WebSocket, service: Service) -> None:
        self._websocket = websocket
        self._service = service
        self._task: Optional[str] = None
        self._total_s: Optional[float] = None

    async def run(self) -> None:
        """Answer messages until one is wrong or the client leaves."""
        while True:
            frame = await self._websocket.receive()
            if frame["type"] == "websocket.disconnect":
                return None
            began = time.perf_counter()
            try:
                with self._service.answering():
                    await self._websocket.send_bytes(await self._answer(frame.get("bytes")))
            except WireError as error:
                return await self._refuse(str(error), BAD_MESSAGE)
            except Refusal as refusal:
                return await self._refuse(refusal.detail, LEAVING if self._service.stopping else INTERNAL)
            except WebSocketDisconnect:
                return None
            except Exception:
                LOG.exception("a websocket's message")
                return await self._refuse("internal error: the server's log tells more", INTERNAL)
            self._total_s = time.perf_counter() - began

    async def _answer(self, data: Optional[bytes]) -> bytes:
        if data is None:
            raise WireError("a text frame came, expected a binary one with msgpack")
        return await self._service.worker.run(lambda: self._job(data))

    def _job(self, data: bytes) -> bytes:
        """Decode, act and encode; on the policy's thread."""
        message = unpack(data)
        if RESET in message:
            return pack(self._reset(message))
        asked = read_request(message, self._service.limits.require_state)
        words = self._task if asked.task is None else asked.task
        if words is None:
            raise WireError("no task was named: send 'prompt' (or 'instruction') with the observation")
        self._service.count_stateless(asked.stateless)
        answer = self._service.worker.act(asked.observation, words)
        self._task = answer.task
        timing = {"infer_ms": answer.seconds * 1e3}
        if self._total_s is not None:
            timing["prev_total_ms"] = self._total_s * 1e3
        rows = action_rows(answer.action.vector)
        return pack({"actions": rows, "server_timing": timing, "task": answer.task, "info": answer.action.info})

    def _reset(self, message: Dict[str, Any]) -> Dict[str, Any]:
        words = message[RESET]
        if not isinstance(words, str) or len(words) > LONGEST_TASK:
            raise WireError(f"{RESET} is {kind(words)}, expected the task, a text of at most {LONGEST_TASK} characters")
        self._task = self._service.worker.check_task(words)
        return {"task": self._task}

    async def _refuse(self, text: str, code: int) -> None:
        try:
            await self._websocket.send_text(text)
            await self._websocket.close(code, "the text frame before says why")
        except (RuntimeError, WebSocketDisconnect):  # the client has gone
            return
