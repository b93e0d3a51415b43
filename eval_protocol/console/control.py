"""One person at a time drives a session; others watch, and may ask for the controls."""

import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional

SILENT_S = 2.0
"""A controlling browser that is not heard of for so long has lost the controls."""


class Refused(RuntimeError):
    """Something a client may not do now; the message says why."""


@dataclass
class Client:
    """A browser: ``name`` as its person gave it."""

    id: str
    name: str
    heard_s: float


class Control:
    """Who controls, and who asks to; thread-safe. Times are monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._clients: Dict[str, Client] = {}
        self._holder = self._asking = ""

    def join(self, client: str, name: str) -> None:
        """A browser has connected; the first one controls."""
        with self._lock:
            self._clients[client] = Client(client, name, self._clock())
            if not self._held():
                self._holder = client

    def leave(self, client: str) -> None:
        """A browser has gone; its controls are free."""
        with self._lock:
            self._clients.pop(client, None)
            self._holder = "" if self._holder == client else self._holder
            self._asking = "" if self._asking == client else self._asking

    def hear(self, client: str) -> None:
        """A browser is there."""
        with self._lock:
            if client in self._clients:
                self._clients[client].heard_s = self._clock()

    def rename(self, client: str, name: str) -> None:
        """A person has said who they are."""
        with self._lock:
            self._require(client)
            self._clients[client].name = name.strip() or "operator"

    def name(self, client: str) -> str:
        """Who is at a browser."""
        with self._lock:
            return self._name(client)

    def ask(self, client: str) -> None:
        """Ask for the controls: given at once where nobody has them, else their holder is asked."""
        with self._lock:
            self._require(client)
            if not self._held():
                self._holder, self._asking = client, ""
            elif self._holder != client:
                self._asking = client

    def hand_over(self, client: str, to: str) -> None:
        """The holder gives the controls to ``to``; raises Refused where another one holds them, or asks for them."""
        with self._lock:
            if self._holder != client:
                raise Refused("only who has the controls can hand them over")
            if self._asking not in self._clients:
                raise Refused("nobody has asked for the controls")
            if self._asking != to:
                raise Refused(f"now {self._name(self._asking)} asks for the controls: look again")
            self._holder, self._asking = self._asking, ""

    def require(self, client: str) -> str:
        """The name of the client, which must hold the controls; raises Refused naming who does."""
        with self._lock:
            self._require(client)
            if self._holder != client or not self._held():
                raise Refused(f"{self._name(self._holder) or 'nobody'} has the controls: ask for them first")
            return self._clients[client].name

    def holder_age_s(self) -> float:
        """How long ago the controlling browser was last heard of, infinite where there is none."""
        with self._lock:
            holder = self._clients.get(self._holder)
            return self._clock() - holder.heard_s if holder else float("inf")

    def described(self, client: str) -> Dict[str, Any]:
        """What a client is shown."""
        with self._lock:
            held = self._held()
            return {
                "mine": held and self._holder == client,
                "name": self._name(client),
                "asked": self._asking == client,
                "holder": self._name(self._holder) if held else "",
                "asking": self._name(self._asking),
                "asking_id": self._asking,
                "watching": len(self._clients) - int(held),
            }

    def _held(self) -> bool:
        holder: Optional[Client] = self._clients.get(self._holder)
        return holder is not None and self._clock() - holder.heard_s <= SILENT_S

    def _require(self, client: str) -> None:
        if client not in self._clients:
            raise Refused("this page has lost its connection: load it again")

    def _name(self, client: str) -> str:
        known = self._clients.get(client)
        return known.name if known else ""
