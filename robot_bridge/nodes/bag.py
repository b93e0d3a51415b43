"""The bag node: while the recorder records an episode, topics go to a rosbag beside it, byte by byte as they came.

A process of its own: the recorder's pictures do not wait for it, and what it does wrong costs no episode.
"""

import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import rosbag
import rospy
from vptr_widowx.msg import RecorderState

from robot_bridge.nodes.master_watch import MasterWatch
from robot_bridge.recording.words import RECORDING

BAG, ACTIVE = "episode.bag", ".active"
"""Name in the episode's folder, and its end while it is written; `rosbag reindex` reads one that was not ended."""
RECORDER = "/recorder/state"
TOPICS = (
    "/widowx/state", "/widowx/command", "/widowx/executed", "/teleop/state", "/teleop/event", "/sim/state",
    "/diagnostics", "/rosout",
)  # fmt: skip
BUFFER = 2**24
SILENT_S, LOOK_S = 3.0, 0.2
"""The bag ends where the recorder says nothing for so long (wall clock), looked at so often."""


class EpisodeBag:
    """Writes what is said on topics, and follows the recorder. Its methods are called by rospy's threads."""

    def __init__(self, topics: Sequence[str]) -> None:
        self._lock = threading.RLock()
        self._bag: Optional[Any] = None
        self._path = Path()
        self._wanted: Optional[Path] = None
        self._heard_s = time.monotonic()
        rospy.Subscriber(RECORDER, RecorderState, self._hear_recorder, queue_size=20, tcp_nodelay=True)
        for topic in topics:
            rospy.Subscriber(
                topic, rospy.AnyMsg, self._hearer(topic), queue_size=200, buff_size=BUFFER, tcp_nodelay=True
            )

    def follow(self, path: Optional[Path]) -> None:
        """Write to this bag from now on; None: to none. A bag that cannot be written is told of, and left out."""
        with self._lock:
            if path == self._wanted:
                return
            self.close()
            self._wanted = path
            if path is None:
                return
            try:
                self._path = _free(path)
                self._bag = rosbag.Bag(str(self._path) + ACTIVE, "w")
            except OSError as error:
                rospy.logerr("bag: %s cannot be written (%s): this episode will have none", path, error)

    def watch(self) -> None:
        """End the bag of a recorder that was killed."""
        if time.monotonic() - self._heard_s > SILENT_S:
            self.follow(None)

    def close(self) -> None:
        """End the bag that is open; from then on it has its name."""
        with self._lock:
            bag, self._bag = self._bag, None
            if bag is None:
                return
            try:
                bag.close()
                Path(str(self._path) + ACTIVE).rename(self._path)
            except (OSError, ValueError) as error:
                rospy.logerr("bag: %s was not ended (%s): `rosbag reindex` makes it readable", self._path, error)

    def _hear_recorder(self, message: RecorderState) -> None:
        self._heard_s = time.monotonic()
        recording = message.stage == RECORDING and bool(message.folder)
        self.follow(Path(message.folder) / BAG if recording else None)
        with self._lock:
            if self._bag is not None:
                self._attempt(lambda bag: bag.write(RECORDER, message, rospy.Time.now()))

    def _hearer(self, topic: str) -> Callable[[Any], None]:
        def hear(message: Any) -> None:
            told = message._connection_header
            header = {"topic": topic, **{name: told[name] for name in ("type", "md5sum", "message_definition")}}
            raw = (header["type"], message._buff, header["md5sum"], None)
            with self._lock:
                if self._bag is not None:
                    self._attempt(
                        lambda bag: bag.write(topic, raw, rospy.Time.now(), raw=True, connection_header=header)
                    )

        return hear

    def _attempt(self, write: Callable[[Any], None]) -> None:
        try:
            write(self._bag)
        except (OSError, ValueError, rosbag.ROSBagException) as error:
            rospy.logerr("bag: %s cannot be written (%s): it ends here, the episode goes on", self._path, error)
            self._bag = None


def _free(path: Path) -> Path:
    """The path, or path-2 and so on where a bag of that episode is there already: none is ever written over."""
    number, free = 1, path
    while free.exists() or Path(str(free) + ACTIVE).exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def main() -> None:
    """Run the node; the private parameter ``cameras`` names their topics, separated by commas."""
    rospy.init_node("bag")
    cameras = [topic.strip() for topic in str(rospy.get_param("~cameras", "")).split(",") if topic.strip()]
    watch = MasterWatch()
    bag = EpisodeBag([*(f"{topic}/compressed" for topic in cameras), *TOPICS])
    over = threading.Event()
    rospy.on_shutdown(over.set)
    while not over.wait(LOOK_S) and watch.forgotten is None:
        bag.watch()
    bag.close()
    if watch.forgotten is not None:
        rospy.logfatal("bag: %s", watch.forgotten)
        sys.exit(1)
