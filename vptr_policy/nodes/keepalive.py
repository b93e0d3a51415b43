"""Ends an episode when the client that asked for it has died."""

import threading
import time
from typing import Any, Callable

import rospy
from std_msgs.msg import String

SILENCE_S = 0.3
"""Wall clock."""
FIRST_S = 2.0
"""How long the first one may take, while topics connect."""


class Keepalive:
    """Listens to /policy/keepalive for the id of the episode that runs."""

    def __init__(self) -> None:
        self._episode = ""
        self._due_s = 0.0
        rospy.Subscriber("/policy/keepalive", String, self._on_beat, queue_size=1, tcp_nodelay=True)

    def watch(self, episode: str, on_silence: Callable[[], None]) -> "KeepaliveWatch":
        """A watch that calls ``on_silence`` once when the client of ``episode`` falls silent."""
        self._episode = episode
        self._due_s = time.monotonic() + FIRST_S
        return KeepaliveWatch(self, on_silence)

    def overdue(self) -> bool:
        """Whether the client has been silent for too long."""
        return time.monotonic() > self._due_s

    def _on_beat(self, message: Any) -> None:
        if message.data == self._episode:
            self._due_s = time.monotonic() + SILENCE_S


class KeepaliveWatch:
    """A context in which a thread watches the keepalive."""

    def __init__(self, keepalive: Keepalive, on_silence: Callable[[], None]) -> None:
        self._keepalive = keepalive
        self._on_silence = on_silence
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keepalive", daemon=True)

    def __enter__(self) -> "KeepaliveWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.02):
            if self._keepalive.overdue():
                self._on_silence()
                return
