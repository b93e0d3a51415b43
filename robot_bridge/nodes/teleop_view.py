"""What the teleoperation page shows, from topics, and what its buttons do."""

import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import rospy
from sensor_msgs.msg import CompressedImage
from std_srvs.srv import Trigger
from vptr_widowx.msg import RecorderState

from robot_bridge.nodes.calls import ask
from robot_bridge.nodes.teleop_robot import RobotTopics
from robot_bridge.teleop.sample import Source
from robot_bridge.teleop.teleoperator import Step

BUFFER = 2**24
FILM = "/recorder/film"
"""Of the demonstration under review; shown beside the cameras."""
RECORDER_S = 2.0
"""A recorder that said nothing for so long is gone."""
RECORD_S = 12.0
MOST_AGE_S = 99.0


class TopicView:
    """The view of a page. ``step`` is set by the thread that drives the arm.

    ``wants_home`` asks that thread to go home, unless a stop comes first: it is how many there had been.
    """

    def __init__(self, source: Source, kind: str, robot: RobotTopics, cameras: Sequence[str]) -> None:
        self._source, self._kind, self._robot = source, kind, robot
        self._names = [topic.strip("/").split("/")[0] for topic in cameras]
        self._lock = threading.Lock()
        shown = [*cameras, FILM]
        self._pictures: List[Tuple[int, bytes]] = [(0, b"")] * len(shown)
        self._stamps: List[Optional[rospy.Time]] = [None] * len(shown)
        self._recorder: Optional[RecorderState] = None
        self._recorder_s = float("-inf")
        self.step: Optional[Step] = None
        self.wants_home: Optional[int] = None
        for index, topic in enumerate(shown):
            rospy.Subscriber(
                f"{topic}/compressed", CompressedImage, self._hearer(index), queue_size=1, buff_size=BUFFER
            )
        rospy.Subscriber("/recorder/state", RecorderState, self._hear_recorder, queue_size=1)

    def pictures(self) -> List[Tuple[int, bytes]]:
        """As the camera nodes encoded them; the last is of the film."""
        with self._lock:
            return list(self._pictures)

    def state(self) -> Dict[str, Any]:
        """All that the page shows."""
        step = self.step
        return {
            "source": self._kind,
            "problem": self._source.problem(),
            "hand": None if step is None else {"state": step.state, "reason": step.reason, "limits": list(step.limits)},
            "robot": self._robot.described(),
            "recording": self._recording(),
            "cameras": [{"name": name, "age_s": self._age_s(index)} for index, name in enumerate(self._names)],
        }

    def stop(self) -> str:
        """Stop the arm; raises RuntimeError where that is not confirmed."""
        rospy.logwarn("teleop: STOP from the page")
        return self._robot.stop()

    def home(self, stops: int) -> None:
        """Ask for it; raises RuntimeError while the hand drives, and after a STOP that the page had not heard of."""
        if self.step is not None and self.step.state in ("engaged", "holding"):
            raise RuntimeError("the hand drives the arm: release the grip first")
        if stops != self._robot.stops:
            raise RuntimeError("a STOP came first: the arm does not go home; ask again if it may")
        self.wants_home = stops

    def record(self, word: str) -> str:
        """Ask the recorder; raises RuntimeError where it refuses or does not answer."""
        answer = ask(f"/recorder/{word}", Trigger, timeout_s=RECORD_S)
        if not answer.success:
            raise RuntimeError(answer.message)
        return str(answer.message)

    def _recording(self) -> Optional[Dict[str, Any]]:
        said = self._recorder
        if said is None or time.monotonic() - self._recorder_s > RECORDER_S:
            return None
        return {
            "stage": said.stage,
            "task": said.task,
            "instruction": said.instruction,
            "duration_s": round(said.duration_s, 1),
            "have": said.have,
            "goal": said.goal,
            "says": said.says,
            "answers": list(said.answers),
        }

    def _age_s(self, index: int) -> Optional[float]:
        """Of the newest picture, on the robot's clock, to 10 ms."""
        stamp = self._stamps[index]
        return None if stamp is None else round(min(MOST_AGE_S, (rospy.Time.now() - stamp).to_sec()), 2)

    def _hearer(self, index: int) -> Callable[[CompressedImage], None]:
        def hear(message: CompressedImage) -> None:
            with self._lock:
                self._pictures[index] = (self._pictures[index][0] + 1, bytes(message.data))
                self._stamps[index] = message.header.stamp

        return hear

    def _hear_recorder(self, message: RecorderState) -> None:
        self._recorder, self._recorder_s = message, time.monotonic()
