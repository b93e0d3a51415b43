"""What others see of the recorder: its state, and the film of the demonstration under review, as pictures."""

import time
from pathlib import Path
from typing import List

import rospy
from sensor_msgs.msg import CompressedImage
from vptr_widowx.msg import RecorderState

from robot_bridge.recording.collection import Collection
from robot_bridge.recording.preview import RATE, film_pictures
from robot_bridge.recording.words import REVIEWING

STATE_S = 0.2
FILM = "/recorder/film"
"""Beneath it, /compressed: the pictures of the film, over and over while its episode is under review."""


class RecorderView:
    """Publishes from the thread that drives the collection."""

    def __init__(self) -> None:
        self._state = rospy.Publisher("/recorder/state", RecorderState, queue_size=5)
        self._film = rospy.Publisher(f"{FILM}/compressed", CompressedImage, queue_size=1)
        self._told_s = self._shown_s = float("-inf")
        self._stage = self._folder = ""
        self._next = 0
        self._pictures: List[Path] = []

    def tell(self, collection: Collection, now_s: float) -> None:
        """Publish what is due."""
        if time.monotonic() - self._told_s >= STATE_S or collection.stage != self._stage:
            self._told_s, self._stage = time.monotonic(), collection.stage
            self._state.publish(described(collection, now_s))
        if collection.stage == REVIEWING:
            self._show(collection.folder)
        else:
            self._folder = ""

    def _show(self, folder: str) -> None:
        """The next picture of the film, where it is due."""
        if folder != self._folder:
            self._folder, self._pictures, self._next = folder, film_pictures(Path(folder)), 0
        if not self._pictures or time.monotonic() - self._shown_s < 1.0 / RATE:
            return
        self._shown_s = time.monotonic()
        try:
            picture = self._pictures[self._next % len(self._pictures)].read_bytes()
        except OSError as error:
            rospy.logwarn("recorder: there is no film: %s", error)
            self._pictures = []
            return
        message = CompressedImage(format="jpeg", data=picture)
        message.header.stamp = rospy.Time.now()
        self._film.publish(message)
        self._next += 1


def described(collection: Collection, now_s: float) -> RecorderState:
    """The message that tells of a collection."""
    message = RecorderState(
        stage=collection.stage,
        task=collection.task,
        instruction=collection.language,
        folder=collection.folder,
        duration_s=collection.duration_s(now_s),
        have=collection.hint.total,
        goal=collection.hint.goal,
        says=collection.says(),
        answers=list(collection.answers()),
    )
    message.header.stamp = rospy.Time.now()
    return message
