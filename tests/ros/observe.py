"""Prints each /widowx/state as a line of JSON with the monotonic time at which it came; run as a process of its own."""

import json
import time

import rospy
from vptr_widowx.msg import EndEffectorState


def show(message: EndEffectorState) -> None:
    """Print one state."""
    line = {
        "t": time.monotonic(),
        "mode": message.mode,
        "stopped": message.stopped,
        "reason": message.reason,
        "joints": list(message.joint_positions),
    }
    print(json.dumps(line), flush=True)


rospy.init_node("observer", anonymous=True)
rospy.Subscriber("/widowx/state", EndEffectorState, show, queue_size=100, tcp_nodelay=True)
rospy.spin()
