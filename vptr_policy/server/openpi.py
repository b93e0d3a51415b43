"""The websocket protocol of openpi: metadata first, then one answer for each observation, in msgpack.

An error is a text frame, after which the server closes, as openpi's does; but it says in one line what was wrong. A
connection has a task of its own: the one named last by ``instruction`` or ``prompt``, or by the message
{"reset": task}, which is not openpi's and is answered by {"task": name}.
"""

import asyncio
import logging
import time
from typing import Any, Dict, Optional

from starlette.websockets import WebSocket, WebSocketDisconnect

from vptr_policy.server.observation import LONGEST_TASK, read_request
from vptr_policy.server.refusal import Refusal
from vptr_policy.server.seats import Seat
from vptr_policy.server.service import Service, action_rows
from vptr_policy.wire import WireError, kind, pack, unpack

BAD_MESSAGE, INTERNAL, LEAVING, TRY_AGAIN = 1008, 1011, 1012, 1013
LONGEST_REASON = 123
"""Bytes that fit into a close frame."""
RESET = "reset"
LOG = logging.getLogger(__name__)


async def serve(websocket: WebSocket, service: Service) -> None:
    """Serve one connection to its end."""
    connection = _Connection(websocket, service)
    try:
        with service.socket(connection.dismiss) as seat:
            await websocket.accept()
            await websocket.send_bytes(pack(service.metadata()))
            await connection.run(seat)
    except Refusal as refusal:
        await websocket.send_denial_response(refusal.response())
    except WebSocketDisconnect:
        return


class _Connection:
    """One client and the task it named last."""

    def __init__(self, websocket: WebSocket, service: Service) -> None:
        self._websocket = websocket
        self._service = service
        self._task: Optional[str] = None
        self._total_s: Optional[float] = None
        self._dismissal: Optional[asyncio.Future[None]] = None

    def dismiss(self) -> None:
        """Close, for another client needs the place more."""
        idle_s = self._service.limits.idle_s
        text = f"nothing came for {idle_s:g} s and another client needs the place: connect again when you need it"
        self._dismissal = asyncio.ensure_future(self._refuse(text, TRY_AGAIN))

    async def run(self, seat: Seat) -> None:
        """Answer messages until one is wrong, the client leaves or is dismissed."""
        while True:
            frame = await self._websocket.receive()
            if self._dismissal is not None:
                return await self._dismissal
            if frame["type"] == "websocket.disconnect":
                return None
            began = time.perf_counter()
            try:
                with self._service.answering(seat):
                    await self._send(await self._answer(frame.get("bytes")))
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

    async def _send(self, answer: bytes) -> None:
        """Send, to a client that takes its answers; a place is not kept by one that does not."""
        timeout_s = self._service.limits.timeout_s
        try:
            await asyncio.wait_for(self._websocket.send_bytes(answer), timeout_s)
        except asyncio.TimeoutError:
            raise WebSocketDisconnect(INTERNAL, f"no answer was taken for {timeout_s:g} s") from None

    async def _refuse(self, text: str, code: int) -> None:
        reason = text if len(text.encode()) <= LONGEST_REASON else "the text frame before says why"
        try:
            await self._websocket.send_text(text)
            await self._websocket.close(code, reason)
        except (RuntimeError, WebSocketDisconnect):  # the client has gone
            return
