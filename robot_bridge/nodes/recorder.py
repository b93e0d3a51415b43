"""The recorder node: demonstrations from topics to episodes. Private parameters: robot_bridge.recording.options."""

import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

import numpy as np
import rospy
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from std_srvs.srv import Trigger, TriggerRequest, TriggerResponse
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand, TeleopState

from robot_bridge.nodes.leaving import ends_quietly
from robot_bridge.nodes.master_watch import MasterWatch
from robot_bridge.nodes.messages import to_done, to_measured
from robot_bridge.nodes.recorder_robot import RobotSurroundings
from robot_bridge.nodes.recorder_view import RecorderView
from robot_bridge.recording.collection import Collection
from robot_bridge.recording.episode_writer import RecordingError
from robot_bridge.recording.inbox import Hand
from robot_bridge.recording.options import RecorderOptions, options_from
from robot_bridge.recording.preview import PREVIEW
from robot_bridge.recording.recorder import Recorder, film_of
from robot_bridge.recording.store import EpisodeStore
from robot_bridge.recording.variety import Variety
from robot_bridge.recording.words import RECORDING, STOP, WORDS

TICK_S = 0.02
ANSWER_S = 10.0
HAND_S = 1.0
"""A teleoperator that says nothing for so long (wall clock) drives nothing, and sees no hand."""
BUFFER = 2**24


class RecorderNode:
    """Hears the topics and drives a collection. All but the hearing is done in the thread of ``work``."""

    def __init__(self, options: RecorderOptions, store: EpisodeStore) -> None:
        cameras = options.camera_topics()
        self._films = ThreadPoolExecutor(1, "film")
        variety = Variety(starts=options.starts(), goal=options.goal)
        about = {"operator": options.operator} if options.operator else {}
        self._recorder = Recorder(
            store, len(cameras), options.every_picture, variety, about, film=self._film, poses=options.poses()
        )
        surroundings = RobotSurroundings(options, len(store.episodes()))
        self._collection = Collection(self._recorder, options.task, options.words(), surroundings)
        self._view = RecorderView()
        self._hand_s = float("-inf")
        self._jobs: Any = queue.SimpleQueue()  # of calls without arguments
        self._hear(cameras)
        for word in WORDS:
            rospy.Service(f"/recorder/{word}", Trigger, self._server(word))

    def says(self) -> str:
        """What the operator is told now."""
        return self._collection.says()

    def work(self, over: MasterWatch) -> None:
        """Record until shutdown, and end what is under way; raises RuntimeError when the master forgot this node."""
        try:
            self._run(over)
        finally:
            self._close()

    def _run(self, over: MasterWatch) -> None:
        while not rospy.is_shutdown():
            self._work()
            now_s = _now_s()
            self._attempt(partial(self._recorder.advance, now_s))
            if time.monotonic() - self._hand_s > HAND_S:
                self._recorder.hand(Hand(False, False if self._hand_s > 0.0 else None))
            self._attempt(partial(self._collection.watch, now_s))
            self._view.tell(self._collection, now_s)
            if over.forgotten is not None:
                raise RuntimeError(over.forgotten)

    def _close(self) -> None:
        """End the episode under way, which is offered at the next start."""
        if self._collection.stage == RECORDING:
            self._attempt(lambda: self._collection.answer(STOP, _now_s()))
        self._films.shutdown()

    def _work(self) -> None:
        """Take in what came, in the order in which it came."""
        try:
            job: Optional[Callable[[], None]] = self._jobs.get(timeout=TICK_S)
            while job is not None:
                job()
                job = self._jobs.get_nowait()
        except queue.Empty:
            return

    def _attempt(self, work: Callable[[], object]) -> None:
        """Do what may write; an error ends the episode and is told, and what was written stays."""
        try:
            work()
        except RecordingError as error:
            rospy.logerr("recorder: %s", error)
            self._collection.fail(error)

    def _hear(self, cameras: Tuple[str, ...]) -> None:
        def subscribe(topic: str, message: Any, take: Callable[[Any], object], queue_size: int = 200) -> None:
            def hear(heard: Any) -> None:
                self._jobs.put(lambda: self._attempt(lambda: take(heard)))

            rospy.Subscriber(topic, message, hear, queue_size=queue_size, buff_size=BUFFER, tcp_nodelay=True)

        recorder = self._recorder
        for index, topic in enumerate(cameras):
            subscribe(f"{topic}/compressed", CompressedImage, partial(self._picture, index), 10)
        subscribe("/widowx/state", EndEffectorState, self._measured)
        subscribe("/widowx/command", EndEffectorCommand, self._command)
        subscribe("/widowx/executed", ExecutedCommand, lambda heard: recorder.report(heard.sequence, to_done(heard)))
        subscribe("/teleop/state", TeleopState, self._hand)
        subscribe("/teleop/event", String, lambda heard: self._press(heard.data))

    def _picture(self, camera: int, message: CompressedImage) -> None:
        try:
            self._recorder.picture(camera, bytes(message.data), message.header.stamp.to_sec())
        except ValueError as error:
            rospy.logwarn_throttle(5.0, f"recorder: a picture of camera {camera} is left out: {error}")

    def _measured(self, message: EndEffectorState) -> None:
        measured = to_measured(message)
        if measured is not None:
            self._recorder.measured(measured)

    def _command(self, message: EndEffectorCommand) -> None:
        self._recorder.command(message.sequence, message.header.stamp.to_sec(), message.duration_s)

    def _hand(self, message: TeleopState) -> None:
        latencies = {"hand": message.sample_age_s} if np.isfinite(message.sample_age_s) else {}
        self._hand_s = time.monotonic()
        self._recorder.hand(Hand(message.engaged, message.tracked, latencies))

    def _press(self, event: str) -> None:
        done = self._collection.press(event, _now_s())
        if done:
            rospy.loginfo("recorder: %s", done)

    def _server(self, word: str) -> Callable[[TriggerRequest], TriggerResponse]:
        def serve(_: TriggerRequest) -> TriggerResponse:
            told: List[TriggerResponse] = []
            over = threading.Event()

            def answer() -> None:
                try:
                    told.append(TriggerResponse(True, self._collection.answer(word, _now_s())))
                except RecordingError as error:
                    told.append(TriggerResponse(False, str(error)))
                over.set()

            self._jobs.put(answer)
            over.wait(ANSWER_S)
            return told[0] if told else TriggerResponse(False, f"no answer in {ANSWER_S:g} s")

        return serve

    def _film(self, folder: Path) -> Path:
        """Write the film meanwhile: encoding it takes a second."""
        self._films.submit(film_of, folder)
        return folder / PREVIEW


def _now_s() -> float:
    return float(rospy.Time.now().to_sec())


def main() -> None:
    """Run the node; exits with status 1 and one line of reason when it cannot work."""
    rospy.init_node("recorder")
    try:
        with ends_quietly():
            run(options_from(rospy.get_param("~", {})))
    except (OSError, RuntimeError, ValueError) as error:
        rospy.logfatal("recorder: %s", error)
        sys.exit(1)


def run(options: RecorderOptions) -> None:
    """Record until shutdown."""
    watch = MasterWatch()
    with EpisodeStore(options.folder(), options.least_free_mb * 2**20) as store:
        node = RecorderNode(options, store)
        print(f"recorder: {options.task} goes to {options.folder()}; {node.says()}", flush=True)
        # a signal interrupts the main thread wherever it is, so that it must hold nothing that rospy needs to shut down
        with ThreadPoolExecutor(1, "recorder") as pool:
            pool.submit(node.work, watch).result()
