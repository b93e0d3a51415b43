"""The page in the headset as a source: one page drives, and a second one that tries opens the clutch."""

import threading
import time
from typing import Any, Callable, Dict, List, Tuple

from robot_bridge.teleop import wire
from robot_bridge.teleop.haptics import Haptic
from robot_bridge.teleop.inbox import Inbox
from robot_bridge.teleop.sample import ControllerSample, Input, Notice
from robot_bridge.teleop.watchdog import CLIENT_LEFT_S

Tell = Callable[[Dict[str, Any]], None]
"""Sends a page a message, from any thread, without waiting."""
SILENT_S = 1.0
"""A headset from which nothing came for so long is worth a word [s]."""


class Refused(RuntimeError):
    """A page that must not go on; says why and what to do."""


class WebXR:
    """A Source filled by the pages that are open. The first that sends a sample drives, until it is silent for 1 s.

    A page names itself (``client``); where its connection was lost and it opens a new one, the new one counts. All
    methods may be called from any thread. ``elsewhere`` says where samples come from when not from here: then pages
    watch, and one that sends samples is refused.
    """

    def __init__(self, elsewhere: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._elsewhere = elsewhere
        self._clock, self._inbox, self._lock = clock, Inbox(), threading.Lock()
        self._pages: Dict[str, Tuple[object, Tell]] = {}
        self._driver = ""
        self._heard_s = float("-inf")

    @property
    def driver(self) -> str:
        """The page that drives, or drove last; empty where none ever did."""
        return self._driver

    def enter(self, client: str, tell: Tell) -> object:
        """A page has connected; returns the ticket of this connection."""
        ticket = object()
        with self._lock:
            self._pages[client] = (ticket, tell)
        return ticket

    def leave(self, client: str, ticket: object, why: str) -> None:
        """A connection has ended."""
        with self._lock:
            if self._pages.get(client, (None,))[0] is not ticket:
                return
            del self._pages[client]
            if client == self._driver:
                self._inbox.put(Notice("closed", why, self._clock(), client))

    def hear(self, client: str, ticket: object, text: str) -> Input:
        """Take in a message; raises WireError where it is none of ours, Refused where the page must not go on.

        What a page that only watches says is not passed on, but a second one that sends samples is for the watchdog.
        """
        now_s = self._clock()
        item = wire.decode(text, now_s, client)
        with self._lock:
            if self._pages.get(client, (None,))[0] is not ticket:
                raise Refused("this page has opened another connection")
            if isinstance(item, ControllerSample):
                self._sit(client, item, now_s)
            elif client != self._driver:
                return item
            self._inbox.put(item)
        return item

    def read(self, timeout_s: float) -> List[Input]:
        """All that came since the last call, waiting up to ``timeout_s`` for the first."""
        return self._inbox.take(timeout_s)

    def pulse(self, haptic: Haptic) -> None:
        """Let the driving hand feel it."""
        with self._lock:
            page = self._pages.get(self._driver)
        if page is not None:
            tell = page[1]
            tell({"haptic": {"kind": haptic.kind, "strength": haptic.strength, "duration_s": haptic.duration_s}})

    def problem(self) -> str:
        """Why no samples come; empty while they do."""
        with self._lock:
            if self._clock() - self._heard_s <= SILENT_S:
                return ""
            if not self._pages:
                return "no page is open: open the address in the headset's browser"
            return "no headset is in the page: press Enter VR there"

    def close(self) -> None:
        """Samples stop."""
        with self._lock:
            self._pages.clear()

    def _sit(self, client: str, sample: ControllerSample, now_s: float) -> None:
        """Let the sample's page drive, unless another one does."""
        if self._elsewhere:
            raise Refused(f"the hand comes from {self._elsewhere}: start with source:=webxr to drive from here")
        if self._driver not in ("", client) and now_s - self._heard_s < CLIENT_LEFT_S:
            self._inbox.put(sample)
            raise Refused("another headset drives the robot: end its session, wait a second, enter again")
        self._driver, self._heard_s = client, now_s
