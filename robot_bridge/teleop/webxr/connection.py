"""One browser that is connected: samples come in, and state, pictures and haptic pulses go out, the newest only."""

import asyncio
import json
import re
import time
from typing import Any, Dict, List

from fastapi import WebSocket, WebSocketDisconnect

from robot_bridge.teleop.sample import ControllerSample
from robot_bridge.teleop.webxr.source import Refused, WebXR
from robot_bridge.teleop.webxr.view import View
from robot_bridge.teleop.wire import WireError
from robot_bridge.web.guard import POLICY_VIOLATION

CLIENT = re.compile(r"[0-9a-f]{16,64}")
"""What pages call themselves."""
PERIOD_S = 1 / 20
"""Between two looks at the view; who takes pictures more slowly gets the newest when ready."""
ALIVE_S = 0.5
"""The page hears something at least this often, and so knows that we live."""
ACKNOWLEDGE = 8
"""Each so many samples one is acknowledged, so that the page knows how long the way is."""
MOST_PER_S = 400
"""Messages; headsets send up to 120."""
MOST_WAITING = 64
"""Messages for a browser that takes none; more are dropped."""


class Connection:
    """A paired browser. ``source`` takes its samples."""

    def __init__(self, socket: WebSocket, client: str, source: WebXR, view: View) -> None:
        self._socket, self._client, self._source, self._view = socket, client, source, view
        self._loop = asyncio.get_running_loop()
        self._urgent: asyncio.Queue[Dict[str, Any]] = asyncio.Queue()
        self._second, self._count = 0, 0

    async def serve(self) -> None:
        """Until either side ends it."""
        ticket = self._source.enter(self._client, self._tell)
        sender = asyncio.ensure_future(self._send())
        why = "the connection to the headset was closed"
        try:
            while True:
                self._hear(ticket, await self._socket.receive_text())
        except (WireError, Refused) as error:
            why = str(error)
            await self._socket.close(POLICY_VIOLATION, why[:120])
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # it has gone, or sent bytes, which no page of ours does
        finally:
            sender.cancel()
            self._source.leave(self._client, ticket, why)

    def _hear(self, ticket: object, text: str) -> None:
        second = int(time.monotonic())
        self._count = self._count + 1 if second == self._second else 1
        self._second = second
        if self._count > MOST_PER_S:
            raise Refused(f"more than {MOST_PER_S} messages a second")
        item = self._source.hear(self._client, ticket, text)
        if isinstance(item, ControllerSample) and item.sequence % ACKNOWLEDGE == 0:
            self._queue({"ack": item.sequence})

    def _tell(self, message: Dict[str, Any]) -> None:
        """From another thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue, message)

    def _queue(self, message: Dict[str, Any]) -> None:
        if self._urgent.qsize() < MOST_WAITING:
            self._urgent.put_nowait(message)

    async def _send(self) -> None:
        """What is urgent at once; state and pictures as they change."""
        shown, shown_s, numbers = "", 0.0, [0] * len(self._view.pictures())
        while True:
            state = json.dumps({"state": self._view.state()})
            if state != shown or self._loop.time() - shown_s > ALIVE_S:
                await self._socket.send_text(state)
                shown, shown_s = state, self._loop.time()
            await self._send_pictures(numbers)
            await self._send_urgent(self._loop.time() + PERIOD_S)

    async def _send_pictures(self, numbers: List[int]) -> None:
        """Those newer than ``numbers``, each behind one byte with the index of its camera."""
        for camera, (number, picture) in enumerate(self._view.pictures()):
            if number != numbers[camera]:
                await self._socket.send_bytes(bytes([camera]) + picture)
                numbers[camera] = number

    async def _send_urgent(self, until_s: float) -> None:
        while True:
            left_s = until_s - self._loop.time()
            if left_s <= 0.0:
                return
            try:
                message = await asyncio.wait_for(self._urgent.get(), left_s)
            except asyncio.TimeoutError:
                return
            await self._socket.send_text(json.dumps(message))
