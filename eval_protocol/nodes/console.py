"""The console node: the operator's page over ROS. It shows what the session says and passes answers on.

Private parameters: host, port (0: any), token (empty: made up where it is needed), calibration (YAML of the camera,
"sim" for the simulated one, empty: none), stop (name of the stop node; empty: there is none).
"""

import math
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import rospy
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from std_srvs.srv import Trigger
from vptr_widowx.msg import EndEffectorState, RunEpisodeActionFeedback, SessionState
from vptr_widowx.srv import SessionAnswer

from eval_protocol.console.app import make_app
from eval_protocol.console.control import Control, Refused
from eval_protocol.console.desk import Answer
from eval_protocol.console.overlay import Calibration, load_calibration, marks
from eval_protocol.console.progress import Progress, read_progress
from eval_protocol.console.simulated_camera import simulated_calibration
from eval_protocol.console.trace import Trace
from eval_protocol.nodes.calls import ask
from eval_protocol.rubric import FAILURES, MILESTONES
from eval_protocol.session import Aborted
from eval_protocol.store import StoreError
from eval_protocol.yaml_source import PlanError
from robot_bridge.nodes.leaving import ends_quietly
from robot_bridge.web.access import Access, free_port, is_loopback, new_token
from robot_bridge.web.server import WebServer, announcement

STOP_S = 3.0
STOP_NODE_S = 15.0
ALIVE_S = 0.5
READ_S = 0.5
"""Between two looks at the session's file."""
FRESH_S = 2.0
"""A controlling page that was heard of within this time counts as somebody who watches."""
BUFFER = 2**24


class RosDesk:
    """What the page shows of the robot and the session, from topics; its answers become service calls."""

    live = True

    def __init__(self, calibration: Optional[Calibration]) -> None:
        self._calibration = calibration
        self._lock = threading.Lock()
        self._session: Optional[SessionState] = None
        self._robot: Optional[EndEffectorState] = None
        self._session_s = self._robot_s = float("-inf")
        self._picture, self._number = b"", 0
        self._trace = Trace()
        self._progress: Optional[Progress] = None
        self._problem = self._operator = ""
        rospy.Subscriber("/session/state", SessionState, self._hear_session, queue_size=1)
        rospy.Subscriber("/widowx/state", EndEffectorState, self._hear_robot, queue_size=1, tcp_nodelay=True)
        rospy.Subscriber("/policy/run_episode/feedback", RunEpisodeActionFeedback, self._hear_step, queue_size=20)
        rospy.Subscriber(
            "/camera/color/image_raw/compressed", CompressedImage, self._hear_picture, queue_size=1, buff_size=BUFFER
        )

    def picture(self) -> Tuple[int, bytes]:
        """The newest picture, as the camera node encoded it."""
        with self._lock:
            return self._number, self._picture

    def folder(self) -> Optional[Path]:
        """The session's folder once it is known."""
        return Path(self._session.folder) if self._session is not None and self._session.folder else None

    def state(self) -> Dict[str, Any]:
        """All that the page shows."""
        session, robot, now = self._session, self._robot, time.monotonic()
        shown: Dict[str, Any] = {
            "stage": session.stage if session else "waiting",
            "says": session.says if session else "Waiting for the session",
            "todo": session.todo if session else "",
            "answers": list(session.answers) if session else [],
            "question": session.question if session else 0,
            "session": self._progress.title if self._progress else "",
            "problem": self._problem,
            "silent_s": _whole(now - self._session_s),
            "clock": self._clock(),
            "robot": None,
            "trial": self._trial(),
            "progress": self._progress.trials if self._progress else [],
            "last": self._progress.last if self._progress else None,
            "operator": self._operator,
            "trace": self._trace.shown(
                session.limit_s if session else 0.0, self._progress is None or self._progress.blind
            ),
            "milestones": list(MILESTONES),
            "failures": list(FAILURES),
        }
        if robot is not None:
            shown["robot"] = {
                "mode": robot.mode,
                "armed": robot.armed,
                "stopped": robot.stopped,
                "reason": robot.reason,
                "silent_s": _whole(now - self._robot_s),
            }
        return shown

    def answer(self, answer: Answer, operator: str) -> None:
        """Pass on; raises Refused with what the session says."""
        words = (answer.word, answer.question, answer.milestones, answer.failure, answer.note, operator)
        try:
            taken = ask("/session/answer", SessionAnswer, *words, timeout_s=STOP_S)
        except Aborted as error:
            raise Refused(f"the session did not take it: {error}") from error
        if not taken.success:
            raise Refused(taken.message)

    def stop(self, who: str) -> str:
        """Stop the arm; raises RuntimeError where the bridge did not say that it did."""
        rospy.logwarn("console: STOP by %s", who)
        try:
            return str(ask("/widowx/stop", Trigger, timeout_s=STOP_S).message)
        except Aborted as error:
            raise RuntimeError(str(error)) from error

    def look(self) -> None:
        """Read the session's file, so that what it holds is shown."""
        folder = self.folder()
        if folder is None:
            return
        try:
            self._progress, self._problem = read_progress(folder / "session.sqlite"), ""
            self._operator = str(rospy.get_param("/session/operator", ""))
        except (StoreError, PlanError, ValueError) as error:
            self._problem = str(error)

    def _clock(self) -> Optional[Dict[str, float]]:
        session = self._session
        if session is None or session.stage != "running" or session.began.is_zero():
            return None
        left_s = session.limit_s - (rospy.Time.now() - session.began).to_sec()
        return {"left_s": round(max(0.0, left_s), 1), "limit_s": session.limit_s}

    def _trial(self) -> Optional[Dict[str, Any]]:
        session, progress, folder = self._session, self._progress, self.folder()
        if session is None or progress is None or folder is None or not session.trial:
            return None
        shown = progress.trial(session.trial, folder)
        if shown is not None:
            trial = progress.at(session.trial)[1]
            shown["marks"] = [one.to_json() for one in marks(trial, self._calibration)] if self._calibration else []
            shown["reference"] = f"/session/{shown['reference']}" if shown["reference"] else ""
        return shown

    def _hear_session(self, message: SessionState) -> None:
        self._session, self._session_s = message, time.monotonic()

    def _hear_robot(self, message: EndEffectorState) -> None:
        self._robot, self._robot_s = message, time.monotonic()

    def _hear_picture(self, message: CompressedImage) -> None:
        with self._lock:
            self._picture, self._number = bytes(message.data), self._number + 1

    def _hear_step(self, message: RunEpisodeActionFeedback) -> None:
        step = message.feedback
        self._trace.hear(message.status.goal_id.id, step.elapsed_s, step.value, step.action)


