"""The teleoperation node: a person's hand drives the arm. Private parameters: robot_bridge.teleop.options."""

import sys
import time
from pathlib import Path
from typing import List, Optional

import rospy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header, String
from vptr_widowx.msg import TeleopState

from robot_bridge.nodes.leaving import ends_quietly
from robot_bridge.nodes.master_watch import MasterWatch
from robot_bridge.nodes.messages import BASE_FRAME, to_pose
from robot_bridge.nodes.teleop_robot import RobotTopics
from robot_bridge.nodes.teleop_view import TopicView
from robot_bridge.pace import Pace
from robot_bridge.teleop.buttons import ABORT, HOME
from robot_bridge.teleop.options import TeleopOptions, open_source, options_from
from robot_bridge.teleop.sample import ControllerSample, Source
from robot_bridge.teleop.stream import StreamWriter
from robot_bridge.teleop.teleoperator import HOLDING, RobotView, Step, Teleoperator
from robot_bridge.teleop.webxr.source import WebXR
from robot_bridge.web.access import Access, free_port, typed_token
from robot_bridge.web.server import WebServer, announcement

DIAGNOSTICS_S = 1.0


class TeleopNode:
    """Ticks a teleoperator at its pace and connects it with a source, the bridge and the page."""

    def __init__(self, options: TeleopOptions, source: Source) -> None:
        self.source, self._robot = source, RobotTopics()
        self._teleop = Teleoperator(options.settings())
        self.view = TopicView(source, options.source, self._robot, options.camera_topics())
        self._writer = StreamWriter(Path(options.record).expanduser()) if options.record else None
        self._state = rospy.Publisher("/teleop/state", TeleopState, queue_size=5, tcp_nodelay=True)
        self._event = rospy.Publisher("/teleop/event", String, queue_size=10)
        self._diagnostics = rospy.Publisher("/diagnostics", DiagnosticArray, queue_size=5)
        self._sample_s: Optional[float] = None
        self._samples, self._diagnosed_s = 0, time.monotonic()
        self._late_s: List[float] = []

    def run(self, over: MasterWatch) -> None:
        """Tick until shutdown; raises RuntimeError when the master forgot this node."""
        pace = Pace(self._teleop.settings.tick_s)
        while not rospy.is_shutdown():
            self._take()
            robot = self._robot.view()
            if self._robot.moves_by_itself():
                self._teleop.forget_gripper()
            step = self._teleop.tick(time.monotonic(), robot)
            if step.motion is not None:
                self._robot.send(step.motion)
            self._act(step)
            self._tell(step)
            if over.forgotten is not None:
                raise RuntimeError(over.forgotten)
            self._late_s.append(pace.wait())
            if time.monotonic() - self._diagnosed_s >= DIAGNOSTICS_S:
                self._diagnose(step, robot)

    def close(self) -> None:
        """End source and recording."""
        self.source.close()
        if self._writer is not None:
            self._writer.close()

    def _take(self) -> None:
        """Take in what came since the last tick."""
        for item in self.source.read(0.0):
            self._teleop.feed(item)
            if isinstance(item, ControllerSample):
                self._sample_s = item.received_s
                self._samples += 1
                self._keep(item)
        for report in self._robot.take_reports():
            self._teleop.reported(report.sequence, report.executed, report.accepted, report.reason)

    def _keep(self, sample: ControllerSample) -> None:
        """Record the sample; a full disk ends the recording, not the driving."""
        if self._writer is None:
            return
        try:
            self._writer.write(sample)
        except OSError as error:
            rospy.logerr("teleop: the stream of the hand is not recorded any more: %s", error)
            self._writer.close()
            self._writer = None

    def _act(self, step: Step) -> None:
        """Do what buttons and haptics ask for."""
        for event in step.events:
            self._event.publish(String(data=event))
            if event == ABORT:
                self._robot.stop_soon()
        asked, self.view.wants_home = self.view.wants_home, None
        if HOME in step.events and ABORT not in step.events:
            asked = self._robot.stops
        if asked is not None:
            self._robot.go_home(asked, self._teleop.forget_gripper)
        for haptic in step.haptics:
            self.source.pulse(haptic)

    def _tell(self, step: Step) -> None:
        self.view.step = step
        engaged = self._teleop.engaged
        message = TeleopState(state=step.state, reason=step.reason, engaged=engaged, limits=list(step.limits))
        message.header.stamp, message.header.frame_id = rospy.Time.now(), BASE_FRAME
        message.tracked = self._teleop.tracked
        message.sample_age_s = float("nan") if self._sample_s is None else time.monotonic() - self._sample_s
        if step.motion is not None:
            message.commanded, message.sequence = True, step.motion.number
        if step.target is not None:
            message.target = to_pose(step.target)
        self._state.publish(message)

    def _diagnose(self, step: Step, robot: RobotView) -> None:
        now_s = time.monotonic()
        problem = self.source.problem()
        level, message = DiagnosticStatus.OK, step.state
        if problem or robot.obstacle or step.state == HOLDING:
            level, message = DiagnosticStatus.WARN, problem or robot.obstacle or step.reason
        late_s, self._late_s = sorted(self._late_s), []
        values = {
            "state": step.state,
            "samples_hz": f"{self._samples / (now_s - self._diagnosed_s):.1f}",
            "sample_age_s": "none" if self._sample_s is None else f"{now_s - self._sample_s:.3f}",
            "late_median_s": f"{late_s[len(late_s) // 2]:.4f}",
            "late_max_s": f"{late_s[-1]:.4f}",
        }
        self._samples, self._diagnosed_s = 0, now_s
        pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
        entry = DiagnosticStatus(level=level, name=f"{rospy.get_name()}: hand", message=message, values=pairs)
        self._diagnostics.publish(DiagnosticArray(header=Header(stamp=rospy.Time.now()), status=[entry]))


def main() -> None:
    """Run the node; exits with status 1 and one line of reason when it cannot work."""
    rospy.init_node("teleop")
    try:
        with ends_quietly():
            run(options_from(rospy.get_param("~", {})))
    except (OSError, RuntimeError, ValueError) as error:
        rospy.logfatal("teleop: %s", error)
        sys.exit(1)


def run(options: TeleopOptions) -> None:
    """Teleoperate until shutdown."""
    watch = MasterWatch()
    node = TeleopNode(options, open_source(options))
    try:
        server = _serve(options, node)
        try:
            node.run(watch)
        finally:
            server.close()
    finally:
        node.close()


def _serve(options: TeleopOptions, node: TeleopNode) -> WebServer:
    """Serve the page; whatever the source, it shows pictures and state."""
    from robot_bridge.teleop.webxr.app import make_app

    port, tls = options.port or free_port(options.host), options.tls()
    access = Access(options.host, port, options.token or typed_token(), "teleop", tls is not None)
    rospy.set_param("~port", port)  # for the node that takes its place if it dies, and for `vptr teleop usb`
    rospy.set_param("~token", access.token)
    source = node.source if isinstance(node.source, WebXR) else WebXR(elsewhere=options.source)
    server = WebServer(make_app(node.view, access, source), options.host, port, tls)
    server.start()
    for line in announcement(access):
        print(line, flush=True)
    return server
