"""Ends an episode when the client that asked for it has died."""

import threading
import time
from typing import Any, Callable

import rospy
from std_msgs.msg import String

from vptr_policy.runtime import Unready

SILENCE_S = 0.3
"""Wall clock."""
DOUBT_S = 0.15
"""After so much of it nothing new is commanded until the client is heard again: a command goes on for 0.2 s, and the
arm is to stand still half a second after its client has died."""
SILENT = "the client's keepalive fell silent: it has died or hangs, or this computer is too busy"
FIRST_S = 2.0
"""How long the first one may take, while topics connect."""


class Keepalive:
    """Listens to /policy/keepalive for the id of the episode that runs."""

    def __init__(self) -> None:
        self._episode = ""
        self._due_s = 0.0
        self._watched = threading.Event()
        rospy.Subscriber("/policy/keepalive", String, self._on_beat, queue_size=1, tcp_nodelay=True)

    def watch(self, episode: str, on_silence: Callable[[], None]) -> "KeepaliveWatch":
        """A watch that calls ``on_silence`` once when the client of ``episode`` falls silent."""
        self._episode = episode
        self._due_s = time.monotonic() + FIRST_S
        return KeepaliveWatch(self, on_silence, self._watched)

    def confirm(self, stop: threading.Event) -> bool:
        """Wait until a watched client was heard a moment ago, or for ``stop``; whether that took any time.

        Raises Unready when the client fell silent.
        """
        waited = False
        while self._watched.is_set() and time.monotonic() > self._due_s - SILENCE_S + DOUBT_S:
            waited = True
            if stop.wait(0.005):
                break
            if self.overdue():
                raise Unready(SILENT)
        return waited

    def overdue(self) -> bool:
        """Whether the client has been silent for too long."""
        return time.monotonic() > self._due_s

    def _on_beat(self, message: Any) -> None:
        if message.data == self._episode:
            self._due_s = time.monotonic() + SILENCE_S


class KeepaliveWatch:
    """A context in which a thread watches the keepalive."""

    def __init__(self, keepalive: Keepalive, on_silence: Callable[[], None], watched: threading.Event) -> None:
        self._keepalive = keepalive
        self._on_silence = on_silence
        self._watched = watched
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keepalive", daemon=True)

    def __enter__(self) -> "KeepaliveWatch":
        self._watched.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watched.clear()
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.02):
            if self._keepalive.overdue():
                self._on_silence()
                return