def main() -> None:
    """Run the node."""
    rospy.init_node("console", disable_signals=False)
    try:
        _run()
    except (ValueError, OSError) as error:
        print(f"console: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


def _run() -> None:
    host, token = str(rospy.get_param("~host", "127.0.0.1")), str(rospy.get_param("~token", ""))
    port = int(rospy.get_param("~port", 0)) or free_port(host)
    access = Access(host, port, token if is_loopback(host) else token or new_token())
    rospy.set_param("~port", port)  # for the console that takes its place if it dies: paired browsers stay so
    rospy.set_param("~token", access.token)
    desk, control = RosDesk(_calibration(str(rospy.get_param("~calibration", "")))), Control()
    stop = _stop_node(str(rospy.get_param("~stop", "/stop")))
    server = WebServer(make_app(desk, access, control, stop), host, port)
    server.start()
    for line in announcement(access):
        print(line, flush=True)
    alive = rospy.Publisher("/session/operator", String, queue_size=1)
    looked_s = float("-inf")
    while not rospy.is_shutdown():
        if control.holder_age_s() < FRESH_S:
            with ends_quietly():
                alive.publish(String(data="console"))
        if time.monotonic() - looked_s > READ_S:
            desk.look()
            looked_s = time.monotonic()
        time.sleep(ALIVE_S / 2)
    server.close()


def _stop_node(name: str) -> Optional[Dict[str, Any]]:
    """Where the page finds the stop node."""
    deadline = time.monotonic() + STOP_NODE_S
    while name and not rospy.is_shutdown():
        if rospy.has_param(f"{name}/token"):
            return {"port": rospy.get_param(f"{name}/port"), "token": rospy.get_param(f"{name}/token")}
        if time.monotonic() > deadline:
            raise ValueError(f"no stop node at {name}: start it, or set ~stop to '' to go without it")
        time.sleep(0.05)
    return None


def _calibration(path: str) -> Optional[Calibration]:
    if not path:
        return None
    return simulated_calibration() if path == "sim" else load_calibration(Path(path))


def _whole(seconds: float) -> float:
    """Seconds to show: what is below a second is none."""
    return float(math.floor(seconds)) if math.isfinite(seconds) else 0.0
