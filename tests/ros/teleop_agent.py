"""A node that tells what it hears, a line of JSON each with the monotonic time, and calls services as it is told."""

import json
import sys
import threading
import time
from typing import Any, Callable

import rospy
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from std_srvs.srv import Trigger
from vptr_widowx.msg import EndEffectorCommand, EndEffectorState, ExecutedCommand, RecorderState, TeleopState
from vptr_widowx.srv import MoveToPose, ResetScene, TaskStatus

from robot_bridge.interface import STEP_S

SERVICES = {"/widowx/move_to_pose": MoveToPose, "/sim/reset": ResetScene, "/sim/status": TaskStatus}
lock = threading.Lock()


def tell(kind: str, **fields: Any) -> None:
    with lock:
        print(json.dumps({"kind": kind, "t": time.monotonic(), **fields}), flush=True)


def hear(topic: str, message: Any, fields: Callable[[Any], dict]) -> None:
    rospy.Subscriber(topic, message, lambda heard: tell(topic, **fields(heard)), queue_size=200, tcp_nodelay=True)


def state(message: Any) -> dict:
    return {
        "armed": message.armed, "stopped": message.stopped, "mode": message.mode, "reason": message.reason,
        "pose": list(message.bridge_state), "gripper": message.gripper,
    }  # fmt: skip


def teleop(message: Any) -> dict:
    where = message.target.position
    return {
        "state": message.state, "reason": message.reason, "engaged": message.engaged, "tracked": message.tracked,
        "age_s": message.sample_age_s if message.sample_age_s == message.sample_age_s else -1.0,
        "commanded": message.commanded, "target": [where.x, where.y, where.z],
    }  # fmt: skip


def recorder(message: Any) -> dict:
    return {
        "stage": message.stage, "folder": message.folder, "have": message.have, "goal": message.goal,
        "says": message.says, "answers": list(message.answers), "duration_s": message.duration_s,
    }  # fmt: skip


def call(name: str, arguments: list) -> None:
    try:
        rospy.wait_for_service(name, 30.0)
        answer = rospy.ServiceProxy(name, SERVICES.get(name, Trigger))(*arguments)
        tell("answer", success=answer.success, message=answer.message)
    except (rospy.ROSException, rospy.ServiceException) as error:
        tell("answer", success=False, message=str(error))


def drive(publisher: Any, actions: list, end: threading.Event) -> None:
    """Command one Bridge action after the other, as a policy does, until told to end."""
    due = rospy.Time.now()
    for number, action in enumerate(actions, start=1):
        if end.is_set():
            break
        message = EndEffectorCommand(sequence=number, duration_s=STEP_S, gripper=action[6])
        message.header.stamp = rospy.Time.now()
        linear, angular = message.twist.linear, message.twist.angular
        linear.x, linear.y, linear.z = (value / STEP_S for value in action[:3])
        angular.x, angular.y, angular.z = (value / STEP_S for value in action[3:6])
        publisher.publish(message)
        due += rospy.Duration(STEP_S)
        while rospy.Time.now() < due:
            time.sleep(0.005)
    tell("driven")


def repeat(message: Any, end: threading.Event) -> None:
    """Say what a recorder would say, five times a second."""
    publisher = rospy.Publisher("/recorder/state", RecorderState, queue_size=1)
    while not end.wait(0.2):
        publisher.publish(message)
    publisher.unregister()


def main() -> None:
    rospy.init_node("agent", disable_signals=True)
    hear("/widowx/state", EndEffectorState, state)
    hear("/widowx/command", EndEffectorCommand, lambda message: {"gripper": message.gripper})
    hear("/widowx/executed", ExecutedCommand, lambda m: {"accepted": m.accepted, "reason": m.reason})
    hear("/teleop/state", TeleopState, teleop)
    hear("/recorder/state", RecorderState, recorder)
    hear("/teleop/event", String, lambda message: {"event": message.data})
    hear("/diagnostics", DiagnosticArray, lambda m: {"name": m.status[0].name, "message": m.status[0].message})
    hear("/recorder/film/compressed", CompressedImage, lambda message: {"bytes": len(message.data)})
    commands = rospy.Publisher("/widowx/command", EndEffectorCommand, queue_size=10, tcp_nodelay=True)
    events = rospy.Publisher("/teleop/event", String, queue_size=10)
    repeating = threading.Event()
    tell("ready")
    for line in sys.stdin:
        said = json.loads(line)
        if "drive" in said:
            driving = threading.Event()
            threading.Thread(target=drive, args=(commands, said["drive"], driving), daemon=True).start()
        elif "park" in said:
            driving.set()
        elif "press" in said:
            events.publish(String(data=said["press"]))
        elif "recorder" in said:
            repeating.set()
            repeating = threading.Event()
            if said["recorder"] is not None:
                message = RecorderState(**said["recorder"])
                threading.Thread(target=repeat, args=(message, repeating), daemon=True).start()
        else:
            threading.Thread(target=call, args=(said["call"], said["arguments"]), daemon=True).start()


if __name__ == "__main__":
    main()
