"""Reads the arm's present pose over ROS, for `vptr eval save-pose`."""

from typing import List

TIMEOUT_S = 5.0


class NoPose(RuntimeError):
    """The pose could not be read; the message says what to start."""


def read_pose() -> List[float]:
    """The arm's present Bridge state (7,) from /widowx/state; raises NoPose."""
    import rosgraph
    import rospy
    from vptr_widowx.msg import EndEffectorState

    if not rosgraph.is_master_online():
        raise NoPose("no ROS master: start the robot first (roslaunch vptr_widowx robot.launch)")
    rospy.init_node("save_pose", anonymous=True, disable_signals=True)
    try:
        state = rospy.wait_for_message("/widowx/state", EndEffectorState, timeout=TIMEOUT_S)
    except rospy.ROSException as error:
        raise NoPose(f"nothing on /widowx/state for {TIMEOUT_S:g} s: is the bridge node running?") from error
    finally:
        rospy.signal_shutdown("done")
    return list(state.bridge_state)
